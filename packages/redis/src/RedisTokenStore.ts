/**
 * One token for a fleet: `TokenStore` on Redis 6.2 or newer, or on Valkey, through Effect's own `Redis` service.
 *
 * Processes that need the same token find it here, and while one of them mints it the others wait: a lease around the
 * exchange makes it one for the whole fleet. Tokens are sealed (AES-256-GCM, see `TokenSeal`). A removal (a refused, revoked or
 * forgotten token) reaches the other processes within {@link removalDelay}.
 *
 * Redis is a convenience, never a condition: while it is away (an answer that takes longer than `timeout` counts as away)
 * every process goes on with the tokens it holds and mints its own; one warning says so, and it heals by itself.
 */
import type { IcrError } from "@effect-icr/app/IcrError"
import * as TokenSeal from "@effect-icr/app/TokenSeal"
import { type Entry, TokenStore } from "@effect-icr/app/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Redis } from "effect/persistence/Redis"
import * as Leases from "./internal/lease.ts"
import * as Link from "./internal/link.ts"
import { positiveMillis } from "./internal/options.ts"
import * as Removals from "./internal/removals.ts"
import * as Scripts from "./internal/scripts.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Options
// ---------------------------------------------------------------------------------------------------------------------

/** How tokens are sealed and named, and how long anything may take. */
export type Options = TokenSeal.Options & {
  /** Before every key, to share a Redis with others. Default `icr:`. On a cluster it needs a hash tag, such as `{icr}:`. */
  readonly prefix?: string | undefined
  /** What takes Redis longer counts as away. Default 250 ms. */
  readonly timeout?: Duration.Input | undefined
  /** How long the others wait for a process that died while it minted. A living one renews its lease. Default 10 s. */
  readonly lease?: Duration.Input | undefined
  /**
   * The longest wait for a living process that mints; after it a process mints for itself. Default 8 s; the cache itself
   * waits no longer than 10 s.
   */
  readonly wait?: Duration.Input | undefined
}

/** How long a removal takes to reach the other processes, at the most, while Redis is there. */
export const removalDelay: Duration.Duration = Duration.seconds(2)

// ---------------------------------------------------------------------------------------------------------------------
// Constructor
// ---------------------------------------------------------------------------------------------------------------------

const mostUnreadable = 1000

const make = Effect.fnUntraced(function* (options: Options) {
  const seal = yield* TokenSeal.make(options)
  const { prefix = "icr:" } = options
  const me = crypto.randomUUID()
  const tokenAt = (key: string) => `${prefix}token:${key}`
  const leaseAt = (key: string) => `${prefix}lease:${key}`
  const log = `${prefix}removed`

  const removing = (key: string, upTo: number) => (redis: Redis["Service"]) => {
    const to = upTo === Infinity ? undefined : upTo
    const entry = Removals.encode({ key, upTo: to ?? null, by: me })
    return redis.eval(Scripts.remove)({ token: tokenAt(key), lease: leaseAt(key), log, upTo: to, entry })
  }
  const untold = Removals.makeUntold(removing)
  const link = yield* Link.make(yield* Redis, {
    timeout: yield* positiveMillis("timeout", options.timeout ?? "250 millis"),
    probeKey: `${prefix}probe`,
    meanwhile: "tokens are neither shared nor minted in turn",
    catchUp: untold.tell
  })
  const leases = Leases.make(link, {
    life: yield* positiveMillis("lease", options.lease ?? "10 seconds"),
    wait: yield* positiveMillis("wait", options.wait ?? "8 seconds")
  })

  // Sealed under a key that this process does not have, say. Where it would count, all processes would mint without a lease.
  const unreadable = new Map<string, string>()
  const remember = (key: string, text: string) => {
    const [oldest] = unreadable.keys()
    if (oldest !== undefined && unreadable.size >= mostUnreadable) unreadable.delete(oldest)
    unreadable.set(key, text)
  }

  const open = Effect.fnUntraced(function* (key: string, text: string, timeLeft: number) {
    const [, end = "", sealed = ""] = /^(\d+) (.*)$/s.exec(text) ?? []
    // What has no end was not written by us.
    const value = timeLeft < 0 ? Option.none() : yield* seal.open(key, sealed)
    if (Option.isNone(value)) {
      remember(key, text)
      return Option.none<Entry>()
    }
    unreadable.delete(key)
    return Option.some<Entry>({ value: value.value, expiresAt: Number(end), timeLeft })
  })

  return TokenStore.of({
    get: (key) =>
      link
        .use((redis) => redis.eval(Scripts.get)(tokenAt(key)))
        .pipe(
          Effect.orElseSucceed(() => null),
          Effect.flatMap((found) => (found === null ? Effect.succeedNone : open(key, ...found)))
        ),
    set: Effect.fnUntraced(function* (key, { expiresAt, value }, timeToLive) {
      const text = `${expiresAt} ${yield* seal.seal(key, value)}`
      const [token, lease] = [tokenAt(key), leaseAt(key)]
      const life = Math.max(1, Math.floor(Duration.toMillis(timeToLive)))
      yield* Effect.ignore(
        link.use((redis) =>
          redis.eval(Scripts.set)({
            token,
            lease,
            text,
            expiresAt,
            life,
            owner: leases.ownerOf(lease),
            unreadable: unreadable.get(key) ?? ""
          })
        )
      )
    }),
    // One that Redis cannot be told of now is told when it is back, before any call gets to it.
    remove: (key, upTo = Infinity) =>
      link.use(removing(key, upTo)).pipe(
        Effect.onError(() => Effect.sync(() => untold.add(key, upTo))),
        // It may be back by now; during an outage this fails at once.
        Effect.catch(() => untold.tell(link.use)),
        Effect.ignore
      ),
    lease: (key, newerThan) =>
      leases.take({
        lease: leaseAt(key),
        token: tokenAt(key),
        newerThan,
        unreadable: unreadable.get(key) ?? ""
      }),
    removals: Removals.make(link, log, me)
  })
})

// ---------------------------------------------------------------------------------------------------------------------
// Layers
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Tokens in Redis, sealed with the keys of `ICR_TOKEN_STORE_KEY` unless told otherwise. Fails with the reason `Configuration`
 * for a key that cannot be one or a time that is not positive; what Redis does fails nothing.
 */
export const layer = (options: Options = {}): Layer.Layer<TokenStore, IcrError, Redis> =>
  Layer.effect(TokenStore, make(options))
