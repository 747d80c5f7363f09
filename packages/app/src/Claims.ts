/**
 * Who came first: the store behind de-duplicating deliveries (`WebhookDeduplication`) and single-use install states
 * (`InstallStates`).
 *
 * One process keeps its claims in memory. A fleet shares them through a store that can set a key only where there is none,
 * with a life of its own (`SET key 1 NX PX …` in Redis): two methods are all there is to write. Keys are digests and
 * random values; they contain no secret and no payload.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** A store of claims that failed. */
export class ClaimsError extends Schema.TaggedError<ClaimsError>("@effect-icr/app/ClaimsError")("ClaimsError", {
  operation: Schema.Literals(["claim", "release"]),
  detail: Schema.String
}) {
  override get message() {
    return `Claims.${this.operation} failed: ${this.detail}`
  }
}

/** First come, first served. A call that takes longer than a second is given up and counts as failed. */
export interface Claims {
  /** `true` for the first to claim the key, `false` for everybody else until `timeToLive` has passed. Atomic. */
  readonly claim: (key: string, timeToLive: Duration.Duration) => Effect.Effect<boolean, ClaimsError>
  /** Gives the key back, as when what it was claimed for did not come about. */
  readonly release: (key: string) => Effect.Effect<void, ClaimsError>
}

/** How many claims one process remembers; beyond it the oldest go. Some 100 bytes each. */
export const defaultCapacity = 100_000

/** Claims of one process, forgotten with it. `capacity` is a whole number of at least one; the layers check theirs. */
export const makeMemory = (capacity: number = defaultCapacity): Effect.Effect<Claims> =>
  Effect.sync(() => {
    // A mutable map changed in single synchronous steps: each claim is one look and one insertion, at no copy.
    const until = new Map<string, number>()
    /** Lives may differ, so insertion order is not quite the order of expiry: whatever is dead at the front goes. */
    const prune = (now: number) => {
      for (const [key, end] of until) {
        if (end > now && until.size < capacity) return
        until.delete(key)
      }
    }
    return {
      claim: (key, timeToLive) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          if ((until.get(key) ?? -Infinity) > now) return false
          until.delete(key)
          prune(now)
          until.set(key, now + Duration.toMillis(timeToLive))
          return true
        }),
      release: (key) => Effect.sync(() => void until.delete(key))
    }
  })
