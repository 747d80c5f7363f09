/**
 * Remembers which tokens the registry refused or revoked, so that none of them is taken from a store again: its removal may
 * be on its way, or the store may be unable to remove. Apart from the cache's entries, which may be evicted.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"

// The most that are remembered: one per key, for as long as a store may still hold it.
const most = 1000

interface Refused {
  readonly key: string
  readonly token: Redacted.Redacted
}

const includes = (all: ReadonlyArray<Refused>, key: string, token: Redacted.Redacted) =>
  all.some((one) => one.key === key && Redacted.value(one.token) === Redacted.value(token))

/** Remembers none yet. */
export const make = Effect.map(Ref.make<ReadonlyArray<Refused>>([]), (refused) => ({
  /** Tells whether it was not known to be refused yet. */
  add: (key: string, token: Redacted.Redacted): Effect.Effect<boolean> =>
    Ref.modify(refused, (all): readonly [boolean, ReadonlyArray<Refused>] =>
      includes(all, key, token)
        ? [false, all]
        : [true, [{ key, token }, ...all.filter((one) => one.key !== key)].slice(0, most)]
    ),
  has: (key: string, token: Redacted.Redacted): Effect.Effect<boolean> =>
    Effect.map(Ref.get(refused), (all) => includes(all, key, token))
}))
