/**
 * A `TokenStore` on Redis 6.2 or newer, or on Valkey, for a fleet of processes that share their access tokens.
 *
 * A process that needs a token finds the one that another process has exchanged. A lease around each exchange makes the other
 * processes wait, so that the whole fleet exchanges once. Tokens are sealed with AES-256-GCM (see `TokenSeal`). A token that
 * one process invalidates is dropped by the others within {@link invalidationDelay}.
 *
 * **When to use**: several processes or machines run the same app. A single process that wants its tokens to survive a
 * restart needs only `KeyValueTokenStore`.
 *
 * **Gotchas**: no call fails because of Redis. While it is unavailable, one warning is logged, and each process serves the
 * tokens it holds and exchanges its own. An answer that takes longer than `timeout` counts as unavailable. Provide the
 * `Redis` through `ReconnectingRedis`, so that the program can start without it.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import * as ReconnectingRedis from "@effect-icr/redis/ReconnectingRedis"
 * import * as RedisTokenStore from "@effect-icr/redis/RedisTokenStore"
 * import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
 * import * as NodeRedis from "@effect/platform-node/NodeRedis"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * export const AppLive = IcrApp.layer.pipe(
 *   Layer.provide(RedisTokenStore.layer),
 *   Layer.provide(ReconnectingRedis.layer(NodeRedis.layer({ url: "redis://127.0.0.1:6379" }))),
 *   Layer.provide(NodeHttpClient.layerUndici)
 * )
 *
 * // In a test of a fleet: by then every process knows of an invalidation
 * export const everybodyKnows = Effect.sleep(RedisTokenStore.invalidationDelay)
 * ```
 *
 * @module
 */
import type { IcrError } from "@effect-icr/app/IcrError"
import * as TokenSeal from "@effect-icr/app/TokenSeal"
import { type Entry, TokenStore } from "@effect-icr/app/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Redis } from "effect/persistence/Redis"
import * as Availability from "./internal/availability.ts"
import * as Invalidations from "./internal/invalidations.ts"
import * as Leases from "./internal/leases.ts"
import { defaultTimeout, keyPrefix, positiveMillis, type RedisOptions } from "./internal/options.ts"
import * as PendingInvalidations from "./internal/pendingInvalidations.ts"
import * as Scripts from "./internal/scripts.ts"
import * as UnreadableEntries from "./internal/unreadableEntries.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Options
// ---------------------------------------------------------------------------------------------------------------------

/**
 * How tokens are sealed, how keys are named, and how long a command or a lease may take.
 *
 * @category options
 * @since 0.1.0
 */
export type Options = TokenSeal.Options &
  RedisOptions & {
    /**
     * When the lease of a process that died during an exchange expires. A living process renews its lease. Default 10 s.
     */
    readonly lease?: Duration.Input | undefined
    /**
     * The longest wait for a living process to finish an exchange; after it, a process exchanges for itself. Default 8 s.
     * The token cache waits 10 s at the most.
     */
    readonly wait?: Duration.Input | undefined
  }

/**
 * How long an invalidation takes to reach the other processes, at the most, while Redis is available.
 *
 * @category constants
 * @since 0.1.0
 */
export const invalidationDelay: Duration.Duration = Duration.seconds(2)

// ---------------------------------------------------------------------------------------------------------------------
// Constructor
// ---------------------------------------------------------------------------------------------------------------------

const make = Effect.fnUntraced(function* (options: Options) {
  const seal = yield* TokenSeal.make(options)
  const prefix = keyPrefix(options)
  const processId = crypto.randomUUID()
  const tokenKey = (key: string) => `${prefix}token:${key}`
  const leaseKey = (key: string) => `${prefix}lease:${key}`
  const logKey = `${prefix}invalidations`

  const invalidate = (key: string, end: number) => (redis: Redis["Service"]) => {
    const upTo = end === Infinity ? undefined : end
    const entry = Invalidations.encode({ key, upTo: upTo ?? null, by: processId })
    return redis.eval(Scripts.invalidate)({ tokenKey: tokenKey(key), leaseKey: leaseKey(key), logKey, upTo, entry })
  }
  const pending = yield* PendingInvalidations.make(invalidate)
  const redis = yield* Availability.make(yield* Redis, {
    timeout: yield* positiveMillis("timeout", options.timeout ?? defaultTimeout),
    probes: [
      (redis) =>
        redis.eval(Scripts.set)({
          tokenKey: `${prefix}probe:token`,
          leaseKey: `${prefix}probe:lease`,
          text: "0 probe",
          expiresAt: 0,
          timeToLive: 1000,
          owner: "",
          unreadable: ""
        }),
      (redis) => redis.send("XRANGE", logKey, "+", "+", "COUNT", "1")
    ],
    consequence: "tokens are not shared, and each process exchanges its own",
    // Before any token is read: a process must not read one that was invalidated during the outage.
    onAvailable: pending.replay
  })
  const leases = yield* Leases.make(redis, {
    timeToLive: yield* positiveMillis("lease", options.lease ?? "10 seconds"),
    wait: yield* positiveMillis("wait", options.wait ?? "8 seconds")
  })
  const unreadable = yield* UnreadableEntries.make

  // The end is sealed with the token: whoever moves an entry's end makes it unreadable.
  const sealName = (key: string, end: string) => `${end} ${key}`

  const open = Effect.fnUntraced(function* (key: string, text: string, timeLeft: number) {
    const [, end = "", sealed = ""] = /^(\d+) (.*)$/s.exec(text) ?? []
    // This package stores nothing without a time to live, for which Redis reports a negative time.
    const value = timeLeft < 0 ? Option.none() : yield* seal.open(sealName(key, end), sealed)
    if (Option.isNone(value)) {
      yield* unreadable.add(key, text)
      return Option.none<Entry>()
    }
    yield* unreadable.remove(key)
    return Option.some<Entry>({ value: value.value, expiresAt: Number(end), timeLeft })
  })

  return TokenStore.of({
    get: (key) =>
      redis
        .use((redis) => redis.eval(Scripts.get)(tokenKey(key)))
        .pipe(
          Effect.orElseSucceed(() => null),
          Effect.flatMap((found) => (found === null ? Effect.succeedNone : open(key, ...found)))
        ),
    set: Effect.fnUntraced(function* (key, { expiresAt, value }, timeToLive) {
      const entry: Scripts.SetOptions = {
        tokenKey: tokenKey(key),
        leaseKey: leaseKey(key),
        text: `${expiresAt} ${yield* seal.seal(sealName(key, String(expiresAt)), value)}`,
        expiresAt,
        timeToLive: Math.max(1, Math.floor(Duration.toMillis(timeToLive))),
        owner: yield* leases.ownerOf(leaseKey(key)),
        unreadable: yield* unreadable.textOf(key)
      }
      yield* Effect.ignore(redis.use((redis) => redis.eval(Scripts.set)(entry)))
    }),
    remove: (key, upTo = Infinity) =>
      redis.use(invalidate(key, upTo)).pipe(
        Effect.onError(() => pending.add(key, upTo)),
        // An outage that has ended in the meantime does not replay what was added after its end. During one this fails at once.
        Effect.catch(() => pending.replay(redis.use)),
        Effect.ignore
      ),
    lease: (key, newerThan) =>
      Effect.flatMap(unreadable.textOf(key), (unreadable) =>
        leases.acquire({ leaseKey: leaseKey(key), tokenKey: tokenKey(key), newerThan, unreadable })
      ),
    removals: Invalidations.read(redis, logKey, processId)
  })
})

// ---------------------------------------------------------------------------------------------------------------------
// Layers
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Tokens in Redis, sealed with the keys of `ICR_TOKEN_STORE_KEY` unless the options name others. Fails with the reason
 * `Configuration` for a key that is missing or malformed, and for a time that is not positive.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (options: Options): Layer.Layer<TokenStore, IcrError, Redis> =>
  Layer.effect(TokenStore, make(options))

/**
 * Tokens in Redis, sealed with the keys of `ICR_TOKEN_STORE_KEY`. Fails with the reason `Configuration` for a key that is
 * missing or malformed.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<TokenStore, IcrError, Redis> = layerWith({})
