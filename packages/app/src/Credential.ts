/** What a request is authorised with: the app JWT or an access token, asked for again on every attempt. */
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type { IcrError } from "./IcrError.ts"

/** A credential at hand. */
export interface Presented {
  readonly value: Redacted.Redacted
  /** How the token cache came by it: held, exchanged for this call, or by an exchange already under way. */
  readonly cache?: "hit" | "miss" | "joined" | undefined
}

/** The registry refused the credential of an attempt. */
export interface Refusal {
  readonly error: IcrError
  /** Every credential this call was refused with, in order; the last one just now. */
  readonly refused: readonly [Redacted.Redacted, ...ReadonlyArray<Redacted.Redacted>]
  /** Whether the request may be sent again. */
  readonly repeatable: boolean
}

/** What to do about a refusal. */
export interface Verdict {
  /** Ask for the credential once more and repeat the request. */
  readonly again: boolean
  /** What was done, in words, for the final error; empty when nothing was. */
  readonly tried: string
}

/** What a request is authorised with. */
export interface Credential {
  readonly get: Effect.Effect<Presented, IcrError>
  /** Called on 401, and on 403 without a permission reason. Waits where waiting helps. Must end: see the count. */
  readonly onRefused: (refusal: Refusal) => Effect.Effect<Verdict>
}

/** Nothing can be done about a refusal. */
export const giveUp: Verdict = { again: false, tried: "" }

/** One value that cannot be replaced, such as the token that a revocation spends. */
export const fixed = (value: Redacted.Redacted): Credential => ({
  get: Effect.succeed({ value }),
  onRefused: () => Effect.succeed(giveUp)
})
