/**
 * Why an install callback was not accepted. Each cause has a `kind` of its own. No error repeats the state, which may still
 * be usable.
 *
 * ```ts
 * import { InstallError, type InstallErrorKind } from "@effect-icr/webhooks/InstallError"
 * import * as assert from "node:assert"
 *
 * const beginAgain: ReadonlyArray<InstallErrorKind> = ["stateExpired", "stateReplayed"]
 *
 * // What the page says.
 * export const page = ({ isRetryable, kind }: InstallError) =>
 *   isRetryable ? "Try again in a moment" : beginAgain.includes(kind) ? "Begin again" : "This link cannot be used"
 *
 * assert.strictEqual(page(new InstallError({ kind: "stateExpired" })), "Begin again")
 * ```
 *
 * @module
 */
import * as Effect from "effect/Effect"
import * as HttpServerRespondable from "effect/http/HttpServerRespondable"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"

const kinds = {
  callbackMalformed: "the callback is not a URL",
  sessionMissing: "the browser has no session to compare the state with; a cookie with SameSite=Strict does not arrive",
  stateMissing: "the callback carries no state, or more than one",
  stateMalformed: "the state was not made by this app",
  stateForged: "the state's signature is wrong",
  stateExpired: "the state has expired; begin the installation again",
  stateForeign: "the state was made for another session",
  stateReplayed: "the state was used before",
  stateUnchecked: "whether the state was used before could not be found out",
  installationIdMissing: "the callback carries no installationId, or more than one",
  installationIdMalformed: "the installationId is not an id",
  installationForeign: "the installation is not of the app the flow was begun for"
} as const

/**
 * What was wrong with an install callback.
 *
 * @category errors
 * @since 0.1.0
 */
export type InstallErrorKind = keyof typeof kinds

/**
 * What was wrong with an install callback.
 *
 * @category errors
 * @since 0.1.0
 */
export const InstallErrorKind = Schema.Literals(Struct.keys(kinds))

/**
 * An install callback that was refused. Not used for an installation that does not exist: that is the reason
 * `InstallationNotFound` of an `IcrError`. A route of Effect's router that fails with it answers with its status.
 *
 * @category errors
 * @since 0.1.0
 */
export class InstallError extends Schema.TaggedError<InstallError>("@effect-icr/webhooks/InstallError")(
  "InstallError",
  { kind: InstallErrorKind }
) {
  /** The HTTP status to answer the browser with: 503 when the check itself failed, else 400. */
  get status(): number {
    return this.isRetryable ? 503 : 400
  }
  /** Whether the same callback may be accepted later. */
  get isRetryable(): boolean {
    return this.kind === "stateUnchecked"
  }
  override get message() {
    return `The install callback was refused: ${kinds[this.kind]}.`
  }
  /** The answer of a route that fails with this error. */
  [HttpServerRespondable.symbol](): Effect.Effect<HttpServerResponse.HttpServerResponse> {
    return Effect.succeed(HttpServerResponse.text(this.kind, { status: this.status }))
  }
}
