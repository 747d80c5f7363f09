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
  const { clock, isFor, longestLife, operation, store, storeKey, windows } = options
  const elapsed = yield* ElapsedTime.make
  const refused = yield* RefusedTokens.make

  const debug = (key: string, what: string) => Effect.logDebug(`${operation} (${key}): ${what}`)

  /** Nothing is asked, of the store either, under a key that cannot be one. A held token proves its key. */
  const checked = <A>(key: string, self: () => Effect.Effect<A, IcrError>): Effect.Effect<A, IcrError> => {
    const problem = idProblem(key)
    return problem === undefined ? self() : Effect.fail(invalidRequest(operation, problem))
  }

  // ---------------------------------------------------------------------------------------------------------------------
  // From the registry
  // ---------------------------------------------------------------------------------------------------------------------

  /** The registry's clock is known to some seconds, and a call has to travel. `whole` is the life when it was minted. */
  const withoutMargin = (life: number, whole: number) => life - Math.min(options.endMargin, whole / 100)

  const ifAlive = (exchanged: Entry.Exchanged<T>) =>
    exchanged.life > 0
      ? Effect.succeed(exchanged)
      : Effect.fail(
          new IcrError({ reason: new ClockSkew({ operation, expiredFor: Duration.millis(-exchanged.life) }) })
        )

  const fromRegistry = (key: string) =>
    Effect.flatMap(options.request(key), ({ askedAt, value }) =>
      Effect.flatMap(clock.now, (present) => {
        // The date of a kept answer is as old as the answer, and may just have set the clock back.
        const isOld = mintedAt(value) < askedAt - longAgo
        const now = isOld ? Math.max(present, askedAt) : present
        return ifAlive({ value, life: Math.min(longestLife, endOf(value) - now), stored: false, isOld })
      })
    )

  // ---------------------------------------------------------------------------------------------------------------------
  // From the store
  // ---------------------------------------------------------------------------------------------------------------------

  const json = Schema.fromJsonString(Schema.toCodecJson(options.codec))
  const decodeText = Schema.decodeOption(json)
  const encode = Schema.encodeSync(json)

  /** The token that a store gave, if it is one of this key. */
  const tokenOf = (key: string, answer: Answer) =>
    (answer ?? Option.none()).pipe(
      Option.flatMap(({ value }) => decodeText(Redacted.value(value))),
      Option.filter((token) => isFor(key, token)),
      Option.getOrUndefined
    )

  /** What the store has, even one that gave no answer lately. */
  const stored = (key: string) =>
    store === undefined
      ? Effect.undefined
      : Effect.map(store.readAnyway(storeKey(key)), (answer) => tokenOf(key, answer))

  /** With a token: unless the store has one that ends later. */
  const remove = (key: string, upTo?: T) =>
    store === undefined ? Effect.void : store.remove(storeKey(key), upTo === undefined ? Infinity : endOf(upTo))

  /** What a token lives beyond the documented limit after it was minted is not relied on. */
  const lifeAt = (token: T, now: number) =>
    Math.min(longestLife, longestLife + mintedAt(token) - now, endOf(token) - now)

  const wholeLife = (token: T) => Math.min(longestLife, endOf(token) - mintedAt(token))

  /** Whether a stored token improves the situation: it is not the one in use, and lives for a while. */
  const isGood = (token: T, life: number, { current, minimumLife }: RefreshCache.Situation<T>) => {
    if (isSame(token.token, current?.token)) return false
    const { forced, refresh } = Entry.capped(windows, Math.max(life, wholeLife(token)))
    return life > (current === undefined ? forced : refresh) && life >= minimumLife
  }

  /** What the store has for a situation, if it is available, and the end of its token: only a newer one is worth a look. */
  const fromStore = Effect.fnUntraced(function* (
    store: GuardedStore,
    key: string,
    situation: RefreshCache.Situation<T>
  ) {
    // For some callers no stored token will do, not even one that another process obtains meanwhile.
    if (situation.minimumLife === Infinity) return { newerThan: Infinity, found: undefined }
    const answer = yield* store.read(storeKey(key))
    if (answer === undefined) return undefined
    const token = tokenOf(key, answer)
    if (token === undefined) return { newerThan: 0, found: undefined }
    const { timeLeft = Infinity } = Option.getOrThrow(answer)
    const isRefused = yield* refused.has(key, token.token)
    // Its removal may still be on its way, and would then take along the lease of this exchange.
    if (isRefused) yield* remove(key, token)
    const life = withoutMargin(Math.min(lifeAt(token, yield* clock.now), timeLeft), wholeLife(token))
    const found = !isRefused && isGood(token, life, situation) ? { value: token, life, stored: true } : undefined
    return { newerThan: endOf(token), found }
  })

  const toStore = Effect.fnUntraced(function* (store: GuardedStore, key: string) {
    const exchanged = yield* fromRegistry(key)
    const { life, value } = exchanged
    const end = (yield* elapsed) + life
    const entry = () => ({ value: Redacted.make(encode(value)), expiresAt: endOf(value) })
    yield* store.write(storeKey(key), entry, life)
    // However long the store took, the end of the token is where it was.
    const left = yield* ifAlive({ ...exchanged, life: end - (yield* elapsed) })
    return { ...left, life: withoutMargin(left.life, life) }
  })

  const throughStore = Effect.fnUntraced(function* (
    store: GuardedStore,
    key: string,
    situation: RefreshCache.Situation<T>
  ) {
    const before = yield* fromStore(store, key, situation)
    if (before?.found !== undefined) return before.found
    // An unavailable store cannot grant a lease, and the caller has waited for it once.
    if (before === undefined) return yield* toStore(store, key)
    const own = yield* store.underLease(storeKey(key), before.newerThan, toStore(store, key))
    if (own !== undefined) return own
    const after = yield* fromStore(store, key, situation)
    return after?.found ?? (yield* toStore(store, key))
  })

  // ---------------------------------------------------------------------------------------------------------------------
  // The cache
  // ---------------------------------------------------------------------------------------------------------------------

  const exchange = (key: string, situation: RefreshCache.Situation<T>): Effect.Effect<Entry.Exchanged<T>, IcrError> =>
    store === undefined
      ? Effect.map(fromRegistry(key), (brought) => ({ ...brought, life: withoutMargin(brought.life, brought.life) }))
      : Effect.tapError(throughStore(store, key, situation), (error) => (isGone(error) ? remove(key) : Effect.void))

  /** Does an exchange, with a line in the debug log. */
  const noted = Effect.fnUntraced(function* (key: string, situation: RefreshCache.Situation<T>) {
    const began = yield* elapsed
    const [what, past] = situation.current === undefined ? ["exchange", "exchanged"] : ["refresh", "refreshed"]
    const outcomeOf = (exit: Exit.Exit<Entry.Exchanged<T>, IcrError>) => {
      if (Exit.isSuccess(exit)) return exit.value.stored ? "taken from the store" : past
      const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
      return error === undefined ? `${what} ended` : `${what} failed: ${error.message}`
    }
    return yield* Effect.onExit(exchange(key, situation), (exit) =>
      Effect.flatMap(elapsed, (now) => debug(key, `${outcomeOf(exit)}, ${Math.round(now - began)} ms`))
    )
  })

  const cache = yield* RefreshCache.make<T>({
    ...options,
    exchange: (key, situation) =>
      checked(key, () =>
        Effect.flatMap(LogLevel.isEnabled("Debug"), (isEnabled) => (isEnabled ? noted : exchange)(key, situation))
      ),
    isGone,
    // The store was emptied before this token came, so it is still there.
    onOutdated: (key, value) => Effect.andThen(refused.add(key, value.token), remove(key, value)),
    onEvent: countEvent
  })

  /** Remembered before it is dropped, so that no exchange begun in between takes it from the store again. */
  const refuse = Effect.fnUntraced(function* (key: string, token: Redacted.Redacted) {
    const isNew = yield* refused.add(key, token)
    yield* cache.change(key, (entry) => Entry.dropped(entry, (held) => isSame(held.token, token)))
    // Many callers report it, one removes it.
    if (!isNew) return
    yield* debug(key, "the token was refused and is dropped")
    const found = yield* stored(key)
    if (found !== undefined && isSame(found.token, token)) yield* remove(key, found)
  })

  const invalidateEntry = (key: string) =>
    cache.change(key, (entry, _, lastExchange) => Entry.invalidated(entry, lastExchange))

  /** Empties the entry and the store, and returns what lived. */
  const invalidate = Effect.fnUntraced(function* (key: string) {
    if (idProblem(key) !== undefined) return Option.none()
    const { entry, now } = yield* cache.look(key)
    const current = Entry.living(entry, now)
    if (current !== undefined) yield* refused.add(key, current.value.token)
    const { before, now: then } = yield* invalidateEntry(key)
    // It may be a newer one by now.
    const held = Entry.living(before, then)?.value
    if (held !== undefined) yield* refused.add(key, held.token)
    yield* debug(key, "invalidated")
    // Only a token that was held is returned and removed: a newer one, of another process, would be lost without being revoked.
    const found = held ?? (yield* stored(key))
    if (held === undefined && found !== undefined) yield* refused.add(key, found.token)
    yield* remove(key, held)
    return found !== undefined && (held !== undefined || lifeAt(found, yield* clock.now) > 0)
      ? Option.some(found)
      : Option.none()
  })

  return {
    get: cache.get,
    credential: tokenCredentials(cache, options.newTokenGrace, refuse, options.prepare),
    /** From the registry, neither kept nor stored. */
    fresh: (key: string) =>
      checked(key, () =>
        fromRegistry(key).pipe(
          Effect.map(({ value }) => value),
          Effect.tapError((error) => (isGone(error) ? Effect.andThen(invalidateEntry(key), remove(key)) : Effect.void))
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
