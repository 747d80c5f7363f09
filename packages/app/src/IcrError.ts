/**
 * The one error of this package, with the reason inside.
 *
 * `Effect.catchTag("IcrError", …)` takes every failure, `Effect.catchReason("IcrError", "InstallationSuspended", …)`
 * one of them. Each reason says in its `message`, one sentence, what happened and what to do; `isRetryable` whether the
 * same call may work later; `retryAfter` what the registry asked for. No reason carries a key, a JWT, a token or a body.
 *
 * The registry documents no error table; it answers in the shape `{ statusCode, message, error }`, where `message` is a
 * text or a list of texts. Both become `registryMessage`, scrubbed of anything that looks like a credential.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { InstallRefused, WebhookRefused } from "./Refusals.ts"

export { InstallRefused, WebhookRefused } from "./Refusals.ts"

/** What was being called. Every reason that stems from a call carries these. */
const call = {
  /** The public operation, such as `IcrApp.installationToken`. */
  operation: Schema.String,
  method: Schema.String,
  /** The path template, such as `/app/installations/{installationId}`: never a filled-in one. */
  path: Schema.String,
  /** Requests that went out for this call, token exchanges aside. */
  attempts: Schema.Int,
  /** From the first attempt to the failure, waits included. */
  elapsed: Schema.Duration
}

/** What the registry answered. */
const answer = {
  ...call,
  status: Schema.Int,
  /** The registry's own words, scrubbed; empty when it sent none. */
  registryMessage: Schema.Array(Schema.String)
}

interface Call {
  readonly operation: string
  readonly method: string
  readonly path: string
  readonly attempts: number
}

interface Answer extends Call {
  readonly status: number
  readonly registryMessage: ReadonlyArray<string>
}

const times = (n: number) => (n > 1 ? ` after ${n} attempts` : "")
const where = (reason: Call) => `${reason.operation} (${reason.method} ${reason.path})`
const said = (reason: Answer) =>
  reason.registryMessage.length === 0 ? "" : `, saying "${reason.registryMessage.join("; ")}"`
const answered = (reason: Answer, what: string) =>
  `${where(reason)} answered ${reason.status}${times(reason.attempts)}${said(reason)}: ${what}.`
const seconds = (duration: Duration.Duration) => `${Math.ceil(Duration.toSeconds(duration))} s`
const waitHint = (retryAfter: Option.Option<Duration.Duration>) =>
  Option.match(retryAfter, { onNone: () => "try again later", onSome: (wait) => `try again in ${seconds(wait)}` })

const noWait = Option.none<Duration.Duration>()

/** 400, 413, 415, 422: the registry did not accept the request as it was. */
export class BadRequest extends Schema.TaggedError<BadRequest>("@effect-icr/app/BadRequest")("BadRequest", answer) {
  readonly isRetryable = false
  readonly retryAfter = noWait
  override get message() {
    return answered(this, "correct the request")
  }
}

/** 401, or a 403 that speaks of the credential: the JWT or the token was not accepted. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>("@effect-icr/app/Unauthorized")("Unauthorized", {
  ...answer,
  /** What was done about it before giving up, in words; empty when nothing could be done. */
  tried: Schema.String
}) {
  readonly isRetryable = false
  readonly retryAfter = noWait
  override get message() {
    const tried = this.tried === "" ? "" : ` (${this.tried})`
    return answered(this, `the credential was refused${tried}; check the app id, the private key and the installation`)
  }
}

/** 403: the credential is good, but the organization did not grant what the call needs. */
export class Forbidden extends Schema.TaggedError<Forbidden>("@effect-icr/app/Forbidden")("Forbidden", {
  ...answer,
  /** The missing permission, such as `organization_inventory:read`, where the answer names it. */
  permission: Schema.Option(Schema.String),
  /** As in {@link Unauthorized}: a 403 may also mean a token that has not spread yet. */
  tried: Schema.String
}) {
  readonly isRetryable = false
  readonly retryAfter = noWait
  override get message() {
    const tried = this.tried === "" ? "" : ` (${this.tried})`
    return answered(
      this,
      Option.match(this.permission, {
        onNone: () => `the app may not do this${tried}; compare its permissions with those of the installation`,
        onSome: (name) => `the permission ${name} is missing${tried}; ask the organization to accept it`
      })
    )
  }
}

/** 404, other than for an installation. */
export class NotFound extends Schema.TaggedError<NotFound>("@effect-icr/app/NotFound")("NotFound", answer) {
  readonly isRetryable = false
  readonly retryAfter = noWait
  override get message() {
    return answered(this, "there is no such resource; check the ids in the path")
  }
}

/** The organization paused the app. Un-suspending heals it; nothing else does. */
export class InstallationSuspended extends Schema.TaggedError<InstallationSuspended>(
  "@effect-icr/app/InstallationSuspended"
)("InstallationSuspended", { ...answer, installationId: Schema.String }) {
  readonly isRetryable = false
  readonly retryAfter = noWait
  override get message() {
    return answered(
      this,
      `installation ${this.installationId} is suspended; an admin of the organization has to resume it`
    )
  }
}

/** 404 for an installation: never there, or uninstalled. */
export class InstallationNotFound extends Schema.TaggedError<InstallationNotFound>(
  "@effect-icr/app/InstallationNotFound"
)("InstallationNotFound", {
  ...answer,
  /** The installation, or the organization it was looked up by. */
  id: Schema.String
}) {
  readonly isRetryable = false
  readonly retryAfter = noWait
  override get message() {
    return answered(this, `no installation of this app was found for ${this.id}; it may have been uninstalled`)
  }
}

/** 409. */
export class Conflict extends Schema.TaggedError<Conflict>("@effect-icr/app/Conflict")("Conflict", answer) {
  readonly isRetryable = false
  readonly retryAfter = noWait
  override get message() {
    return answered(this, "it conflicts with the present state; read the resource again before repeating")
  }
}

/** 429. None is documented today (`Best practices` announces limits), so this is for the day they come. */
export class RateLimited extends Schema.TaggedError<RateLimited>("@effect-icr/app/RateLimited")("RateLimited", {
  ...answer,
  retryAfter: Schema.Option(Schema.Duration)
}) {
  readonly isRetryable = true
  override get message() {
    return answered(this, `too many requests; ${waitHint(this.retryAfter)}`)
  }
}

/** 408 and every 5xx: the registry could not answer. */
export class ServerError extends Schema.TaggedError<ServerError>("@effect-icr/app/ServerError")("ServerError", {
  ...answer,
  retryAfter: Schema.Option(Schema.Duration)
}) {
  readonly isRetryable = true
  override get message() {
    return answered(this, `the registry failed; ${waitHint(this.retryAfter)}`)
  }
}

/** Any other status, redirects included: they are not followed, since credentials go to the configured host only. */
export class UnexpectedStatus extends Schema.TaggedError<UnexpectedStatus>("@effect-icr/app/UnexpectedStatus")(
  "UnexpectedStatus",
  answer
) {
  readonly isRetryable = false
  readonly retryAfter = noWait
  override get message() {
    // Browsers hide a redirect that is not followed behind the status 0.
    return this.status === 0 || (this.status >= 300 && this.status < 400)
      ? answered(this, "redirects are not followed; check the base URL")
      : answered(this, "no call of the registry documents this status; check the base URL")
  }
}

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

/** No usable answer came over the wire. */
export class Transport extends Schema.TaggedError<Transport>("@effect-icr/app/Transport")("Transport", {
  ...call,
  kind: TransportKind,
  /** The runtime's code, such as `ECONNREFUSED`, where it gives one. */
  code: Schema.Option(Schema.String)
}) {
  readonly isRetryable = true
  readonly retryAfter = noWait
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
  override get message() {
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
  /** Whether the same call may work later, unchanged. */
  get isRetryable(): boolean {
    return this.reason.isRetryable
  }
  /** How long the registry asked to wait, where it did. */
  get retryAfter(): Option.Option<Duration.Duration> {
    return this.reason.retryAfter
  }
}

/** Shorthand for `new IcrError({ reason })`. */
export const fail = (reason: Reason): IcrError => new IcrError({ reason })
