/** The right to mint for a key, one process at a time: a Redis key with the owner's value and a life of its own. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Link } from "./link.ts"
import * as Scripts from "./scripts.ts"

/** Times in milliseconds. */
export interface Options {
  /** What a dead holder costs the others. A living one renews its lease every third of it. */
  readonly life: number
  /** The longest wait for somebody else's. */
  readonly wait: number
}

/** All leases of one store. */
export interface Leases {
  /**
   * Takes the lease and gives it back when the scope closes; `true` when there is a newer token instead. Waits within the bound
   * for another holder's; after it, and while Redis is away, `false` without a lease.
   */
  readonly take: (options: {
    readonly lease: string
    readonly token: string
    readonly newerThan: number
    /** A token that this process cannot open, which is as good as none; empty when there is none. */
    readonly unreadable: string
  }) => Effect.Effect<boolean, never, Scope.Scope>
  /** Under which owner value this process took the lease, whether or not it still has it; empty when it did not. */
  readonly ownerOf: (lease: string) => string
}

// Looks often at first, since an exchange takes a fraction of a second; jittered, so that waiters do not meet.
const looking = Schedule.jittered(Schedule.min([Schedule.exponential("25 millis", 1.5), Schedule.spaced("500 millis")]))

/** No leases yet. */
export const make = (link: Link, { life, wait }: Options): Leases => {
  const owners = new Map<string, string>()

  const renewing = (lease: string, owner: string) =>
    link
      .use((redis) => redis.eval(Scripts.renew)(lease, owner, life))
      .pipe(
        Effect.delay(life / 3),
        // A lease once lost stays lost; an outage may end before the lease does.
        Effect.retry(Schedule.forever),
        Effect.repeat({ while: (renewed) => renewed === 1 })
      )

  const take: Leases["take"] = Effect.fnUntraced(function* ({ lease, newerThan, token, unreadable }) {
    const owner = crypto.randomUUID()
    const release = link.use((redis) => redis.eval(Scripts.release)(lease, owner))
    // An attempt that was given up may still reach Redis; this arrives after it, on the same connection.
    const releaseLater = link.useLater((redis) => redis.eval(Scripts.release)(lease, owner))
    // Nothing was asked for during an outage, so there is nothing to give back.
    let mayHold = false
    yield* Effect.addFinalizer(() => {
      if (owners.get(lease) === owner) owners.delete(lease)
      return mayHold ? Effect.catch(release, () => releaseLater) : Effect.void
    })
    const outcome = yield* link
      .use((redis) => {
        mayHold = true
        return redis.eval(Scripts.acquire)({ token, lease, owner, life, newerThan, unreadable })
      })
      .pipe(
        Effect.repeat({ schedule: looking, until: (outcome) => outcome !== 0 }),
        Effect.timeoutOrElse({ duration: wait, orElse: () => Effect.succeed(0) }),
        Effect.orElseSucceed(() => 0)
      )
    if (outcome === Scripts.acquired.newer) mayHold = false
    if (outcome === Scripts.acquired.lease) {
      owners.set(lease, owner)
      yield* Effect.forkScoped(renewing(lease, owner))
    }
    return outcome === Scripts.acquired.newer
  })

  return { take, ownerOf: (lease) => owners.get(lease) ?? "" }
}
