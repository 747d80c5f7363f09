/**
 * The reasons that an answer's status stands for. Each status is exactly one of them.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { RefusedCredential, Tried, answerFields, maybeAnsweredFields, lasting, noRetryAfter, reason } from "./fields.ts"
import * as Message from "./message.ts"

/**
 * 400, 405, 406, 411, 413, 414, 415, 422, 431: the registry did not accept the request as it was.
 *
 * @category reasons
 * @since 0.1.0
 */
export class BadRequest extends lasting<BadRequest>()("BadRequest", answerFields) {
  override get message() {
    return Message.answerText(this, "correct the request")
  }
}

/**
 * 401, or a 403 that speaks of the credential: the JWT or the token was not accepted.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Unauthorized extends reason<Unauthorized>()("Unauthorized", {
  ...answerFields,
  /** What was done about it before the call gave up. */
  tried: Tried,
  /** What was refused. */
  credential: Schema.optionalKey(RefusedCredential),
  /** `false` when another credential might have worked, but the body had been read, or the time was over. */
  canRepeat: Schema.optionalKey(Schema.Boolean)
}) {
  readonly retryAfter = noRetryAfter
  /** Whether the same call, made anew, may work: nothing was done, and it could not be repeated here. */
  get isRetryable(): boolean {
    return this.canRepeat === false
  }
  override get message() {
    const { advice, name } = Message.refusedCredential[this.credential ?? "unknown"]
    const then = this.isRetryable
      ? "nothing was done, and the request could not be sent again from here; try again"
      : advice
    return Message.answerText(this, `${name} was refused${Message.triedText[this.tried]}; ${then}`)
  }
}

/**
 * 403: the credential is good, but the organization did not grant what the call needs.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Forbidden extends lasting<Forbidden>()("Forbidden", {
  ...maybeAnsweredFields,
  /** The missing permission, such as `organization_inventory:read`, where the answer names it. */
  permission: Schema.Option(Schema.String),
  /** As in {@link Unauthorized}: a 403 may also mean a token that has not spread yet. */
  tried: Tried
}) {
  override get message() {
    const tried = Message.triedText[this.tried]
    return Message.answerText(
      this,
      Option.isSome(this.permission)
        ? `the permission ${this.permission.value} is missing${tried}; ask the organization to accept it`
        : `the app may not do this${tried}; compare its permissions with those of the installation`
    )
  }
}

/**
 * 404 or 410, other than for an installation: there is no such resource, or nothing at all at this address.
 *
 * @category reasons
 * @since 0.1.0
 */
export class NotFound extends lasting<NotFound>()("NotFound", answerFields) {
  override get message() {
    // A missing resource has a message in the registry's own words. A wrong address has one of its framework or of a gateway,
    // or none. A path without an id has no id that could be wrong.
    return Message.answerText(
      this,
      !this.path.includes("{") || Message.isWordless(this.registryMessage) || Message.isNoRoute(this.registryMessage)
        ? "nothing was found at this address; check the base URL and the path"
        : "there is no such resource; check the ids in the path"
    )
  }
}

/**
 * The organization paused the app. Only resuming it helps.
 *
 * @category reasons
 * @since 0.1.0
 */
export class InstallationSuspended extends lasting<InstallationSuspended>()("InstallationSuspended", {
  ...answerFields,
  installationId: Schema.String
}) {
  override get message() {
    return Message.answerText(
      this,
      `installation ${this.installationId} is suspended; an admin of the organization has to resume it`
    )
  }
}

/**
 * 404 or 410 for an installation: never there, or uninstalled.
 *
 * @category reasons
 * @since 0.1.0
 */
export class InstallationNotFound extends lasting<InstallationNotFound>()("InstallationNotFound", {
  ...answerFields,
  /** The installation, or the organization it was looked up by. */
  id: Schema.String
}) {
  override get message() {
    const orElse = Message.isWordless(this.registryMessage) ? ", or the base URL is wrong" : ""
    return Message.answerText(
      this,
      `no installation of this app was found for ${this.id}; it may have been uninstalled${orElse}`
    )
  }
}

/**
 * 409: the request conflicts with the present state.
 *
 * @category reasons
 * @since 0.1.0
 */
export class Conflict extends lasting<Conflict>()("Conflict", answerFields) {
  override get message() {
    return Message.answerText(this, "it conflicts with the present state; read the resource again before repeating")
  }
}

/**
 * 429: too many requests. No limit is documented yet (`Best practices` announces some). Has no status when nothing was sent,
 * since the registry had asked another call to wait.
 *
 * @category reasons
 * @since 0.1.0
 */
export class RateLimited extends reason<RateLimited>()("RateLimited", {
  ...maybeAnsweredFields,
  retryAfter: Schema.Option(Schema.Duration)
}) {
  readonly isRetryable = true
  override get message() {
    const known = this.status === undefined ? "the registry asked to wait" : "too many requests"
    return Message.answerText(this, `${known}; ${Message.tryAgainText(this.retryAfter)}`)
  }
}

/**
 * 408 and every 5xx: the registry could not answer. It may have done a write all the same.
 *
 * @category reasons
 * @since 0.1.0
 */
export class ServerError extends reason<ServerError>()("ServerError", {
  ...answerFields,
  retryAfter: Schema.Option(Schema.Duration)
}) {
  readonly isRetryable = true
  /** Whether it was a write that may have been done all the same: look before sending it again. */
  get mayHaveHappened(): boolean {
    return Message.mayBeWritten(this)
  }
  override get message() {
    return Message.answerText(
      this,
      Message.withAdvice(this, "the registry failed", Message.tryAgainText(this.retryAfter))
    )
  }
}

/**
 * Any other status, redirects included: they are not followed, since credentials go to the configured host only.
 *
 * @category reasons
 * @since 0.1.0
 */
export class UnexpectedStatus extends lasting<UnexpectedStatus>()("UnexpectedStatus", answerFields) {
  /** Whether it was a write that may have been done all the same: look before sending it again. */
  get mayHaveHappened(): boolean {
    return Message.mayBeWritten(this) && this.status < 400
  }
  override get message() {
    // Browsers hide a redirect that is not followed behind the status 0.
    return this.status === 0 || (this.status >= 300 && this.status < 400)
      ? Message.answerText(this, Message.withAdvice(this, "redirects are not followed; check the base URL"))
      : Message.answerText(this, "no call of the registry documents this status; check the base URL")
  }
}
