/**
 * The tokens of one kind: a cache whose exchanges take a token from the store, or get one from the registry and put it into the
 * store.
 */
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { capped, type Exchanged } from "../../cache/internal/entry.ts"
import * as RefreshCache from "../../cache/internal/RefreshCache.ts"
import { invalidRequest } from "../../config/internal/validate.ts"
import { idProblem } from "../../domain/Ids.ts"
import * as ElapsedTime from "../../clock/internal/elapsedTime.ts"
import type * as ServerClock from "../../clock/ServerClock.ts"
import { IcrError } from "../../errors/IcrError.ts"
import { ClockSkew } from "../../errors/IcrReason.ts"
import type { Credential } from "../../http/Credential.ts"
import { tokenCredentials } from "./credentials.ts"
import type { Answer, GuardedStore } from "./guardedStore.ts"
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
  readonly codec: Schema.Codec<T, I>
  /** Whether a token is that of a key. A store may be mistaken. */
  readonly isFor: (key: string, token: T) => boolean
  /** A store is shared by apps and registries: its keys name them. */
  readonly storeKey: (key: string) => string
  /** What a call does before its deadline begins, unless it finds a token. */
  readonly prepare: Effect.Effect<void> | undefined
  /** Asks the registry. */
  readonly request: (key: string, watch: (credential: Credential) => Credential) => Effect.Effect<T, IcrError>
  readonly longestLife: number
  /** A token counts as ended this long before its end, at most a hundredth of its life. */
  readonly endMargin: number
  /** How long a token may be unknown to parts of the registry. */
  readonly newTokenGrace: number
}

const endOf = ({ expiresAt }: Token) => DateTime.toEpochMillis(expiresAt)
const mintedAt = ({ createdAt }: Token) => DateTime.toEpochMillis(createdAt)

// The documented life of an installation's token: one that was created longer ago is no new one, but that of a kept answer.
const longAgo = 2 * 60 * 60 * 1000

const isSame = (one: Redacted.Redacted, other: Redacted.Redacted | undefined) =>
  other !== undefined && Redacted.value(one) === Redacted.value(other)

/** Uninstalled or suspended: the token in use is invalid as well, and so is the one in a store. */
export const isGone = ({ reason }: IcrError) =>
  reason._tag === "InstallationSuspended" || reason._tag === "InstallationNotFound"

/** Reads the store before an exchange, exchanges under its lease, and writes to it afterwards. */
export const make = Effect.fnUntraced(function* <T extends Token, I>(options: Options<T, I>) {
  const { clock, longestLife, operation, refused, store, storeKey, windows } = options
  const elapsed = yield* ElapsedTime.make

  const json = Schema.fromJsonString(Schema.toCodecJson(options.codec))
  const decodeText = Schema.decodeOption(json)
  const encode = Schema.encodeEffect(json)
  /** The token that a store gave, if it is one of this key. */
  const tokenOf = (key: string, answer: Answer) =>
    Option.flatten(answer).pipe(
      Option.flatMap(({ value }) => decodeText(Redacted.value(value))),
      Option.filter((token) => options.isFor(key, token)),
      Option.getOrUndefined
    )

  /** What a token lives beyond the documented limit after it was minted is not relied on. */
  const lifeAt = (token: T, now: number) =>
    Math.min(longestLife, longestLife + mintedAt(token) - now, endOf(token) - now)
  /** The registry's clock is known to some seconds, and a call has to travel. `whole` is the life when it was minted. */
  const withoutMargin = (life: number, whole: number) => life - Math.min(options.endMargin, whole / 100)

  const ifAlive = (exchanged: Exchanged<T>) =>
    exchanged.life > 0
      ? Effect.succeed(exchanged)
      : Effect.fail(
          new IcrError({ reason: new ClockSkew({ operation, expiredFor: Duration.millis(-exchanged.life) }) })
        )

  const fromRegistry = Effect.fnUntraced(function* (key: string) {
    const askedAt = yield* Ref.make(-Infinity)
    const ask = Effect.flatMap(clock.now, (now) => Ref.set(askedAt, now))
    const value = yield* options.request(key, (credential) => ({ ...credential, get: Effect.tap(credential.get, ask) }))
    // The date of a kept answer is as old as the answer, and may just have set the clock back.
    const asked = yield* Ref.get(askedAt)
    const isOld = mintedAt(value) < asked - longAgo
    const now = Math.max(yield* clock.now, isOld ? asked : -Infinity)
    return yield* ifAlive({ value, life: Math.min(longestLife, endOf(value) - now), stored: false, isOld })
  })

  /** Encoding what was decoded fails only by a bug in the codec. */
  const entryOf = (token: T) =>
    Effect.suspend(() => encode(token)).pipe(
      Effect.orDie,
      Effect.map((text) => ({ value: Redacted.make(text), expiresAt: endOf(token) }))
    )

  /** With a token: unless the store has one that ends later. */
  const remove = (key: string, upTo?: T) => store.remove(storeKey(key), upTo === undefined ? Infinity : endOf(upTo))

  const wholeLife = (token: T) => Math.min(longestLife, endOf(token) - mintedAt(token))

  /** Whether a stored token improves the situation: it is not the one in use, and lives for a while. */
  const isGood = (token: T, life: number, { current, minimumLife }: RefreshCache.Situation<T>) => {
    if (isSame(token.token, current?.token)) return false
    const { forced, refresh } = capped(windows, Math.max(life, wholeLife(token)))
    return life > (current === undefined ? forced : refresh) && life >= minimumLife
  }

  const fromStore = Effect.fnUntraced(function* (key: string, situation: RefreshCache.Situation<T>) {
    // For some callers no stored token will do, not even one that another process obtains meanwhile.
    if (situation.minimumLife === Infinity) return { newerThan: Infinity, found: undefined, isUnavailable: false }
    const answer = yield* store.read(storeKey(key))
    const token = tokenOf(key, answer)
    if (token === undefined) return { newerThan: 0, found: undefined, isUnavailable: Option.isNone(answer) }
    const { timeLeft = Infinity } = Option.getOrThrow(Option.flatten(answer))
    const isRefused = yield* refused.has(storeKey(key), token.token)
    // Its removal may still be on its way, and would then take along the lease of this exchange.
    if (isRefused) yield* remove(key, token)
    const life = withoutMargin(Math.min(lifeAt(token, yield* clock.now), timeLeft), wholeLife(token))
    const found = !isRefused && isGood(token, life, situation) ? { value: token, life, stored: true } : undefined
    return { newerThan: endOf(token), found, isUnavailable: false }
  })

  const toStore = Effect.fnUntraced(function* (key: string) {
    const exchanged = yield* fromRegistry(key)
    const end = (yield* elapsed) + exchanged.life
    yield* store.write(storeKey(key), entryOf(exchanged.value), exchanged.life)
    // However long the store took, the end of the token is where it was.
    const left = yield* ifAlive({ ...exchanged, life: end - (yield* elapsed) })
    return { ...left, life: withoutMargin(left.life, exchanged.life) }
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

  /** Nothing is asked, of the store either, under a key that cannot be one. A held token proves its key. */
  const checked = <A>(key: string, self: Effect.Effect<A, IcrError>): Effect.Effect<A, IcrError> => {
    const problem = idProblem(key)
    return problem === undefined ? self : Effect.fail(invalidRequest(operation, problem))
  }

  /** From now on no exchange takes this token from the store. Tells whether that is new. */
  const remember = (key: string, token: Redacted.Redacted) => refused.add(storeKey(key), token)

  const debug = (key: string, what: string) => Effect.logDebug(`${operation} (${key}): ${what}`)

  const outcomeOf = (isRefresh: boolean, exit: Exit.Exit<Exchanged<T>, IcrError>) => {
    const what = isRefresh ? "refresh" : "exchange"
    if (Exit.isSuccess(exit)) return exit.value.stored ? "taken from the store" : `${what}${isRefresh ? "ed" : "d"}`
    return Option.match(Cause.findErrorOption(exit.cause), {
      onNone: () => `${what} ended`,
      onSome: ({ message }) => `${what} failed: ${message}`
    })
  }

  /** Does an exchange, with a line in the debug log. */
  const noted = Effect.fnUntraced(function* (key: string, situation: RefreshCache.Situation<T>) {
    const began = yield* elapsed
    return yield* exchange(key, situation).pipe(
      Effect.tapError((error) => (isGone(error) ? remove(key) : Effect.void)),
      Effect.onExit((exit) =>
        Effect.flatMap(elapsed, (now) =>
          debug(key, `${outcomeOf(situation.current !== undefined, exit)}, ${Math.round(now - began)} ms`)
        )
      )
    )
  })

  const cache = yield* RefreshCache.make<T>({
    ...options,
    exchange: (key, situation) => checked(key, noted(key, situation)),
    isGone,
    // The store was emptied before this token came, so it is still there.
    onOutdated: (key, value) => Effect.andThen(remember(key, value.token), remove(key, value)),
    onEvent: countToken,
    onCaller: countCaller
  })

  /** Remembered before it is dropped, so that no exchange begun in between takes it from the store again. */
  const refuse = Effect.fnUntraced(function* (key: string, token: Redacted.Redacted) {
    const isNew = yield* remember(key, token)
    yield* cache.drop(key, (held) => isSame(held.token, token))
    // Many callers report it, one removes it.
    if (!isNew) return
    yield* debug(key, "the token was refused and is dropped")
    const stored = tokenOf(key, yield* store.readAnyway(storeKey(key)))
    if (stored !== undefined && isSame(stored.token, token)) yield* remove(key, stored)
  })

  /** Removes what the store has, and returns it if it still lives. */
  const takeStored = Effect.fnUntraced(function* (key: string) {
    const stored = tokenOf(key, yield* store.readAnyway(storeKey(key)))
    if (stored !== undefined) yield* remember(key, stored.token)
    yield* remove(key)
    return stored !== undefined && lifeAt(stored, yield* clock.now) > 0 ? Option.some(stored) : Option.none()
  })

  return {
    get: cache.get,
    credential: tokenCredentials(cache, options.newTokenGrace, refuse, options.prepare),
    /** From the registry, neither kept nor stored. */
    fresh: (key: string) =>
      checked(
        key,
        fromRegistry(key).pipe(
          Effect.map(({ value }) => value),
          Effect.tapError((error) => (isGone(error) ? Effect.andThen(cache.invalidate(key), remove(key)) : Effect.void))
        )
      ),
    invalidate: Effect.fnUntraced(function* (key: string) {
      if (idProblem(key) !== undefined) return Option.none()
      const current = yield* cache.peek(key)
      if (current !== undefined) yield* remember(key, current.value.token)
      const held = yield* cache.invalidate(key)
      // It may be a newer one by now.
      if (held !== undefined) yield* remember(key, held.token)
      yield* debug(key, "invalidated")
      if (held === undefined) return yield* takeStored(key)
      // Only this one is returned: a newer one, of another process, would be lost without being revoked.
      yield* remove(key, held)
      return Option.some(held)
    }),
    /** Another process removed what ends no later than `upTo`. */
    removed: (key: string, upTo: number) =>
      Effect.andThen(
        cache.invalidateIf(key, (held) => endOf(held) <= upTo),
        debug(key, "invalidated by another process")
      )
  }
})
