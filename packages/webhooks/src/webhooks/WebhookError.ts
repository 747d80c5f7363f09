/**
 * Why a webhook delivery was not accepted. Each cause has a `kind` of its own, so that a program, a log or a metric can tell
 * a forgery from a broken proxy. No error repeats what was sent, since anybody may have sent it; an error about a delivery
 * whose signature is good names its event and the digest of its content, by which the delivery is found again.
 *
 * ```ts
 * import { type Delivery, Webhook } from "@effect-icr/webhooks/Webhook"
 * import { WebhookError, type WebhookErrorKind } from "@effect-icr/webhooks/WebhookError"
 * import { Effect } from "effect"
 *
 * // What a forger sends, and a wrong secret; everything else is a broken proxy or a bug.
 * const isForged = (kind: WebhookErrorKind) => kind.startsWith("signature")
 *
 * export const verified = Effect.fn("verified")(function* (delivery: Delivery) {
 *   const { verify } = yield* Webhook
 *   return yield* verify(delivery).pipe(
 *     Effect.tapErrorTag("WebhookError", ({ kind, message }: WebhookError) =>
 *       isForged(kind) ? Effect.logWarning(message) : Effect.logError(message)
 *     )
 *   )
 * })
 * ```
 *
 * @module
 */
import * as Effect from "effect/Effect"
import * as HttpServerRespondable from "effect/http/HttpServerRespondable"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"

/** The status each kind is answered with, and what it means. */
const kinds = {
  notRequest: [
    400,
    "fetch was given something else than a Request; WebhookNode takes the requests of Node and Express"
  ],
  method: [405, "only POST is taken"],
  contentType: [415, "the content type is not JSON"],
  contentEncoding: [415, "the body is compressed or encoded in another way"],
  bodyTooLarge: [413, "the body is larger than the limit"],
  bodyTimeout: [408, "the body did not arrive in time"],
  bodyCut: [400, "the body ended early, or was read before"],
  bodyNotText: [400, "the body is neither text nor bytes: it was read or parsed before"],
  bodyBom: [400, "the body begins with a byte order mark"],
  bodyNotUtf8: [400, "the body is not UTF-8"],
  bodyNotJson: [400, "the body is not JSON"],
  bodyBase64: [400, "the body is still in base64, as gateways hand it on (isBase64Encoded): decode it first"],
  signedDataMissing: [400, "the body has no text in the field signedData"],
  signatureMissing: [403, "the header x-icr-signature-256 is missing"],
  signatureNotText: [403, "the signature is not a text: join a list of headers, or take its only member"],
  signaturePrefix: [403, "the signature does not begin with sha256="],
  signatureJunk: [403, "the signature has other characters around its digest"],
  signatureNotHex: [403, "the signature's digest is not lower-case hex"],
  signatureOdd: [403, "the signature's digest has an odd number of hex digits"],
  signatureLength: [403, "the signature's digest does not have 64 hex digits"],
  signatureMismatch: [403, "the signature was made with another secret or for another signedData"],
  signedDataNotBase64: [400, "the signed text is not base64"],
  signedDataBom: [400, "the signed text begins with a byte order mark"],
  signedDataNotUtf8: [400, "the signed text is not UTF-8"],
  signedDataNotJson: [400, "the signed text is not JSON"],
  unknownShape: [400, "the signed event does not have the documented shape"],
  overloaded: [503, "too many events are waiting"],
  stopping: [503, "the receiver is stopping"],
  notAccepted: [503, "the event could not be put where it is to be worked on"]
} as const satisfies Record<string, readonly [status: number, meaning: string]>

/**
 * What was wrong with a delivery.
 *
 * @category errors
 * @since 0.1.0
 */
export type WebhookErrorKind = keyof typeof kinds

/**
 * What was wrong with a delivery.
 *
 * @category errors
 * @since 0.1.0
 */
export const WebhookErrorKind = Schema.Literals(Struct.keys(kinds))

/**
 * A webhook delivery that was refused. The status is 403 for everything about the signature, 400 for contents that no
 * signature makes good, 405, 408, 413 and 415 for the request around them, and 503 for a good delivery that there is no room
 * for. A route of Effect's router that fails with it answers with its status.
 *
 * @category errors
 * @since 0.1.0
 */
export class WebhookError extends Schema.TaggedError<WebhookError>("@effect-icr/webhooks/WebhookError")(
  "WebhookError",
  {
    kind: WebhookErrorKind,
    /** For some kinds, where in the event and what was expected there; else empty. Never a value of the event. */
    detail: Schema.String.pipe(Schema.withConstructorDefault(Effect.succeed(""))),
    /** Once the signature is good: the name of the event, where there is one. */
    event: Schema.optionalKey(Schema.String),
    /** Once the signature is good: SHA-256 of the signed text, in hex. */
    id: Schema.optionalKey(Schema.String)
  }
) {
  /** The HTTP status that handlers answer with. */
  get status(): number {
    return kinds[this.kind][0]
  }
  /** Whether the same delivery may be accepted later. */
  get isRetryable(): boolean {
    return this.status === 503 || this.status === 408
  }
  override get message() {
    const what =
      this.id === undefined ? "" : ` event ${JSON.stringify(this.event ?? "unknown")} with content ${this.id}`
    const detail = this.detail === "" ? "" : ` (${this.detail})`
    return `A webhook delivery was refused${what && `,${what}`}: ${kinds[this.kind][1]}${detail}.`
  }
  /** The answer of a route that fails with this error. */
  [HttpServerRespondable.symbol](): Effect.Effect<HttpServerResponse.HttpServerResponse> {
    return Effect.succeed(HttpServerResponse.text(this.kind, { status: this.status }))
  }
}
