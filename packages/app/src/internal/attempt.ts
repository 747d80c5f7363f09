/** One request over the wire: sent once, read whole, never followed elsewhere. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import type * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as Option from "effect/Option"
import type { TransportKind } from "../IcrError.ts"
import type * as ServerClock from "../ServerClock.ts"
import { readBody } from "./body.ts"
import { classify } from "./transport.ts"

/** A whole answer. `truncated` when the body was longer than the limit for its status. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Headers.Headers
  readonly bytes: Uint8Array
  readonly truncated: boolean
}

/** The connection failed. */
export interface Lost {
  readonly kind: TransportKind
  readonly code: Option.Option<string>
}

/** What an attempt needs beside the request. */
export interface Options {
  readonly client: HttpClient.HttpClient
  readonly clock: ServerClock.Service
  readonly maxBodyBytes: number
  readonly maxErrorBytes: number
  /** Also trace the HTTP client's own span under ours. */
  readonly traceRequests: boolean
  /** Send `traceparent` to the registry. */
  readonly propagateTrace: boolean
  /** What the program set for `fetch`, if anything. */
  readonly requestInit: globalThis.RequestInit | undefined
}

const lost = (phase: "head" | "body") =>
  Effect.mapError((error: HttpClientError.HttpClientError): Lost => classify(error, phase))

/** Sends the request and reads the answer, up to the limit for its status. Interruption aborts the socket. */
export const makeAttempt = (
  options: Options
): ((request: HttpClientRequest.HttpClientRequest) => Effect.Effect<RawAnswer, Lost>) => {
  const { client, clock } = options
  // Bound to every request, so that no layer of the host can undo them. `fetch` would follow redirects.
  const bound = Context.make(FetchHttpClient.RequestInit, { ...options.requestInit, redirect: "manual" }).pipe(
    Context.add(HttpClient.TracerDisabledWhen, () => !options.traceRequests),
    Context.add(HttpClient.TracerPropagationEnabled, options.propagateTrace)
  )
  return Effect.fnUntraced(function* (request) {
    const sentAt = yield* Clock.currentTimeMillis
    const response = yield* lost("head")(client.execute(request))
    const date = response.headers["date"]
    if (date !== undefined) yield* clock.observe(date, sentAt, yield* Clock.currentTimeMillis)
    const isSuccess = response.status >= 200 && response.status < 300
    const body = yield* lost("body")(readBody(response, isSuccess ? options.maxBodyBytes : options.maxErrorBytes))
    return { status: response.status, headers: response.headers, ...body }
  }, Effect.provideContext(bound))
}
