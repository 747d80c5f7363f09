/** An `HttpClient` that answers from a script, for `IcrHttp.layerTest`. */
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"

/** What a test double sees of a request. The credential is there to be checked, redacted as everywhere. */
export interface TestRequest {
  readonly method: string
  /** With its query, such as `/app/installations?limit=10&page=0`. */
  readonly path: string
  /** All but the credential. */
  readonly headers: { readonly [name: string]: string }
  readonly authorization: Redacted.Redacted
}

/** What a test double answers: by default status 200 and no headers. The body is sent as JSON. */
export interface TestResponse {
  readonly status?: number | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
  readonly body?: unknown
}

const withoutBody = new Set([204, 205, 304])

/** A transport whose network is a function. */
export const scripted = (script: (request: TestRequest) => Effect.Effect<TestResponse>): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    script({
      method: request.method,
      path: url.pathname + url.search,
      headers: Headers.remove(request.headers, "authorization"),
      authorization: Redacted.make((request.headers["authorization"] ?? "").replace(/^Bearer /, ""))
    }).pipe(
      Effect.map(({ body, headers = {}, status = 200 }) =>
        HttpClientResponse.fromWeb(
          request,
          new Response(body === undefined || withoutBody.has(status) ? null : JSON.stringify(body), { status, headers })
        )
      )
    )
  )
