/** One request over the wire: sent once, read whole, never followed elsewhere. */
import type { Clock } from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import type * as ServerClock from "../ServerClock.ts"
import { type Body, isPlain, readBody, readWebBody, wholeBody } from "./body.ts"

/** A whole answer. `truncated` when the body was longer than the limit for its status. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Headers.Headers
  readonly bytes: Uint8Array
  readonly truncated: boolean
}

/** Lists its headers when they are asked for, and keeps nothing else of the response. */
class Answer implements RawAnswer {
  readonly status: number
  readonly bytes: Uint8Array
  readonly truncated: boolean
  #source: Headers.Input
  #headers: Headers.Headers | undefined

  constructor(status: number, source: Headers.Input, bytes: Uint8Array, truncated: boolean) {
    this.status = status
    this.#source = source
    this.bytes = bytes
    this.truncated = truncated
  }

  get headers() {
    this.#headers ??= Headers.fromInput(this.#source)
    return this.#headers
  }
}

/** A response whose body has not been read. */
interface Received {
  readonly headers: Headers.Input
  readonly header: (name: string) => string | undefined
  readonly body: Effect.Effect<Body, HttpClientError.HttpClientError>
}

/** What an attempt needs beside the request. */
export interface Options {
  readonly client: HttpClient.HttpClient
  readonly clock: ServerClock.Service
  readonly maxBodyBytes: number
  readonly maxErrorBytes: number
}

/**
 * What the program set for `fetch` when it built the client's layer: visible only to what runs inside the client, so a
 * request is begun there and given up before it is one.
 */
const requestInitOf = Effect.fnUntraced(function* (client: HttpClient.HttpClient) {
  let found: globalThis.RequestInit | undefined
  const look = Effect.flatMap(Effect.serviceOption(FetchHttpClient.RequestInit), (init) => {
    found = Option.getOrUndefined(init)
    return Effect.interrupt
  })
  yield* Effect.exit(client.postprocess(look))
  return found
})

/**
 * What holds for every request, whatever the program's layers say: `fetch` does not follow redirects, and the client opens
 * no span, since it would put into it what it was sent and what it was answered.
 */
const bindings = (requestInit: globalThis.RequestInit | undefined) => {
  const init: globalThis.RequestInit = { ...requestInit, redirect: "manual" }
  // Added one by one: a whole context merged into another is copied, and all that fibers keep of it found out again.
  return Effect.updateContext<never, FetchHttpClient.RequestInit>((context) =>
    Context.add(Context.add(context, FetchHttpClient.RequestInit, init), HttpClient.TracerDisabledWhen, untraced)
  )
}

const untraced = () => true

/** Sends the request and reads the answer, up to the limit for its status. Interruption aborts the socket. */
export const makeAttempt = Effect.fnUntraced(function* (options: Options) {
  const { client, clock, maxBodyBytes, maxErrorBytes } = options
  const bound = bindings(yield* requestInitOf(client))
  let lastDate: string | undefined

  /**
   * What `fetch` brought is asked itself: to tell one header Effect's response lists them all, and two fibers of its own read the
   * body.
   */
  const received = (response: HttpClientResponse.HttpClientResponse): Received => {
    const { status } = response
    const limit = status >= 200 && status < 300 ? maxBodyBytes : maxErrorBytes
    const web = Option.getOrUndefined(HttpClientResponse.toWeb(response))
    // The runtime has no streams, or the program's own client has read it before, to log it, say: Effect's response keeps it.
    const isKept = web !== undefined && (!web.body || web.body.locked || web.bodyUsed)
    if (web?.body && !isKept && isPlain(response, web.body)) {
      const { headers } = web
      return {
        headers,
        header: (name) => headers.get(name) ?? undefined,
        body: readWebBody(response, web.body, limit)
      }
    }
    const { headers } = response
    return {
      headers,
      header: (name) => headers[name],
      body: isKept ? wholeBody(response, limit) : readBody(response, headers, limit)
    }
  }

  return (
    request: HttpClientRequest.HttpClientRequest,
    local: Clock
  ): Effect.Effect<RawAnswer, HttpClientError.HttpClientError> => {
    const sentAt = local.currentTimeMillisUnsafe()
    const receive = (response: HttpClientResponse.HttpClientResponse) => {
      const { status } = response
      const { body, header, headers } = received(response)
      const answer = Effect.map(body, ({ bytes, truncated }) => new Answer(status, headers, bytes, truncated))
      const date = header("date")
      // A cache on the way repeats the time at which it was answered; answers of the same second say the same.
      if (date === undefined || date === lastDate || Number(header("age") ?? 0) > 0) return answer
      lastDate = date
      return Effect.andThen(clock.observe(date, sentAt, local.currentTimeMillisUnsafe()), answer)
    }
    const answered = Effect.matchEffect(client.execute(request), {
      // A client that refuses statuses by itself must not hide the answer.
      onFailure: (error) =>
        error.reason._tag === "StatusCodeError" ? receive(error.reason.response) : Effect.fail(error),
      onSuccess: receive
    })
    return bound(answered)
  }
})
