/**
 * Remembers which tokens the registry refused or revoked, so that none of them is taken from a store again: its removal may
 * be on its way, or the store may be unable to remove. One memory for both kinds of tokens, apart from the cache's entries,
 * which may be evicted.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"

// The last one of each key. Matters for as long as a store may still hold it.
const most = 1000

/** The refused tokens of one layer, by the keys of the store. */
export interface RefusedTokens {
  /** Tells whether it was not known to be refused yet. */
  readonly add: (key: string, token: Redacted.Redacted) => Effect.Effect<boolean>
  readonly has: (key: string, token: Redacted.Redacted) => Effect.Effect<boolean>
}

interface Refused {
  readonly key: string
  readonly token: Redacted.Redacted
}

const includes = (all: ReadonlyArray<Refused>, key: string, token: Redacted.Redacted) =>
  all.some((one) => one.key === key && Redacted.value(one.token) === Redacted.value(token))

/** Remembers none yet. */
export const make: Effect.Effect<RefusedTokens> = Effect.map(Ref.make<ReadonlyArray<Refused>>([]), (refused) => ({
  add: (key, token) =>
    Ref.modify(refused, (all): readonly [boolean, ReadonlyArray<Refused>] =>
      includes(all, key, token)
        ? [false, all]
        : [true, [{ key, token }, ...all.filter((one) => one.key !== key)].slice(0, most)]
    ),
  has: (key, token) => Effect.map(Ref.get(refused), (all) => includes(all, key, token))
}))
