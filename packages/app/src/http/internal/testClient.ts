/** An `HttpClient` that answers from a script, for `IcrHttp.layerTest`. */
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import type * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import { webResponse } from "./bufferedResponse.ts"
import { bodyText } from "./decodeJson.ts"
import { readUpTo } from "./readBody.ts"
import { transportError } from "./request.ts"

/**
 * A request as a test double sees it. The credential is there to be checked, redacted as everywhere.
 *
 * @category models
 * @since 0.1.0
 */
export interface TestRequest {
  readonly method: string
  /** With its port, where that is not the scheme's own, such as `localhost:8080`. */
  readonly host: string
  /** With its query, such as `/app/installations?limit=10&page=0`. */
  readonly path: string
  /** All but the credential. */
  readonly headers: { readonly [name: string]: string }
  readonly authorization: Redacted.Redacted
  /** As a text; empty when there is none. */
  readonly body: string
}

/**
 * What a test double answers: by default status 200, no headers and an empty body.
 *
 * @category models
 * @since 0.1.0
 */
export interface TestResponse {
  readonly status?: number | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is, instead of `body`: a page of HTML, half a JSON. */
  readonly text?: string | undefined
}

/**
 * What plays the registry. A failure is one of the transport, such as `{ code: "ECONNREFUSED" }`.
 *
 * @category models
 * @since 0.1.0
 */
export type TestScript = (request: TestRequest) => Effect.Effect<TestResponse, unknown>

/** Reads a body at hand synchronously: virtual time must not pass meanwhile. */
const textOf = (body: HttpBody.HttpBody): Effect.Effect<string, unknown> => {
  switch (body._tag) {
    case "Empty":
      return Effect.succeed("")
    case "Uint8Array":
      return Effect.succeed(bodyText(body.body))
    case "Stream":
      return Effect.map(readUpTo(body.stream, Infinity), ({ bytes }) => bodyText(bytes))
    case "FormData":
      return Effect.promise(() => new Response(body.formData).text())
    case "Raw":
      return Effect.succeed(String(body.body))
  }
}

/** A transport whose network is a function. */
export const testClient = (script: TestScript): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    Effect.flatMap(textOf(request.body), (body) =>
      script({
        method: request.method,
        host: url.host,
        path: url.pathname + url.search,
        headers: Headers.remove(request.headers, "authorization"),
        authorization: Redacted.make((request.headers["authorization"] ?? "").replace(/^Bearer /, "")),
        body
      })
    ).pipe(
      Effect.mapError((cause) => transportError(request, cause)),
      Effect.map(({ body, headers = {}, status = 200, text }) =>
        HttpClientResponse.fromWeb(request, webResponse(status, headers, text ?? JSON.stringify(body)))
      )
    )
  )
