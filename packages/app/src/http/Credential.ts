/**
 * What a request is authorised with: the app JWT or an access token.
 *
 * `IcrHttp` asks a credential for its value on every attempt, so that a token refreshed meanwhile reaches the repetition, and
 * tells it when the registry refused the value. Use {@link fixed} for one value that cannot be replaced.
 *
 * ```ts
 * import { type Credential, fixed, giveUp } from "@effect-icr/app/Credential"
 * import { IcrHttp } from "@effect-icr/app/IcrHttp"
 * import { Effect, Redacted } from "effect"
 *
 * // A token that another process keeps fresh: read again for every attempt, and never replaced here.
 * const fromVault = (read: Effect.Effect<string>): Credential => ({
 *   get: Effect.map(read, (token) => ({ value: Redacted.make(token) })),
 *   onRefused: () => Effect.succeed(giveUp)
 * })
 *
 * export const clients = Effect.map(IcrHttp, (http) => [
 *   http.client({ operation: "reports", credential: fromVault(Effect.succeed("a token")) }),
 *   http.client({ operation: "reports", credential: fixed(Redacted.make("a token")) })
 * ])
 * ```
 *
 * @module
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { IcrError } from "../errors/IcrError.ts"
import type { Tried } from "../errors/IcrReason.ts"

/**
 * The value of a credential at one moment.
 *
 * @category models
 * @since 0.1.0
 */
export interface Presented {
  readonly value: Redacted.Redacted
  /** Where the token cache had it from: held, exchanged for this call, or an exchange already under way. */
  readonly cache?: "hit" | "miss" | "joined" | undefined
}

/**
 * The registry refused the credential of an attempt.
 *
 * @category models
 * @since 0.1.0
 */
export interface Refusal {
  readonly error: IcrError
  /** Every value this call was refused with, in order; the last one is that of the latest attempt. */
  readonly refused: readonly [Redacted.Redacted, ...ReadonlyArray<Redacted.Redacted>]
  /**
   * Whether the request can be sent again, whatever its method: what is refused is certain not to have been done. `false` when
   * its body is a stream that was read, unless the call is marked `idempotent`.
   */
  readonly canRepeat: boolean
  /** The path template, such as `/organizations/{id}/inventory`. */
  readonly path: string
}

/**
 * What to do about a refusal.
 *
 * @category models
 * @since 0.1.0
 */
export interface Verdict {
  /** Whether to ask for the value once more and repeat the request. */
  readonly again: boolean
  /** What was done about the refusal, for the final error. */
  readonly tried: Tried
}

/**
 * What a request is authorised with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Credential {
  /** Runs before the deadline of a call begins, for work that takes no time on Effect's clock, such as a local signature. */
  readonly prepare?: Effect.Effect<void> | undefined
  /** The value for the next attempt. */
  readonly get: Effect.Effect<Presented, IcrError>
  /**
   * Called on 401, and on 403 without a permission reason; may wait before it answers. Must say no in the end: a call asks as
   * long as the answer is yes and its deadline allows.
   */
  readonly onRefused: (refusal: Refusal) => Effect.Effect<Verdict>
  /** Whether `get` never gives another value, so that a refused call is not worth making again. Default false. */
  readonly isFixed?: boolean | undefined
  /** Called when the registry accepted the value for a path template. */
  readonly onAccepted?: ((path: string) => Effect.Effect<void>) | undefined
}

/**
 * Nothing can be done about a refusal.
 *
 * @category constructors
 * @since 0.1.0
 */
export const giveUp: Verdict = { again: false, tried: "nothing" }

/**
 * One value that cannot be replaced, such as the token that a revocation spends.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fixed = (value: Redacted.Redacted): Credential => ({
  get: Effect.succeed({ value: Redacted.isRedacted(value) ? value : Redacted.make(value) }),
  isFixed: true,
  onRefused: () => Effect.succeed(giveUp)
})
