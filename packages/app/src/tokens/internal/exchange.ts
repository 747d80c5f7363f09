/**
 * The tokens of one kind: a cache whose exchanges take a token from the store, or get one from the registry and put it into the
 * store.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { capped, type Exchanged } from "../../cache/internal/entry.ts"
import * as RefreshCache from "../../cache/internal/RefreshCache.ts"
import * as ElapsedTime from "../../clock/internal/elapsedTime.ts"
import type * as ServerClock from "../../clock/ServerClock.ts"
import { IcrError } from "../../errors/IcrError.ts"
import { ClockSkew } from "../../errors/IcrReason.ts"
import { tokenCredential } from "./credentials.ts"
import type { GuardedStore } from "./guardedStore.ts"
import { countCaller, countToken } from "./metrics.ts"
import type { RefusedTokens } from "./refusedTokens.ts"

/** What all access tokens have. */
interface Token {
  readonly token: Redacted.Redacted
  readonly createdAt: DateTime.Utc
  readonly expiresAt: DateTime.Utc
}

/** Times in milliseconds. */
export interface Options<T, I> extends Pick<RefreshCache.Options<T>, "capacity" | "name" | "retry" | "windows"> {
  readonly operation: string
  readonly clock: ServerClock.Service
  readonly store: GuardedStore
  readonly refused: RefusedTokens
  /** For the tokens of a key. */
  readonly codec: (key: string) => Schema.Codec<T, I>
  /** A store is shared by apps and registries: its keys name them. */
  readonly storeKey: (key: string) => string
  /** Asks the registry. */
  readonly request: (key: string) => Effect.Effect<T, IcrError>
  readonly longestLife: number
}

const endOf = ({ expiresAt }: Token) => DateTime.toEpochMillis(expiresAt)

const isSame = (one: Redacted.Redacted, other: Redacted.Redacted | undefined) =>
  other !== undefined && Redacted.value(one) === Redacted.value(other)

/** Uninstalled or suspended: the token in use is invalid as well, and so is the one in a store. */
const isGone = ({ reason }: IcrError) =>
  reason._tag === "InstallationSuspended" || reason._tag === "InstallationNotFound"

/** Reads the store before an exchange, exchanges under its lease, and writes to it afterwards. */
export const make = Effect.fnUntraced(function* <T extends Token, I>(options: Options<T, I>) {
  const { clock, longestLife, operation, refused, store, storeKey, windows } = options
  const elapsed = yield* ElapsedTime.make

  const json = (key: string) => Schema.fromJsonString(Schema.toCodecJson(options.codec(key)))
  const decode = (key: string, text: Redacted.Redacted) =>
    Option.getOrUndefined(Schema.decodeOption(json(key))(Redacted.value(text)))

  /** By the registry's clock. What a token lives beyond the documented limit is not relied on. */
  const lifeOf = (token: T) => Effect.map(clock.now, (now) => Math.min(longestLife, endOf(token) - now))

  const ifAlive = (exchanged: Exchanged<T>) =>
    exchanged.life > 0
      ? Effect.succeed(exchanged)
      : Effect.fail(
          new IcrError({ reason: new ClockSkew({ operation, expiredFor: Duration.millis(-exchanged.life) }) })
        )

  const fromRegistry = Effect.fnUntraced(function* (key: string) {
    const value = yield* options.request(key)
    return yield* ifAlive({ value, life: yield* lifeOf(value), stored: false })
  })

  const write = Effect.fnUntraced(function* (key: string, token: T, life: number) {
    // Encoding what was decoded fails only by a bug in the codec.
    const text = yield* Effect.orDie(Schema.encodeEffect(json(key))(token))
    yield* store.write(storeKey(key), { value: Redacted.make(text), expiresAt: endOf(token) }, life)
  })

  /** With a token: unless the store has one that ends later. */
  const remove = (key: string, upTo?: T) => store.remove(storeKey(key), upTo === undefined ? Infinity : endOf(upTo))

  /** Whether a stored token improves the situation: it is not the one in use, and lives for a while. */
  const isGood = (token: T, life: number, { current, minimumLife }: RefreshCache.Situation<T>) => {
    if (isSame(token.token, current?.token)) return false
    const whole = endOf(token) - DateTime.toEpochMillis(token.createdAt)
    const { forced, refresh } = capped(windows, Math.max(life, whole))
    return life > (current === undefined ? forced : refresh) && life >= minimumLife
  }

  const fromStore = Effect.fnUntraced(function* (key: string, situation: RefreshCache.Situation<T>) {
    const { entry, isUnavailable } = yield* store.read(storeKey(key))
    const nothing = { newerThan: 0, found: undefined, isUnavailable }
    if (Option.isNone(entry)) return nothing
    const { timeLeft = Infinity, value } = entry.value
    const token = decode(key, value)
    if (token === undefined) return nothing
    const isRefused = yield* refused.has(storeKey(key), token.token)
    // Its removal may still be on its way, and would then take along the lease of this exchange.
    if (isRefused) yield* remove(key, token)
    const life = Math.min(yield* lifeOf(token), timeLeft)
    const found = !isRefused && isGood(token, life, situation) ? { value: token, life, stored: true } : undefined
    return { newerThan: endOf(token), found, isUnavailable }
  })

  const toStore = Effect.fnUntraced(function* (key: string) {
    const exchanged = yield* fromRegistry(key)
    const end = (yield* elapsed) + exchanged.life
    yield* write(key, exchanged.value, exchanged.life)
    // However long the store took, the end of the token is where it was.
    return yield* ifAlive({ ...exchanged, life: end - (yield* elapsed) })
  })

  const exchange = Effect.fnUntraced(function* (key: string, situation: RefreshCache.Situation<T>) {
    const before = yield* fromStore(key, situation)
    if (before.found !== undefined) return before.found
    // An unavailable store cannot grant a lease, and the caller has waited for it once.
    if (before.isUnavailable) return yield* toStore(key)
    const own = yield* store.underLease(storeKey(key), before.newerThan, toStore(key))
    if (own !== undefined) return own
    const { found } = yield* fromStore(key, situation)
    return found ?? (yield* toStore(key))
  })

  /** For callers for whom no stored token will do, not even one that another process obtains meanwhile. */
  const exchangeUnderLease = Effect.fnUntraced(function* (key: string) {
    const own = yield* store.underLease(storeKey(key), Infinity, toStore(key))
    return own ?? (yield* toStore(key))
  })

  const readAnyway = Effect.fnUntraced(function* (key: string) {
    const { entry } = yield* store.readAnyway(storeKey(key))
    return Option.isSome(entry) ? decode(key, entry.value.value) : undefined
  })

  /** From now on no exchange takes this token from the store. Tells whether that is new. */
  const remember = (key: string, token: Redacted.Redacted) => refused.add(storeKey(key), token)

  const cache = yield* RefreshCache.make<T>({
    ...options,
    exchange: (key, situation) =>
      (situation.minimumLife === Infinity ? exchangeUnderLease(key) : exchange(key, situation)).pipe(
        Effect.tapError((error) => (isGone(error) ? remove(key) : Effect.void))
      ),
    isGone,
    onEvent: countToken,
    onCaller: countCaller
  })

  /** Remembered before it is dropped, so that no exchange begun in between takes it from the store again. */
  const refuse = Effect.fnUntraced(function* (key: string, token: Redacted.Redacted) {
    const isNew = yield* remember(key, token)
    yield* cache.drop(key, (held) => isSame(held.token, token))
    // Many callers report it, one removes it.
    if (!isNew) return
    const stored = yield* readAnyway(key)
    if (stored !== undefined && isSame(stored.token, token)) yield* remove(key, stored)
  })

  /** Removes what the store has, and returns it if it still lives. */
  const takeStored = Effect.fnUntraced(function* (key: string) {
    const stored = yield* readAnyway(key)
    if (stored !== undefined) yield* remember(key, stored.token)
    yield* remove(key)
    return stored !== undefined && (yield* lifeOf(stored)) > 0 ? Option.some(stored) : Option.none()
  })

  return {
    get: cache.get,
    credential: (key: string) => tokenCredential(cache, key, (token) => refuse(key, token)),
    /** From the registry, neither kept nor stored. */
    fresh: (key: string) =>
      fromRegistry(key).pipe(
        Effect.map(({ value }) => value),
        Effect.tapError((error) => (isGone(error) ? Effect.andThen(cache.invalidate(key), remove(key)) : Effect.void))
      ),
    invalidate: Effect.fnUntraced(function* (key: string) {
      const current = yield* cache.peek(key)
      if (current !== undefined) yield* remember(key, current.value.token)
      const held = yield* cache.invalidate(key)
      if (held === undefined) return yield* takeStored(key)
      // Only this one is returned: a newer one, of another process, would be lost without being revoked.
      yield* remove(key, held)
      return Option.some(held)
    }),
    /** Another process removed what ends no later than `upTo`. */
    removed: (key: string, upTo: number) => cache.invalidateIf(key, (held) => endOf(held) <= upTo)
  }
})
