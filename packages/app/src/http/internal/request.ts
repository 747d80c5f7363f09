/** One request over the wire: sent once, read whole, never redirected. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import type * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import type * as ServerClock from "../../clock/ServerClock.ts"
import { notKept } from "./notKept.ts"
import { type Body, readBody } from "./readBody.ts"

/** An answer of the registry, its body read up to the limit for its status. */
export interface Answer extends Body {
  readonly status: number
  readonly headers: Headers.Headers
}

/** Sends a request and reads its answer. Interruption closes the socket. */
export type Send = (
  request: HttpClientRequest.HttpClientRequest,
  isExchange: boolean
) => Effect.Effect<Answer, HttpClientError.HttpClientError>

/** What sending needs beside the request. */
export interface Options {
  readonly client: HttpClient.HttpClient
  readonly transformClient: ((client: HttpClient.HttpClient) => HttpClient.HttpClient) | undefined
  readonly clock: ServerClock.Service
  readonly maxBodyBytes: number
  readonly maxErrorBytes: number
}

/** Whether the registry accepted the request. */
export const isSuccess = ({ status }: { readonly status: number }) => status >= 200 && status < 300

/** Whether an answer says that a conditional read found nothing newer than what the caller has. */
export const isNotModified = (request: HttpClientRequest.HttpClientRequest, { status }: { readonly status: number }) =>
  status === 304 &&
  isRead(request) &&
  (request.headers["if-none-match"] !== undefined || request.headers["if-modified-since"] !== undefined)

const isHeldBody = (body: unknown) =>
  Predicate.isString(body) ||
  ArrayBuffer.isView(body) ||
  [ArrayBuffer, Blob, URLSearchParams].some((held) => body instanceof held)

/** Whether a request's body can be sent again: all of it is at hand, rather than a stream that has been read. */
export const canRepeat = ({ body }: HttpClientRequest.HttpClientRequest): boolean =>
  body._tag === "Raw" ? isHeldBody(body.body) : body._tag !== "Stream"

/** Whether a request reads only, and so does no harm when it is sent twice. */
export const isRead = ({ method }: HttpClientRequest.HttpClientRequest) => method === "GET" || method === "HEAD"

/**
 * The `RequestInit` that the program gave the client's layer. Only effects that run inside the client see it, so a request is
 * begun there and interrupted before anything is sent.
 */
const requestInitOf = Effect.fnUntraced(function* (client: HttpClient.HttpClient) {
  const found = yield* Ref.make<globalThis.RequestInit | undefined>(undefined)
  const look = Effect.flatMap(Effect.serviceOption(FetchHttpClient.RequestInit), (init) =>
    Ref.set(found, Option.getOrUndefined(init))
  )
  yield* Effect.exit(client.postprocess(Effect.andThen(look, Effect.interrupt)))
  return yield* Ref.get(found)
})

/** Sends the request and hands out the answer whatever its status, also where the program's client refuses some. */
const execute = (client: HttpClient.HttpClient, request: HttpClientRequest.HttpClientRequest) =>
  Effect.catchReason(client.execute(request), "HttpClientError", "StatusCodeError", ({ response }) =>
    Effect.succeed(response)
  )

/** The failure of a transport. */
export const transportError = (request: HttpClientRequest.HttpClientRequest, cause: unknown) =>
  new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })

/** Whether the runtime takes the option `cache` of a request: some throw when it is given. */
const takesCache = Effect.isSuccess(Effect.try(() => new Request("http://localhost", { cache: "no-store" })))

const untraced = () => true

/** Builds the function that sends all requests of a layer. A transport that throws has failed like any other. */
export const makeSend = Effect.fnUntraced(function* (options: Options): Effect.fn.Return<Send, never, Scope.Scope> {
  const { clock, maxBodyBytes, maxErrorBytes, transformClient } = options
  const client = transformClient === undefined ? options.client : transformClient(options.client)
  const given: globalThis.RequestInit = { ...(yield* requestInitOf(options.client)), redirect: "manual" }
  /**
   * Whatever the program's layers say: `fetch` follows no redirect, and the client opens no span of its own, which would record
   * what is sent and answered.
   */
  const contextOf = (init: globalThis.RequestInit) =>
    Context.make(FetchHttpClient.RequestInit, init).pipe(Context.add(HttpClient.TracerDisabledWhen, untraced))
  const reads = contextOf(given)
  // A client that the program gave stays: it may lead to a proxy.
  const writes = contextOf({ ...(yield* notKept), ...given })
  const exchanges = contextOf((yield* takesCache) ? { ...given, cache: "no-store" } : given)
  const lastDate = yield* Ref.make("")

  /**
   * Tells the clock the `Date` of an answer. A date that repeats the last one says nothing new, and a cache on the way repeats
   * the `Date` of an old answer, with or without an `Age`. An exchange is asked for past all caches, so its date is told even
   * when it repeats the last one.
   */
  const observeDate = ({ age, date }: Headers.Headers, sentAt: number, isExchange: boolean): Effect.Effect<void> =>
    date === undefined || (isExchange ? Number(age) > 0 : age !== undefined)
      ? Effect.void
      : Effect.flatMap(Ref.getAndSet(lastDate, date), (last) =>
          last === date && !isExchange
            ? Effect.void
            : Effect.flatMap(Clock.currentTimeMillis, (now) => clock.observe(date, sentAt, now, { isExchange }))
        )

  const read = (response: HttpClientResponse.HttpClientResponse, sentAt: number, isExchange: boolean) => {
    const { headers, status } = response
    const body = readBody(response, headers, isSuccess(response) ? maxBodyBytes : maxErrorBytes)
    // An answer that refuses a credential is not cached either, and its date may explain why the JWT was refused.
    return Effect.andThen(
      observeDate(headers, sentAt, isExchange || status === 401),
      Effect.map(body, (body): Answer => ({ status, headers, ...body }))
    )
  }

  return (given, isExchange) => {
    const request = isExchange ? HttpClientRequest.setHeader(given, "cache-control", "no-store") : given
    // Sending an exchange twice does no harm.
    const context = isExchange ? exchanges : isRead(request) ? reads : writes
    return Effect.flatMap(Clock.currentTimeMillis, (sentAt) =>
      Effect.flatMap(execute(client, request), (response) => read(response, sentAt, isExchange))
    ).pipe(
      Effect.catchDefect((cause) => Effect.fail(transportError(request, cause))),
      Effect.provideContext(context)
    )
  }
})
