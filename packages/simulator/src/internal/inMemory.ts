/** The transport without a network: an `HttpClient` that calls the registry. */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Scope from "effect/Scope"
import { ConnectionReset } from "./faults.ts"

export const baseUrl = "http://localhost"

const unreachable = (request: HttpClientRequest.HttpClientRequest, description: string, cause?: unknown) =>
  new HttpClientError.HttpClientError({
    reason: new HttpClientError.TransportError({ request, description, cause })
  })

/** Creates an `HttpClient` that runs `server` on the caller's fiber and refuses every other origin. */
export const client = (
  server: Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest | Scope.Scope>
): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    url.origin === baseUrl
      ? server.pipe(
          Effect.map((response) => HttpServerResponse.toClientResponse(response, { request })),
          Effect.provideService(HttpServerRequest.HttpServerRequest, HttpServerRequest.fromClientRequest(request)),
          Effect.scoped,
          Effect.catchDefect((defect) =>
            defect instanceof ConnectionReset
              ? Effect.fail(unreachable(request, "the connection was reset", defect))
              : Effect.die(defect)
          )
        )
      : Effect.fail(unreachable(request, `only ${baseUrl} is to be reached in memory, not ${url.origin}`))
  )
