/** Reads the bodies of requests and answers for the request log, without waiting for anything. */
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"

/**
 * Whether the whole body is there: on a socket once a handler has read it to its end, in memory unless it is a stream.
 */
const isRead = (request: HttpServerRequest.HttpServerRequest) =>
  HttpClientRequest.isHttpClientRequest(request.source)
    ? request.source.body._tag === "Uint8Array"
    : NodeHttpServerRequest.toIncomingMessage(request).readableEnded

/** Text of a request's body. A body that no handler has read may never arrive, so it is null. */
export const ofRequest = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<string | null> =>
  request.headers["content-type"] === undefined || !isRead(request)
    ? Effect.succeed(null)
    : Effect.match(request.text, { onSuccess: (text) => text, onFailure: () => null })

const decoder = new TextDecoder()

/** Text of an answer's body. A stream is null, since reading it would take it from the client, and so is a PDF. */
export const ofResponse = ({ body }: HttpServerResponse.HttpServerResponse): string | null =>
  body._tag === "Uint8Array" && /json|^text\//.test(body.contentType) ? decoder.decode(body.body) : null
