/** The reasons that do not stem from an answer's status. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { callFields, lasting, noRetryAfter, reason } from "./fields.ts"
import * as Message from "./message.ts"

/**
 * A success whose body is not what the documents say. Says where and what was expected, never what was there.
 *
 * @category reasons
 * @since 0.1.0
 */
export class DecodeFailure extends lasting<DecodeFailure>()("DecodeFailure", {
  ...callFields,
  status: Schema.Int,
  /** Where in the body, such as `installations[3].organization.id`; empty for the body as a whole. */
  at: Schema.String,
  expected: Schema.String
}) {
  /** Whether it was a write that may have been done all the same: look before sending it again. */
  get mayHaveHappened(): boolean {
    return Message.mayBeWritten(this)
  }
  override get message() {
    const at = this.at === "" ? "the body" : this.at
    return Message.outcomeText(this, `answered ${this.status} with an unknown shape: at ${at}, ${this.expected}`)
  }
}

/**
 * How the connection failed. `refused` is every connection that never came about, whether nothing listens, no address can be
 * reached or this machine has no more sockets; `cut` is a body that ended early, `unknown` what the runtime does not tell.
 *
 * @category reasons
 * @since 0.1.0
 */
export const TransportKind = Schema.Literals(["dns", "refused", "reset", "tls", "cut", "unknown"])
/**
 * How the connection failed. `refused` is every connection that never came about, whether nothing listens, no address can be
 * reached or this machine has no more sockets; `cut` is a body that ended early, `unknown` what the runtime does not tell.
 *
 * @category reasons
 * @since 0.1.0
 */
export type TransportKind = typeof TransportKind.Type

const transportHints: { readonly [Kind in TransportKind]: string } = {
  dns: "the host name could not be resolved; check the base URL and the network",
  refused: "no connection could be made; check the base URL and the network",
  reset: "the connection was closed before an answer came",
  tls: "no secure connection could be made; check the base URL and the certificate",
  cut: "the connection was closed within the answer",
  unknown: "the request could not be sent or answered"
}

/**
 * No usable answer came over the wire.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Transport extends reason<Transport>()("Transport", {
  ...callFields,
  kind: TransportKind,
  /** The runtime's code, such as `ECONNREFUSED`, where it gives one. */
  code: Schema.Option(Schema.String),
  /** The variable of the environment that asks for a proxy, such as `HTTPS_PROXY`, where one is set. */
  proxyVariable: Schema.optionalKey(Schema.String)
}) {
  readonly isRetryable = true
  readonly retryAfter = noRetryAfter
  /** Whether it was a write that may have been done all the same: look before sending it again. */
  get mayHaveHappened(): boolean {
    return Message.mayBeWritten(this) && !Message.neverSent.has(this.kind)
  }
  override get message() {
    const code = Option.isSome(this.code) ? ` (${this.code.value})` : ""
    const proxy =
      this.proxyVariable !== undefined && Message.neverSent.has(this.kind)
        ? `; ${this.proxyVariable} is set: check that this HttpClient goes through the proxy`
        : ""
    const failed = `failed${Message.afterAttempts(this.attempts)}`
    return Message.outcomeText(this, `${failed}: ${transportHints[this.kind]}${code}${proxy}`)
  }
}

/**
 * The time ran out: of one attempt, or of the whole call.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Timeout extends reason<Timeout>()("Timeout", {
  ...callFields,
  limit: Schema.Duration,
  of: Schema.Literals(["attempt", "call"])
}) {
  readonly isRetryable = true
  readonly retryAfter = noRetryAfter
  /** Whether it was a write that may have been done all the same: look before sending it again. */
  get mayHaveHappened(): boolean {
    return Message.mayBeWritten(this)
  }
  override get message() {
    if (this.attempts === 0) {
      return `${Message.callText(this)} sent no request within its deadline of ${Message.secondsText(this.limit)}: it was waiting for its token or for the rate limit.`
    }
    const what = this.of === "attempt" ? "got no whole answer within" : "was not done within its deadline of"
    const limit = Message.secondsText(this.limit)
    return Message.outcomeText(this, `${what} ${limit}${Message.afterAttempts(this.attempts)}`)
  }
}

/**
 * The app JWT could not be made: the signing service failed. Not an HTTP failure of the registry.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Signing extends reason<Signing>()("Signing", {
  detail: Schema.String
}) {
  readonly isRetryable = true
  readonly retryAfter = noRetryAfter
  override get message() {
    return `The app JWT could not be signed: ${this.detail}.`
  }
}

/**
 * Something in the configuration is missing or wrong. Raised while a layer is built.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Configuration extends lasting<Configuration>()("Configuration", {
  /** The variable or option at fault, such as `ICR_PRIVATE_KEY`. */
  variable: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `${this.variable}: ${this.detail}.`
  }
}

/**
 * The request was refused here, before anything was sent: a bad id, a foreign URL, a negative duration.
 *
 * @category reasons
 * @since 0.1.0
 */
export class InvalidRequest extends lasting<InvalidRequest>()("InvalidRequest", {
  operation: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `${this.operation} sent nothing: ${this.detail}.`
  }
}

/**
 * The clocks disagree so much that a token was dead on arrival.
 *
 * @category reasons
 * @since 0.1.0
 */
export class ClockSkew extends lasting<ClockSkew>()("ClockSkew", {
  operation: Schema.String,
  /** How far the token's end lay in the past, by the registry's own clock as far as it is known. */
  expiredFor: Schema.Duration
}) {
  override get message() {
    return `${this.operation} got a token that had already expired ${Message.secondsText(this.expiredFor)} ago; compare this machine's clock with the registry's.`
  }
}
