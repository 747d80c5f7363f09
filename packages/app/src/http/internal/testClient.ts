/** An `HttpClient` that answers from a script, for `IcrHttp.layerTest`. */
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import { webResponse } from "./bufferedResponse.ts"

/**
 * A request as a test double sees it. The credential is there to be checked, redacted as everywhere.
 *
 * @category models
 * @since 0.1.0
 */
export interface TestRequest {
  readonly method: string
  /** With its query, such as `/app/installations?limit=10&page=0`. */
  readonly path: string
  /** All but the credential. */
  readonly headers: { readonly [name: string]: string }
  readonly authorization: Redacted.Redacted
}

/**
 * What a test double answers: by default status 200 and no headers. The body is sent as JSON.
 *
 * @category models
 * @since 0.1.0
 */
export interface TestResponse {
  readonly status?: number | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
  readonly body?: unknown
}

/** A transport whose network is a function. */
export const testClient = (script: (request: TestRequest) => Effect.Effect<TestResponse>): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    script({
      method: request.method,
      path: url.pathname + url.search,
      headers: Headers.remove(request.headers, "authorization"),
      authorization: Redacted.make((request.headers["authorization"] ?? "").replace(/^Bearer /, ""))
    }).pipe(
      Effect.map(({ body, headers = {}, status = 200 }) =>
        HttpClientResponse.fromWeb(request, webResponse(status, headers, JSON.stringify(body)))
      )
    )
  )
