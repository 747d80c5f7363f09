/**
 * The one error of this package, with the reason inside.
 *
 * `Effect.catchTag("IcrError", …)` takes every failure, `Effect.catchReason("IcrError", "InstallationSuspended", …)`
 * one of them. Each reason says in its `message`, one sentence, what happened and what to do; `isRetryable` whether the
 * same call may work later; `mayHaveHappened` whether it is a write that may have been done already; `retryAfter` what the
 * registry asked for. No reason carries a key, a JWT, a token or a body.
 *
 * The registry documents no error table; it answers in the shape `{ statusCode, message, error }`, where `message` is a
 * text or a list of texts. Both become `registryMessage`, scrubbed of anything that looks like a credential.
 */
import type * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { call, noWait, seconds, times, wasWritten, where } from "./internal/reasonText.ts"
import { InstallRefused, WebhookRefused } from "./Refusals.ts"
import {
  BadRequest,
  Unauthorized,
  Forbidden,
  NotFound,
  InstallationSuspended,
  InstallationNotFound,
  Conflict,
  RateLimited,
  ServerError,
  UnexpectedStatus
} from "./StatusReasons.ts"

export { InstallRefused, WebhookRefused } from "./Refusals.ts"
export {
  BadRequest,
  Unauthorized,
  Forbidden,
  NotFound,
  InstallationSuspended,
  InstallationNotFound,
  Conflict,
  RateLimited,
  ServerError,
  UnexpectedStatus
} from "./StatusReasons.ts"

/** A success whose body is not what the documents say. Says where and what was expected, never what was there. */
export class DecodeFailure extends Schema.TaggedError<DecodeFailure>("@effect-icr/app/DecodeFailure")("DecodeFailure", {
  ...call,
  status: Schema.Int,
  /** Where in the body, such as `installations[3].organization.id`; empty for the body as a whole. */
  at: Schema.String,
  expected: Schema.String
}) {
  readonly isRetryable = false
  readonly retryAfter = noWait
  /** Whether it was a write that may have been done all the same: look before sending it again. */
  get mayHaveHappened(): boolean {
    return wasWritten(this)
  }
  override get message() {
    const at = this.at === "" ? "the body" : this.at
    return `${where(this)} answered ${this.status} with an unknown shape: at ${at}, ${this.expected}.`
  }
}

/** How the connection failed. `cut` is a body that ended early, `unknown` what the runtime does not tell. */
export const TransportKind = Schema.Literals(["dns", "refused", "reset", "tls", "cut", "unknown"])
/** How the connection failed. `cut` is a body that ended early, `unknown` what the runtime does not tell. */
export type TransportKind = typeof TransportKind.Type

const transportHints: { readonly [Kind in TransportKind]: string } = {
  dns: "the host name could not be resolved; check the base URL and the network",
  refused: "nothing accepts connections there; check the base URL and the network",
  reset: "the connection was closed before an answer came",
  tls: "no secure connection could be made; check that the base URL is https and the certificate is trusted",
  cut: "the connection was closed within the answer",
  unknown: "the request could not be sent or answered"
}

/** Without a connection nothing can have been written. */
const neverSent: ReadonlySet<TransportKind> = new Set<TransportKind>(["dns", "refused", "tls"])

/** No usable answer came over the wire. */
export class Transport extends Schema.TaggedError<Transport>("@effect-icr/app/Transport")("Transport", {
  ...call,
  kind: TransportKind,
  /** The runtime's code, such as `ECONNREFUSED`, where it gives one. */
  code: Schema.Option(Schema.String)
}) {
  readonly isRetryable = true
  readonly retryAfter = noWait
  /** Whether it was a write that may have been done all the same: look before sending it again. */
  get mayHaveHappened(): boolean {
    return wasWritten(this) && !neverSent.has(this.kind)
  }
  override get message() {
    const code = Option.match(this.code, { onNone: () => "", onSome: (code) => ` (${code})` })
    return `${where(this)} failed${times(this.attempts)}: ${transportHints[this.kind]}${code}.`
  }
}

/** The time ran out: of one attempt, or of the whole call. */
export class Timeout extends Schema.TaggedError<Timeout>("@effect-icr/app/Timeout")("Timeout", {
  ...call,
  limit: Schema.Duration,
  of: Schema.Literals(["attempt", "call"])
}) {
  readonly isRetryable = true
  readonly retryAfter = noWait
  /** Whether it was a write that may have been done all the same: look before sending it again. */
  get mayHaveHappened(): boolean {
    return wasWritten(this)
  }
  override get message() {
    if (this.attempts === 0) {
      return `${where(this)} sent no request within its deadline of ${seconds(this.limit)}: it was waiting for its token or for the rate limit.`
    }
    return this.of === "attempt"
      ? `${where(this)} got no whole answer within ${seconds(this.limit)}${times(this.attempts)}.`
      : `${where(this)} was not done within its deadline of ${seconds(this.limit)}${times(this.attempts)}.`
  }
}

/** The app JWT could not be made: the signing service failed. Not an HTTP failure of the registry. */
export class Signing extends Schema.TaggedError<Signing>("@effect-icr/app/Signing")("Signing", {
  detail: Schema.String
}) {
  readonly isRetryable = true
  readonly retryAfter = noWait
  override get message() {
    return `The app JWT could not be signed: ${this.detail}.`
  }
}

/** Something in the configuration is missing or wrong. Raised while a layer is built. */
export class Configuration extends Schema.TaggedError<Configuration>("@effect-icr/app/Configuration")("Configuration", {
  /** The variable or option at fault, such as `ICR_PRIVATE_KEY`. */
  variable: Schema.String,
  detail: Schema.String
}) {
  readonly isRetryable = false
  readonly retryAfter = noWait
  override get message() {
    return `${this.variable}: ${this.detail}.`
  }
}

/** The request was refused here, before anything was sent: a bad id, a foreign URL, a negative duration. */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>("@effect-icr/app/InvalidRequest")(
  "InvalidRequest",
  { operation: Schema.String, detail: Schema.String }
) {
  readonly isRetryable = false
  readonly retryAfter = noWait
  override get message() {
    return `${this.operation} sent nothing: ${this.detail}.`
  }
}

/** The clocks disagree so much that a token was dead on arrival. */
export class Clock extends Schema.TaggedError<Clock>("@effect-icr/app/Clock")("Clock", {
  operation: Schema.String,
  /** How far the token's end lay in the past, by the registry's own clock as far as it is known. */
  expiredFor: Schema.Duration
}) {
  readonly isRetryable = false
  readonly retryAfter = noWait
  override get message() {
    return `${this.operation} got a token that had already expired ${seconds(this.expiredFor)} ago; compare this machine's clock with the registry's.`
  }
}

/** Every reason an {@link IcrError} can have. */
export const Reason = Schema.Union([
  BadRequest,
  Unauthorized,
  Forbidden,
  NotFound,
  InstallationSuspended,
  InstallationNotFound,
  Conflict,
  RateLimited,
  ServerError,
  UnexpectedStatus,
  DecodeFailure,
  Transport,
  Timeout,
  Signing,
  Configuration,
  InvalidRequest,
  Clock,
  WebhookRefused,
  InstallRefused
])
/** Every reason an {@link IcrError} can have. */
export type Reason = typeof Reason.Type

/** The one public error. */
export class IcrError extends Schema.TaggedError<IcrError>("@effect-icr/app/IcrError")("IcrError", {
  reason: Reason
}) {
  override get message(): string {
    return this.reason.message
  }
  /**
   * Whether the same call may work later, unchanged. Not whether repeating it is safe: before a write is sent again,
   * {@link IcrError.mayHaveHappened} must be false as well.
   */
  get isRetryable(): boolean {
    return this.reason.isRetryable
  }
  /**
   * Whether the call was a write, not marked `idempotent`, that the registry may have done all the same: it was sent, and
   * answered not at all, with 408 or a 5xx, or in a way that cannot be read. Sending it again could move credits twice.
   */
  get mayHaveHappened(): boolean {
    return "mayHaveHappened" in this.reason && this.reason.mayHaveHappened
  }
  /** How long the registry asked to wait, where it did. */
  get retryAfter(): Option.Option<Duration.Duration> {
    return this.reason.retryAfter
  }
}

/** Shorthand for `new IcrError({ reason })`. */
export const fail = (reason: Reason): IcrError => new IcrError({ reason })
