/**
 * The one error of a call, with the reason inside.
 *
 * `Effect.catchTag("IcrError", …)` takes every failure, `Effect.catchReason("IcrError", "InstallationSuspended", …)` one of
 * them. Each reason says in its `message`, one sentence, what happened and what to do. No reason carries a key, a JWT, a
 * token or a body.
 *
 * @module
 */
import type * as Duration from "effect/Duration"
import * as Match from "effect/Match"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { DecodeFailure, IcrReason, ServerError, Timeout, Transport, UnexpectedStatus } from "./IcrReason.ts"

/**
 * A call that failed, or a layer that could not be built; `reason` says why.
 *
 * @category errors
 * @since 0.1.0
 */
export class IcrError extends Schema.TaggedError<IcrError>("@effect-icr/app/IcrError")("IcrError", {
  reason: IcrReason
}) {
  override get message(): string {
    return this.reason.message
  }
  /** What `JSON.stringify` and `console.error` show: the message first. */
  override toJSON(): object {
    return { message: this.message, _tag: this._tag, reason: this.reason }
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

/**
 * The same error of a write that is known by now not to have been done, as after looking at the registry: its
 * `mayHaveHappened` is false.
 *
 * ```ts
 * import { type IcrError, notDone } from "@effect-icr/app/IcrError"
 * import { Effect } from "effect"
 *
 * // A write whose outcome is looked up when it is not known.
 * export const certainly = <A>(
 *   write: Effect.Effect<A, IcrError>,
 *   look: Effect.Effect<"done" | "not done", IcrError>
 * ): Effect.Effect<A | "done", IcrError> =>
 *   Effect.catchTag(write, "IcrError", (error) =>
 *     error.mayHaveHappened
 *       ? Effect.flatMap(look, (found) => (found === "done" ? Effect.succeed(found) : Effect.fail(notDone(error))))
 *       : Effect.fail(error)
 *   )
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const notDone = (error: IcrError): IcrError =>
  new IcrError({
    reason: Match.value(error.reason).pipe(
      Match.tags({
        ServerError: (reason) => new ServerError({ ...reason, isDone: false }),
        UnexpectedStatus: (reason) => new UnexpectedStatus({ ...reason, isDone: false }),
        DecodeFailure: (reason) => new DecodeFailure({ ...reason, isDone: false }),
        Transport: (reason) => new Transport({ ...reason, isDone: false }),
        Timeout: (reason) => new Timeout({ ...reason, isDone: false })
      }),
      Match.orElse((reason) => reason)
    )
  })
