/** Leases: the right to exchange a token, held by one process at a time. Each is a Redis key that expires by itself. */
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { GuardedRedis } from "./availability.ts"
import * as Scripts from "./scripts.ts"

/** Times in milliseconds. */
export interface Options {
  /** When the lease of a process that died expires. A living process renews its lease every third of it. */
  readonly timeToLive: number
  /** The longest wait for the lease of another process. */
  readonly wait: number
}

/** What a process asks for. */
export interface AcquireOptions {
  readonly leaseKey: string
  readonly tokenKey: string
  /** A token that ends later makes the lease unnecessary. `Infinity` when no token does. */
  readonly newerThan: number
  /** The text of a stored token that this process cannot open and that counts as missing. Empty when there is none. */
  readonly unreadable: string
}

/** The leases of one store. */
export interface Leases {
  /**
   * Holds a lease until the scope closes. Succeeds with `true`, and holds none, when a newer token is stored. Waits while
   * another process holds the lease; after the longest wait, and during an outage, it succeeds with `false` and holds none.
   */
  readonly acquire: (options: AcquireOptions) => Effect.Effect<boolean, never, Scope.Scope>
  /**
   * The owner value under which this process acquired a lease, even if Redis has given the lease to another process since.
   * Empty when this process did not acquire it.
   */
  readonly ownerOf: (leaseKey: string) => Effect.Effect<string>
}

// Frequent at first, since an exchange takes a fraction of a second. Jittered, so that waiting processes spread out.
const retrySchedule = Schedule.jittered(
  Schedule.min([Schedule.exponential("25 millis", 1.5), Schedule.spaced("500 millis")])
)

export const make = Effect.fnUntraced(function* (
  redis: GuardedRedis,
  { timeToLive, wait }: Options
): Effect.fn.Return<Leases> {
  const owners = yield* Ref.make(HashMap.empty<string, string>())

  const renew = (leaseKey: string, owner: string) =>
    redis
      .use((redis) => redis.eval(Scripts.renew)(leaseKey, owner, timeToLive))
      .pipe(
        Effect.delay(timeToLive / 3),
        // An outage may end before the lease expires.
        Effect.retry(Schedule.forever),
        Effect.repeat({ while: (renewed) => renewed === 1 })
      )

  const acquire: Leases["acquire"] = Effect.fnUntraced(function* ({ leaseKey, newerThan, tokenKey, unreadable }) {
    const owner: string = crypto.randomUUID()
    const release = redis.use((redis) => redis.eval(Scripts.release)(leaseKey, owner))
    // A command that was sent and got no answer may still be executed. The release follows it on the same connection.
    const releaseInBackground = redis.useInBackground((redis) => redis.eval(Scripts.release)(leaseKey, owner))
    const mayHold = yield* Ref.make(false)
    yield* Effect.addFinalizer(() =>
      Effect.gen(function* () {
        yield* Ref.update(owners, (owners) =>
          Option.contains(HashMap.get(owners, leaseKey), owner) ? HashMap.remove(owners, leaseKey) : owners
        )
        if (yield* Ref.get(mayHold)) yield* Effect.catch(release, () => releaseInBackground)
      })
    )
    const outcome = yield* redis
      .use((redis) =>
        Effect.andThen(
          Ref.set(mayHold, true),
          redis.eval(Scripts.acquire)({ tokenKey, leaseKey, owner, timeToLive, newerThan, unreadable })
        )
      )
      .pipe(
        Effect.repeat({ schedule: retrySchedule, until: (outcome) => outcome !== Scripts.acquireOutcome.held }),
        Effect.timeoutOrElse({ duration: wait, orElse: () => Effect.succeed(Scripts.acquireOutcome.held) }),
        Effect.orElseSucceed(() => Scripts.acquireOutcome.held)
      )
    if (outcome === Scripts.acquireOutcome.newerToken) yield* Ref.set(mayHold, false)
    if (outcome === Scripts.acquireOutcome.acquired) {
      yield* Ref.update(owners, HashMap.set(leaseKey, owner))
      yield* Effect.forkScoped(renew(leaseKey, owner))
    }
    return outcome === Scripts.acquireOutcome.newerToken
  })

  return {
    acquire,
    ownerOf: (leaseKey) =>
      Effect.map(Ref.get(owners), (owners) => Option.getOrElse(HashMap.get(owners, leaseKey), () => ""))
  }
})
