/**
 * What an answer's status says went wrong: the reasons of an `IcrError` that stem from the registry itself. Each status is
 * exactly one of them.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { answer, answered, noWait, waitHint, wasWritten } from "./internal/reasonText.ts"

/** 400, 405, 406, 411, 413, 414, 415, 422, 431: the registry did not accept the request as it was. */
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
  /** Whether it was a write that may have been done all the same: look before sending it again. */
  get mayHaveHappened(): boolean {
    return wasWritten(this)
  }
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
  /** Whether it was a write that may have been done all the same: look before sending it again. */
  get mayHaveHappened(): boolean {
    return wasWritten(this) && this.status < 400
  }
  override get message() {
    // Browsers hide a redirect that is not followed behind the status 0.
    return this.status === 0 || (this.status >= 300 && this.status < 400)
      ? answered(this, "redirects are not followed; check the base URL")
      : answered(this, "no call of the registry documents this status; check the base URL")
  }
}
