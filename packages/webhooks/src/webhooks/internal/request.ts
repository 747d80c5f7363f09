/** Reads the request of a delivery, and answers those that are refused. */
import { readUpTo } from "@effect-icr/app/extension"
import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Predicate from "effect/Predicate"
import { WebhookError } from "../WebhookError.ts"
import { countRefused } from "./metrics.ts"
import type { Delivery } from "./service.ts"

export const refuse = (kind: WebhookError["kind"]) => Effect.fail(new WebhookError({ kind }))

/** A request of the web, of whichever implementation. The requests of Node and events of Lambda have plain headers. */
export const isRequest = (given: unknown): boolean =>
  Predicate.hasProperty(given, "headers") &&
  Predicate.hasProperty(given.headers, "get") &&
  Predicate.isFunction(given.headers.get)

/** Whether the body may be JSON. No header is fine, since no page names the one that the registry sends. */
const isJson = (contentType = "application/json") => /^application\/([\w.+-]+\+)?json\s*(;|$)/i.test(contentType.trim())

/** Whether the body is not compressed: nothing unpacks it, and the plain one is signed. */
const isPlain = (contentEncoding = "identity") => /^(identity)?$/i.test(contentEncoding.trim())

/**
 * The body of a request, refused as soon as it is known to be larger than `limit` bytes: by its announced length before a
 * byte is read, else while it is read, so that an endless one never fills the memory.
 */
const readBody = (request: HttpServerRequest.HttpServerRequest, limit: number) =>
  Number(request.headers["content-length"] ?? 0) > limit
    ? refuse("bodyTooLarge")
    : readUpTo(request.stream, limit).pipe(
        Effect.catch(() => refuse("bodyCut")),
        // The stream of a body that was read before throws.
        Effect.catchDefect(() => refuse("bodyCut")),
        Effect.flatMap(({ bytes, truncated }) => (truncated ? refuse("bodyTooLarge") : Effect.succeed(bytes)))
      )

/**
 * The delivery in a request. The signature is checked after the body is read: a well-formed one is easily made up, so that
 * checking sooner keeps nobody from sending a long body, and would cost honest senders the connection.
 */
export const readDelivery = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  limits: { readonly bytes: number; readonly millis: number }
): Effect.fn.Return<Delivery, WebhookError> {
  if (request.method !== "POST") return yield* refuse("method")
  if (!isJson(request.headers["content-type"])) return yield* refuse("contentType")
  if (!isPlain(request.headers["content-encoding"])) return yield* refuse("contentEncoding")
  const body = yield* readBody(request, limits.bytes).pipe(
    Effect.timeoutOrElse({ duration: limits.millis, orElse: () => refuse("bodyTimeout") })
  )
  return { body, signature: request.headers["x-icr-signature-256"] }
})

/** After a body that was not read to its end, the connection cannot be used again. */
const headersOf = (status: number) =>
  status === 405 ? { allow: "POST" } : status === 408 || status === 413 ? { connection: "close" } : {}

/** Counts, logs and answers a refusal. */
export const answerRefused = ({ event, id, kind, message, status }: WebhookError) =>
  countRefused(kind).pipe(
    // Anybody can send unsigned requests: count them, but do not let them fill the log.
    Effect.andThen((kind === "signatureMissing" ? Effect.logDebug : Effect.logWarning)(message)),
    Effect.annotateLogs({ kind, ...(event === undefined ? {} : { event }), ...(id === undefined ? {} : { id }) }),
    Effect.as(HttpServerResponse.text(kind, { status, headers: headersOf(status) }))
  )
