/** One request over the wire: sent once, read whole, never redirected. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import type * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type * as ServerClock from "../../clock/ServerClock.ts"
import { type Body, readBody } from "./readBody.ts"

/** An answer of the registry, its body read up to the limit for its status. */
export interface Answer extends Body {
  readonly status: number
  readonly headers: Headers.Headers
}

/** Sends a request and reads its answer. Interruption closes the socket. */
export type Send = (
  request: HttpClientRequest.HttpClientRequest
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

/** Whether a request reads only, and so does no harm when it is sent twice. */
export const isRead = ({ method }: HttpClientRequest.HttpClientRequest) => method === "GET" || method === "HEAD"

/**
 * The `RequestInit` that the program gave the client's layer. Only effects that run inside the client see it, so a request is
 * begun there and interrupted before it is one.
 */
const requestInitOf = Effect.fnUntraced(function* (client: HttpClient.HttpClient) {
  const found = yield* Ref.make(Option.none<globalThis.RequestInit>())
  const look = Effect.flatMap(Effect.serviceOption(FetchHttpClient.RequestInit), (init) => Ref.set(found, init))
  yield* Effect.exit(client.postprocess(Effect.andThen(look, Effect.interrupt)))
  return Option.getOrUndefined(yield* Ref.get(found))
})

/** Sends the request and hands out the answer whatever its status, also where the program's client refuses some. */
const execute = (client: HttpClient.HttpClient, request: HttpClientRequest.HttpClientRequest) =>
  Effect.catchReason(client.execute(request), "HttpClientError", "StatusCodeError", ({ response }) =>
    Effect.succeed(response)
  )

/**
 * Tells the clock what time the registry says it is. Answers of one second say the same, and a cache on the way repeats the
 * `Date` of an old answer.
 */
const observeDate = (
  clock: ServerClock.Service,
  lastDate: Ref.Ref<string>,
  { age, date }: Headers.Headers,
  sentAt: number
): Effect.Effect<void> =>
  date === undefined || Number(age) > 0
    ? Effect.void
    : Effect.flatMap(Ref.getAndSet(lastDate, date), (last) =>
        last === date
          ? Effect.void
          : Effect.flatMap(Clock.currentTimeMillis, (receivedAt) => clock.observe(date, sentAt, receivedAt))
      )

const untraced = () => true

/** Builds the function that sends all requests of a layer. A transport that throws has failed like any other. */
export const makeSend = Effect.fnUntraced(function* (options: Options): Effect.fn.Return<Send> {
  const { clock, maxBodyBytes, maxErrorBytes, transformClient } = options
  const client = transformClient === undefined ? options.client : transformClient(options.client)
  const requestInit: globalThis.RequestInit = { ...(yield* requestInitOf(options.client)), redirect: "manual" }
  const lastDate = yield* Ref.make("")

  const read = (response: HttpClientResponse.HttpClientResponse, sentAt: number) => {
    const { headers, status } = response
    return observeDate(clock, lastDate, headers, sentAt).pipe(
      Effect.andThen(readBody(response, headers, isSuccess(response) ? maxBodyBytes : maxErrorBytes)),
      Effect.map((body): Answer => ({ status, headers, ...body }))
    )
  }

  return (request) =>
    Effect.flatMap(Clock.currentTimeMillis, (sentAt) =>
      Effect.flatMap(execute(client, request), (response) => read(response, sentAt))
    ).pipe(
      Effect.catchDefect((cause) =>
        Effect.fail(
          new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })
        )
      ),
      // Whatever the program's layers say: `fetch` follows no redirect, and the client opens no span of its own, which would
      // record what is sent and answered.
      Effect.provideService(FetchHttpClient.RequestInit, requestInit),
      Effect.provideService(HttpClient.TracerDisabledWhen, untraced)
    )
})
