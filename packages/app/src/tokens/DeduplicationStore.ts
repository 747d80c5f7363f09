/**
 * An atomic set-if-absent store, used to detect duplicates: webhook deliveries (`WebhookDeduplication`) and install states
 * that may be used once (`InstallStates`).
 *
 * One process keeps its claims in memory. A fleet shares them through a store that sets a key only where there is none, with
 * a time to live (`SET key 1 NX PX …` in Redis): two methods are all there is to write. Keys are digests and random values;
 * they contain no secret and no payload.
 *
 * ```ts
 * import {
 *   defaultCapacity,
 *   type DeduplicationStore,
 *   DeduplicationStoreError,
 *   makeMemory,
 *   withTimeout
 * } from "@effect-icr/app/DeduplicationStore"
 * import { Duration, Effect } from "effect"
 * import * as assert from "node:assert"
 *
 * const program = Effect.gen(function* () {
 *   const store = withTimeout(yield* makeMemory(defaultCapacity / 2))
 *   assert.strictEqual(yield* store.claim("delivery-1", Duration.minutes(10)), true)
 *   assert.strictEqual(yield* store.claim("delivery-1", Duration.minutes(10)), false)
 * })
 * await Effect.runPromise(program)
 *
 * // One of your own, over a table with a unique key.
 * export const overTable = (
 *   insert: (key: string, seconds: number) => Promise<boolean>,
 *   remove: (key: string) => Promise<void>
 * ): DeduplicationStore => ({
 *   claim: (key, timeToLive) =>
 *     Effect.tryPromise({
 *       try: () => insert(key, Duration.toSeconds(timeToLive)),
 *       catch: () => new DeduplicationStoreError({ operation: "claim", detail: "the table failed" })
 *     }),
 *   release: (key) =>
 *     Effect.tryPromise({
 *       try: () => remove(key),
 *       catch: () => new DeduplicationStoreError({ operation: "release", detail: "the table failed" })
 *     })
 * })
 * ```
 *
 * @module
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"

/**
 * A deduplication store that failed.
 *
 * @category errors
 * @since 0.1.0
 */
export class DeduplicationStoreError extends Schema.TaggedError<DeduplicationStoreError>(
  "@effect-icr/app/DeduplicationStoreError"
)("DeduplicationStoreError", {
  operation: Schema.Literals(["claim", "release"]),
  detail: Schema.String
}) {
  override get message() {
    return `DeduplicationStore.${this.operation} failed: ${this.detail}`
  }
}

/**
 * Claims keys, each for one caller. A call that takes longer than a second is interrupted and counts as failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeduplicationStore {
  /** `true` for the first caller to claim the key, `false` for every other one until `timeToLive` has passed. Atomic. */
  readonly claim: (key: string, timeToLive: Duration.Duration) => Effect.Effect<boolean, DeduplicationStoreError>
  /** Frees the key, as when the work it was claimed for failed. */
  readonly release: (key: string) => Effect.Effect<void, DeduplicationStoreError>
}

/**
 * How many claims one process remembers by default, at about 100 bytes each.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaultCapacity = 100_000

/**
 * When claims end, in two generations. New claims go into the younger one. Once that is full it becomes the older one, whose
 * claims are dropped as a whole, so that no eviction walks through entries.
 */
interface Generations {
  readonly younger: HashMap.HashMap<string, number>
  readonly older: HashMap.HashMap<string, number>
}

const endOf = ({ older, younger }: Generations, key: string) =>
  Option.getOrElse(HashMap.get(younger, key), () => Option.getOrElse(HashMap.get(older, key), () => -Infinity))

const add = ({ older, younger }: Generations, key: string, end: number, size: number): Generations =>
  HashMap.size(younger) < size
    ? { younger: HashMap.set(younger, key, end), older }
    : { younger: HashMap.make([key, end]), older: younger }

/**
 * A store in the memory of one process. It remembers the newest half of `capacity` claims at the least, and `capacity` at the
 * most. `capacity` is a whole number of at least two; one counts as two.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeMemory = (capacity: number = defaultCapacity): Effect.Effect<DeduplicationStore> =>
  Effect.map(Ref.make<Generations>({ younger: HashMap.empty(), older: HashMap.empty() }), (state) => {
    const size = Math.max(1, Math.floor(capacity / 2))
    return {
      claim: (key, timeToLive) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          Ref.modify(state, (claims) =>
            endOf(claims, key) > now
              ? [false, claims]
              : [true, add(claims, key, now + Duration.toMillis(timeToLive), size)]
          )
        ),
      release: (key) =>
        Ref.update(state, ({ older, younger }) => ({
          younger: HashMap.remove(younger, key),
          older: HashMap.remove(older, key)
        }))
    }
  })

/** The longest a store may take: a registry or a browser waits for the answer. */
const limit = Duration.seconds(1)

// Claims are made and released in uninterruptible regions. The limit still holds there, since the call runs in a fiber of its own.
const within = <A>(operation: DeduplicationStoreError["operation"], call: Effect.Effect<A, DeduplicationStoreError>) =>
  Effect.timeoutOrElse(call, {
    duration: limit,
    orElse: () =>
      Effect.fail(new DeduplicationStoreError({ operation, detail: `no answer within ${Duration.format(limit)}` }))
  })

/**
 * The same store with a limit of one second on every call: a store that hangs fails.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withTimeout = ({ claim, release }: DeduplicationStore): DeduplicationStore => ({
  claim: (key, timeToLive) => within("claim", claim(key, timeToLive)),
  release: (key) => within("release", release(key))
})
