/**
 * The tokens of one kind: a cache whose exchanges take a token from the store, or get one from the registry and put it into the
 * store.
 */
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Entry from "../../cache/internal/entry.ts"
import * as RefreshCache from "../../cache/internal/RefreshCache.ts"
import { invalidRequest } from "../../config/internal/validate.ts"
import { idProblem } from "../../domain/Ids.ts"
import * as ElapsedTime from "../../clock/internal/elapsedTime.ts"
import type * as ServerClock from "../../clock/ServerClock.ts"
import { IcrError } from "../../errors/IcrError.ts"
import { ClockSkew } from "../../errors/IcrReason.ts"
import { tokenCredentials } from "./credentials.ts"
import type { Asked } from "./exchangeLimit.ts"
import type { Answer, GuardedStore } from "./guardedStore.ts"
import { countEvent } from "./metrics.ts"
import * as RefusedTokens from "./refusedTokens.ts"

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
  readonly store: GuardedStore | undefined
  readonly codec: Schema.Codec<T, I>
  /** Whether a token is that of a key. A store may be mistaken. */
  readonly isFor: (key: string, token: T) => boolean
  /** A store is shared by apps and registries: its keys name them. */
  readonly storeKey: (key: string) => string
  /** What a call does before its deadline begins, unless it finds a token. */
  readonly prepare: Effect.Effect<void> | undefined
  /** Asks the registry. */
  readonly request: (key: string) => Effect.Effect<Asked<T>, IcrError>
  readonly longestLife: number
  /** A token counts as ended this long before its end, at most a hundredth of its life. */
  readonly endMargin: number
  /** How long a token may be unknown to parts of the registry. */
  readonly newTokenGrace: number
}

const endOf = ({ expiresAt }: Token) => DateTime.toEpochMillis(expiresAt)
const madeAt = ({ createdAt }: Token) => DateTime.toEpochMillis(createdAt)

// The documented life of an installation's token: one that was created longer ago comes from a cached answer.
const longAgo = 2 * 60 * 60 * 1000

const isSame = (one: Redacted.Redacted, other: Redacted.Redacted | undefined) =>
  other !== undefined && Redacted.value(one) === Redacted.value(other)

/** A token as a store keeps it. Encoding what was decoded fails only by a bug in the codec. */
const asText = <T, I>(codec: Schema.Codec<T, I>) => {
  const json = Schema.fromJsonString(Schema.toCodecJson(codec))
  return { decode: Schema.decodeOption(json), encode: Schema.encodeSync(json) }
}

/** Uninstalled or suspended: the token in use is invalid as well, and so is the one in a store. */
export const isGone = ({ reason }: IcrError) =>
  reason._tag === "InstallationSuspended" || reason._tag === "InstallationNotFound"

/** For the debug log. */
const outcomeOf = (isRefresh: boolean, exit: Exit.Exit<Entry.Exchanged<unknown>, IcrError>) => {
  if (Exit.isSuccess(exit) && exit.value.stored) return "taken from the store"
  if (Exit.isSuccess(exit)) return isRefresh ? "refreshed" : "exchanged"
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  return `${isRefresh ? "refresh" : "exchange"} ${error === undefined ? "ended" : `failed: ${error.message}`}`
}

/** Reads the store before an exchange, exchanges under its lease, and writes to it afterwards. */
export const make = Effect.fnUntraced(function* <T extends Token, I>(options: Options<T, I>) {
  const { clock, longestLife, operation, store, storeKey, windows } = options
  const elapsed = yield* ElapsedTime.make
  const refused = yield* RefusedTokens.make

  const debug = (key: string, what: string) => Effect.logDebug(`${operation} (${key}): ${what}`)

  /** Fails for a key that is no id, before the store or the registry is asked. The key of a held token is known to be one. */
  const checked = <A>(key: string, self: () => Effect.Effect<A, IcrError>): Effect.Effect<A, IcrError> => {
    const problem = idProblem(key)
    return problem === undefined ? self() : Effect.fail(invalidRequest(operation, problem))
  }

  /** A life less a margin: the registry's clock is known to some seconds, and a call has to travel. `whole` is the whole life. */
  const withoutMargin = (life: number, whole: number) => life - Math.min(options.endMargin, whole / 100)

  /** Succeeds with what an exchange brought, if anything of its life is left. */
  const ifAlive = <A>(life: number, brought: A): Effect.Effect<A, IcrError> =>
    life > 0
      ? Effect.succeed(brought)
      : Effect.fail(new IcrError({ reason: new ClockSkew({ operation, expiredFor: Duration.millis(-life) }) }))

  const fromRegistry = (key: string) =>
    Effect.flatMap(options.request(key), ({ askedAt, value }) =>
      Effect.flatMap(clock.now, (present) => {
        // The date of a cached answer is as old as the answer, and may just have set the clock back.
        const isOld = madeAt(value) < askedAt - longAgo
        const life = Math.min(longestLife, endOf(value) - (isOld ? Math.max(present, askedAt) : present))
        return ifAlive(life, { value, life: withoutMargin(life, life), whole: life, stored: false, isOld })
      })
    )

  // ---------------------------------------------------------------------------------------------------------------------
  // With a store
  // ---------------------------------------------------------------------------------------------------------------------

  const { decode, encode } = asText(options.codec)

  /** The token that a store gave, if it is one of this key. */
  const tokenOf = (key: string, answer: Answer) =>
    Option.flatMap(answer ?? Option.none(), ({ value }) => decode(Redacted.value(value))).pipe(
      Option.filter((token) => options.isFor(key, token)),
      Option.getOrUndefined
    )

  /** Removes the entry of a key; with `upTo`, only if it ends no later than that token. */
  const remove = (key: string, upTo?: T) =>
    store === undefined ? Effect.void : store.remove(storeKey(key), upTo === undefined ? Infinity : endOf(upTo))

  /** How long a token still lives, without what it lives beyond the documented limit. */
  const lifeAt = (token: T, now: number) => Math.min(longestLife, longestLife + madeAt(token) - now, endOf(token) - now)

  const throughStore = (store: GuardedStore) => {
    /** What the store has for a situation, and the end of its token: only a newer one is worth another look. */
    const fromStore = Effect.fnUntraced(function* (key: string, { current, minimumLife }: RefreshCache.Situation<T>) {
      // For some callers no stored token will do, not even one that another process obtains meanwhile.
      if (minimumLife === Infinity) return { newerThan: Infinity, found: undefined }
      const answer = yield* store.read(storeKey(key))
      if (answer === undefined) return undefined
      const value = tokenOf(key, answer)
      if (value === undefined) return { newerThan: 0, found: undefined }
      const { timeLeft = Infinity } = Option.getOrThrow(answer)
      const isRefused = yield* refused.has(key, value.token)
      // Remove it now: a removal that is still on its way would later delete the lease of this exchange as well.
      if (isRefused) yield* remove(key, value)
      const whole = Math.min(longestLife, endOf(value) - madeAt(value))
      const life = withoutMargin(Math.min(lifeAt(value, yield* clock.now), timeLeft), whole)
      // It has to improve the situation: it is not the one in use, and lives for a while.
      const { forced, refresh } = Entry.capped(windows, Math.max(life, whole))
      const isGood = life > (current === undefined ? forced : refresh) && life >= minimumLife
      const isNews = !isRefused && !isSame(value.token, current?.token)
      return { newerThan: endOf(value), found: isGood && isNews ? { value, life, stored: true } : undefined }
    })

    const toStore = Effect.fnUntraced(function* (key: string) {
      const { whole, ...brought } = yield* fromRegistry(key)
      const end = (yield* elapsed) + whole
      const entry = () => ({ value: Redacted.make(encode(brought.value)), expiresAt: endOf(brought.value) })
      yield* store.write(storeKey(key), entry, whole)
      // The time that the store took is a part of the token's life.
      const left = end - (yield* elapsed)
      return yield* ifAlive(left, { ...brought, life: withoutMargin(left, whole) })
    })

    return Effect.fnUntraced(
      function* (key: string, situation: RefreshCache.Situation<T>) {
        const before = yield* fromStore(key, situation)
        if (before?.found !== undefined) return before.found
        // An unavailable store cannot grant a lease, and the caller has waited for it once.
        if (before === undefined) return yield* toStore(key)
        const own = yield* store.underLease(storeKey(key), before.newerThan, toStore(key))
        return own ?? (yield* fromStore(key, situation))?.found ?? (yield* toStore(key))
      },
      (self, key) => Effect.tapError(self, (error) => (isGone(error) ? remove(key) : Effect.void))
    )
  }

  // ---------------------------------------------------------------------------------------------------------------------
  // With a cache
  // ---------------------------------------------------------------------------------------------------------------------

  const exchange: RefreshCache.Options<T>["exchange"] = store === undefined ? fromRegistry : throughStore(store)

  /** Does an exchange, with a line in the debug log. */
  const noted: RefreshCache.Options<T>["exchange"] = (key, situation) =>
    Effect.flatMap(elapsed, (began) =>
      Effect.onExit(exchange(key, situation), (exit) =>
        Effect.flatMap(elapsed, (now) =>
          debug(key, `${outcomeOf(situation.current !== undefined, exit)}, ${Math.round(now - began)} ms`)
        )
      )
    )

  const cache = yield* RefreshCache.make<T>({
    ...options,
    exchange: (key, situation) =>
      checked(key, () =>
        Effect.flatMap(LogLevel.isEnabled("Debug"), (isDebug) => (isDebug ? noted : exchange)(key, situation))
      ),
    isGone,
    // The store was emptied before this token was written, so it still has the token.
    onOutdated: (key, value) => Effect.andThen(refused.add(key, value.token), remove(key, value)),
    onEvent: countEvent
  })

  /** The token in the store, which is asked even if it gave no answer lately. */
  const stored = (key: string) =>
    store === undefined
      ? Effect.undefined
      : Effect.map(store.readAnyway(storeKey(key)), (answer) => tokenOf(key, answer))

  /** Drops a refused token. It is remembered first, so that no exchange begun in between takes it from the store again. */
  const refuse = Effect.fnUntraced(function* (key: string, token: Redacted.Redacted) {
    const isNew = yield* refused.add(key, token)
    yield* cache.change(key, (entry) => Entry.dropped(entry, (held) => isSame(held.token, token)))
    // Many callers may report it; only the first one removes it from the store.
    if (!isNew) return
    yield* debug(key, "the token was refused and is dropped")
    const found = yield* stored(key)
    if (found !== undefined && isSame(found.token, token)) yield* remove(key, found)
  })

  /** Empties an entry and returns what it held. */
  const empty = (key: string) =>
    Effect.map(
      cache.change(key, (entry, _, lastExchange) => Entry.invalidated(entry, lastExchange)),
      ({ before, now }) => Entry.living(before, now)?.value
    )

  /** Empties the entry and the store, and returns what lived. */
  const invalidate = Effect.fnUntraced(function* (key: string) {
    if (idProblem(key) !== undefined) return Option.none()
    const { entry, now } = yield* cache.look(key)
    const current = Entry.living(entry, now)
    if (current !== undefined) yield* refused.add(key, current.value.token)
    const held = yield* empty(key)
    yield* debug(key, "invalidated")
    const found = held ?? (yield* stored(key))
    // It may be a newer one than was held above.
    if (found !== undefined) yield* refused.add(key, found.token)
    // Only what is returned is removed: a newer one, of another process, would be lost without being revoked.
    yield* remove(key, held)
    const lives = found !== undefined && (held !== undefined || lifeAt(found, yield* clock.now) > 0)
    return lives ? Option.some(found) : Option.none()
  })

  return {
    get: cache.get,
    credential: tokenCredentials({ ...options, cache, refuse }),
    /** From the registry, neither kept nor stored. */
    fresh: (key: string) =>
      checked(key, () =>
        Effect.map(fromRegistry(key), ({ value }) => value).pipe(
          Effect.tapError((error) => (isGone(error) ? Effect.andThen(empty(key), remove(key)) : Effect.void))
        )
      ),
    invalidate,
    /** Another process removed what ends no later than `upTo`. */
    removed: (key: string, upTo: number) =>
      Effect.andThen(
        cache.change(key, (entry, _, lastExchange) =>
          Entry.invalidatedIf(entry, lastExchange, (held) => endOf(held) <= upTo)
        ),
        debug(key, "invalidated by another process")
      )
  }
})
