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
 */
import * as Schema from "effect/Schema"
import * as Answer from "./internal/answerReasons.ts"
import {
  ClockSkew,
  Configuration,
  DecodeFailure,
  InvalidRequest,
  Signing,
  Timeout,
  Transport
} from "./internal/callReasons.ts"

export * from "./internal/answerReasons.ts"
export {
  ClockSkew,
  Configuration,
  DecodeFailure,
  InvalidRequest,
  Signing,
  Timeout,
  Transport,
  TransportKind
} from "./internal/callReasons.ts"
export { RefusedCredential, Tried } from "./internal/message.ts"

/**
 * Every reason an `IcrError` can have.
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
  DecodeFailure,
  Transport,
  Timeout,
  Signing,
  Configuration,
  InvalidRequest,
  ClockSkew
])
/**
 * Every reason an `IcrError` can have.
 *
 * @category reasons
 * @since 0.1.0
 */
export type IcrReason = typeof IcrReason.Type
