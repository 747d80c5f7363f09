/**
 * The reasons inside an `IcrError`: a closed union, one class per meaning.
 *
 * The registry documents no error table; it answers in the shape `{ statusCode, message, error }`, where `message` is a text
 * or a list of texts. Both become `registryMessage`, without anything that looks like a credential.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import type { InstallationId } from "@effect-icr/app/domain/Ids"
 * import { Effect } from "effect"
 *
 * export const tokenOrNone = (id: InstallationId) =>
 *   Effect.flatMap(IcrApp, (app) => app.installationToken(id)).pipe(
 *     Effect.asSome,
 *     Effect.catchReason("IcrError", "InstallationSuspended", () => Effect.succeedNone)
 *   )
 * ```
 *
 * @module
 */
import * as Schema from "effect/Schema"
import * as Answer from "./internal/answerReasons.ts"
import * as Call from "./internal/callReasons.ts"

export * from "./internal/answerReasons.ts"
export * from "./internal/callReasons.ts"
export { RefusedCredential, Tried } from "./internal/fields.ts"

/**
 * Every reason an `IcrError` can have.
 *
 * ```ts
 * import { IcrError } from "@effect-icr/app/IcrError"
 * import { IcrReason, InvalidRequest, type RefusedCredential, type TransportKind, type Tried } from "@effect-icr/app/IcrReason"
 * import { Match, Schema } from "effect"
 * import * as assert from "node:assert"
 *
 * // What a person on call is told.
 * export const advice = Match.type<IcrReason>().pipe(
 *   Match.tag("Transport", ({ kind }): string => `the network: ${kind satisfies TransportKind}`),
 *   Match.tag("Unauthorized", ({ credential, tried }) =>
 *     [credential satisfies RefusedCredential | undefined, tried satisfies Tried].join(", ")
 *   ),
 *   Match.orElse(({ message }) => message)
 * )
 *
 * // For tests: a failure of one's own
 * const reason = new InvalidRequest({ operation: "reports", detail: "no such month" })
 * assert.ok(Schema.is(IcrReason)(new IcrError({ reason }).reason))
 * ```
 *
 * @category reasons
 * @since 0.1.0
 */
export const IcrReason = Schema.Union([
  Answer.BadRequest,
  Answer.Unauthorized,
  Answer.Forbidden,
  Answer.NotFound,
  Answer.InstallationSuspended,
  Answer.InstallationNotFound,
  Answer.Conflict,
  Answer.RateLimited,
  Answer.ServerError,
  Answer.UnexpectedStatus,
  Call.DecodeFailure,
  Call.Transport,
  Call.Timeout,
  Call.Signing,
  Call.Configuration,
  Call.InvalidRequest,
  Call.ClockSkew
])
/**
 * Every reason an `IcrError` can have.
 *
 * @category reasons
 * @since 0.1.0
 */
export type IcrReason = typeof IcrReason.Type
