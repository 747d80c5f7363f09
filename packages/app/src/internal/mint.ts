/** Getting a token for the cache: from the store, or from the registry, and then into the store. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import { Clock, type IcrError, fail } from "../IcrError.ts"
import type * as ServerClock from "../ServerClock.ts"
import type * as TokenStore from "../TokenStore.ts"
import type { Minted, Windows } from "./slot.ts"
import type { Situation } from "./slots.ts"
import * as StoredTokens from "./storedTokens.ts"

/** What all access tokens have. */
interface Token {
  readonly token: Redacted.Redacted
  readonly expiresAt: DateTime.Utc
}

/** Times in milliseconds. */
export interface Options<T, I> {
  readonly operation: string
  readonly clock: ServerClock.Service
  readonly store: Option.Option<TokenStore.Service>
  readonly codec: Schema.Codec<T, I>
  /** A store is shared by apps and registries: its keys name them. */
  readonly storeKey: (key: string) => string
  readonly exchange: (key: string) => Effect.Effect<T, IcrError>
  readonly longestLife: number
  readonly windows: Windows
}

/** Tokens of one kind. */
export interface Mint<T> {
  readonly mint: (key: string, situation: Situation<T>) => Effect.Effect<Minted<T>, IcrError>
  /** Out of the store as well. With a token: unless the store has another by now. */
  readonly remove: (key: string, only?: T) => Effect.Effect<void>
  /** Out of the store, handed out if it still lives. */
  readonly take: (key: string) => Effect.Effect<Option.Option<T>>
}

const isSame = (self: Token, that: Token | undefined) =>
  that !== undefined && Redacted.value(self.token) === Redacted.value(that.token)

/** With a store: read before minting, minted under its lease, written after. Without: minted. */
export const makeMint = <T extends Token, I>(options: Options<T, I>): Mint<T> => {
  const { clock, exchange, longestLife, operation, windows } = options

  /** By the registry's clock. What a token lives beyond the documented limit is not relied on. */
  const lifeOf = (token: T) =>
    Effect.map(clock.now, (now) => Math.min(longestLife, DateTime.toEpochMillis(token.expiresAt) - now))

  const fromRegistry = Effect.fnUntraced(function* (key: string): Effect.fn.Return<Minted<T>, IcrError> {
    const value = yield* exchange(key)
    const life = yield* lifeOf(value)
    if (life <= 0) return yield* fail(new Clock({ operation, expiredFor: Duration.millis(-life) }))
    return { value, life, stored: false }
  })

  if (Option.isNone(options.store)) {
    return { mint: fromRegistry, remove: () => Effect.void, take: () => Effect.succeedNone }
  }
  const stored = StoredTokens.make(options.store.value, options.codec, options.storeKey)

  /** A stored token that improves the situation: not the one in use, not the refused one, and good for a while. */
  const fromStore = Effect.fnUntraced(function* (key: string, { current, minimumLife, refused }: Situation<T>) {
    if (minimumLife === Infinity) return undefined
    const value = Option.getOrUndefined(yield* stored.read(key))
    if (value === undefined || isSame(value, refused) || isSame(value, current)) return undefined
    const life = yield* lifeOf(value)
    const isGood = life > (current === undefined ? windows.hard : windows.soft) && life >= minimumLife
    return isGood ? { value, life, stored: true } : undefined
  })

  const underLease = Effect.fnUntraced(function* (key: string, situation: Situation<T>) {
    const waited = yield* stored.lease(key)
    const meanwhile = waited ? yield* fromStore(key, situation) : undefined
    if (meanwhile !== undefined) return meanwhile
    const minted = yield* fromRegistry(key)
    // What writing takes is gone from the life that was measured before.
    const [took] = yield* Effect.timed(stored.write(key, minted.value, minted.life))
    return { ...minted, life: minted.life - Duration.toMillis(took) }
  }, Effect.scoped)

  return {
    mint: Effect.fnUntraced(function* (key, situation) {
      return (yield* fromStore(key, situation)) ?? (yield* underLease(key, situation))
    }),
    remove: Effect.fnUntraced(function* (key, only) {
      const isAnother = only !== undefined && Option.exists(yield* stored.read(key), (token) => !isSame(token, only))
      if (!isAnother) yield* stored.remove(key)
    }),
    take: Effect.fnUntraced(function* (key) {
      const value = yield* stored.read(key)
      yield* stored.remove(key)
      if (Option.isNone(value)) return value
      return (yield* lifeOf(value.value)) > 0 ? value : Option.none()
    })
  }
}
