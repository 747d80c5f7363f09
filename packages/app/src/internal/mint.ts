/** Getting a token for the cache: from the store, or from the registry, and then into the store. */
import * as EffectClock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Clock, type IcrError, fail } from "../IcrError.ts"
import type * as ServerClock from "../ServerClock.ts"
import type * as TokenStore from "../TokenStore.ts"
import * as Slot from "./slot.ts"
import type { Situation } from "./flights.ts"
import { makeSteadyTime } from "./steadyTime.ts"
import * as StoredTokens from "./storedTokens.ts"

/** What all access tokens have. */
interface Token {
  readonly token: Redacted.Redacted
  readonly createdAt: DateTime.Utc
  readonly expiresAt: DateTime.Utc
}

/** Times in milliseconds. */
export interface Options<T, I> {
  readonly operation: string
  readonly clock: ServerClock.Service
  readonly store: Option.Option<TokenStore.Service>
  /** For the tokens of a key. */
  readonly codec: (key: string) => Schema.Codec<T, I>
  /** A store is shared by apps and registries: its keys name them. */
  readonly storeKey: (key: string) => string
  readonly exchange: (key: string) => Effect.Effect<T, IcrError>
  readonly longestLife: number
  readonly windows: Slot.Windows
  /** The layer's, for what ends behind the callers. */
  readonly scope: Scope.Scope
}

/** Tokens of one kind. */
export interface Mint<T> {
  readonly mint: (key: string, situation: Situation<T>) => Effect.Effect<Slot.Minted<T>, IcrError>
  /** Straight from the registry, and for no store. */
  readonly fresh: (key: string) => Effect.Effect<T, IcrError>
  /** Out of the store as well. With a token: unless the store has a newer one by now. */
  readonly remove: (key: string, upTo?: T) => Effect.Effect<void>
  /** This token was refused: it goes out of the store, no other does, and no later flight brings it. */
  readonly refuse: (key: string, token: Redacted.Redacted) => Effect.Effect<void>
  /** Out of the store, handed out if it still lives. */
  readonly take: (key: string) => Effect.Effect<Option.Option<T>>
}

const isSame = ({ token }: Token, that: Redacted.Redacted | undefined) =>
  that !== undefined && Redacted.value(token) === Redacted.value(that)

// Matters for as long as a removal is on its way, or where the store cannot remove.
const mostRefused = 1000

/** With a store: read before minting, minted under its lease, written after. Without: minted. */
export const makeMint = <T extends Token, I>(options: Options<T, I>): Mint<T> => {
  const { clock, exchange, longestLife, operation, windows } = options

  /** By the registry's clock. What a token lives beyond the documented limit is not relied on. */
  const lifeOf = (token: T) =>
    Effect.map(clock.now, (now) => Math.min(longestLife, DateTime.toEpochMillis(token.expiresAt) - now))

  const fromRegistry = Effect.fnUntraced(function* (key: string): Effect.fn.Return<Slot.Minted<T>, IcrError> {
    const value = yield* exchange(key)
    const life = yield* lifeOf(value)
    if (life <= 0) return yield* fail(new Clock({ operation, expiredFor: Duration.millis(-life) }))
    return { value, life, stored: false }
  })

  const fresh = (key: string) => Effect.map(fromRegistry(key), ({ value }) => value)

  if (Option.isNone(options.store)) {
    return {
      mint: fromRegistry,
      fresh,
      remove: () => Effect.void,
      refuse: () => Effect.void,
      take: () => Effect.succeedNone
    }
  }
  const stored = StoredTokens.make(options.store.value, options.codec, options.storeKey, options.scope)

  // Not in the slot, which may have been evicted.
  const refusedLast = new Map<string, Redacted.Redacted>()
  const refuse = Effect.fnUntraced(function* (key: string, refused: Redacted.Redacted) {
    const known = refusedLast.get(key)
    // Reported by many callers, removed for one.
    if (known !== undefined && Redacted.value(known) === Redacted.value(refused)) return
    const [oldest] = refusedLast.keys()
    if (oldest !== undefined && refusedLast.size >= mostRefused) refusedLast.delete(oldest)
    refusedLast.set(key, refused)
    const { token } = yield* stored.readInAnyCase(key)
    if (token !== undefined && isSame(token, refused)) yield* stored.remove(key, token)
  })

  const isRefused = (key: string, token: T, { refused }: Situation<T>) =>
    isSame(token, refused?.token) || isSame(token, refusedLast.get(key))

  /** Whether a stored token improves the situation: not the one in use, and good for a while. */
  const isGood = (token: T, life: number, { current, minimumLife }: Situation<T>) => {
    if (isSame(token, current?.token)) return false
    const whole = DateTime.toEpochMillis(token.expiresAt) - DateTime.toEpochMillis(token.createdAt)
    const { hard, soft } = Slot.capped(windows, Math.max(life, whole))
    return life > (current === undefined ? hard : soft) && life >= minimumLife
  }

  const fromStore = Effect.fnUntraced(function* (key: string, situation: Situation<T>) {
    const { isAway, timeLeft, token } = yield* stored.read(key)
    if (token === undefined) return { newerThan: 0, found: undefined, isAway }
    // Its removal may still be on its way, and would take along the lease of whoever mints in its place by then.
    const isDead = isRefused(key, token, situation)
    if (isDead) yield* stored.remove(key, token)
    const life = Math.min(yield* lifeOf(token), timeLeft)
    const found = !isDead && isGood(token, life, situation) ? { value: token, life, stored: true } : undefined
    return { newerThan: DateTime.toEpochMillis(token.expiresAt), found, isAway }
  })

  const now = Effect.map(EffectClock.Clock, makeSteadyTime())

  const minted = Effect.fnUntraced(function* (key: string): Effect.fn.Return<Slot.Minted<T>, IcrError> {
    const minted = yield* fromRegistry(key)
    const end = (yield* now) + minted.life
    yield* stored.write(key, minted.value, minted.life)
    // Its end is where it was, however long the store took.
    const life = end - (yield* now)
    if (life <= 0) return yield* fail(new Clock({ operation, expiredFor: Duration.millis(-life) }))
    return { ...minted, life }
  })

  /** In turn: whatever another process minted meanwhile is no token asked for by this one. */
  const inTurn = (key: string) =>
    Effect.flatMap(stored.underLease(key, Infinity, minted(key)), (own) =>
      own === undefined ? minted(key) : Effect.succeed(own)
    )

  const mint = Effect.fnUntraced(function* (key: string, situation: Situation<T>) {
    const before = yield* fromStore(key, situation)
    if (before.found !== undefined) return before.found
    // A store that is away has no lease to give, and the caller has waited for it once.
    if (before.isAway) return yield* minted(key)
    const own = yield* stored.underLease(key, before.newerThan, minted(key))
    if (own !== undefined) return own
    const { found } = yield* fromStore(key, situation)
    return found ?? (yield* minted(key))
  })

  return {
    mint: (key, situation) => (situation.minimumLife === Infinity ? inTurn(key) : mint(key, situation)),
    fresh,
    remove: stored.remove,
    refuse,
    take: Effect.fnUntraced(function* (key) {
      const { token } = yield* stored.readInAnyCase(key)
      yield* stored.remove(key)
      return token !== undefined && (yield* lifeOf(token)) > 0 ? Option.some(token) : Option.none()
    })
  }
}
