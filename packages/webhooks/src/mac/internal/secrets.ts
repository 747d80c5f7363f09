import type * as Redacted from "effect/Redacted"

/**
 * One secret, or several during a rotation: the first one signs, and what any of them signed is accepted.
 *
 * @category options
 * @since 0.1.0
 */
export type Secrets = Redacted.Redacted | ReadonlyArray<Redacted.Redacted>
