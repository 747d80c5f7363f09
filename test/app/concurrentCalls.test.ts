/** The time limits of calls that run beside each other, in virtual time. */
import { IcrHttp } from "@effect-icr/app"
import { assert, describe, it, vi } from "@effect/vitest"
import type { Duration } from "effect"
import { Clock, Effect, Fiber, Layer, Schedule } from "effect"
import { TestClock } from "effect/testing"
import {
  aheadBy,
  anyClient,
  credential,
  draw,
  get,
  inVirtualTime,
  ok,
  played,
  status,
  wireOver
} from "./support/wire.ts"

describe("the limits of many calls", () => {
  const stalled = played(() => Effect.never)
  /** When a call ends that is begun after so many milliseconds. */
  const endOf = <A, E, R>(wait: Duration.Input, call: Effect.Effect<A, E, R>) =>
    Effect.forkChild(Effect.andThen(Effect.delay(Effect.exit(call), wait), Clock.currentTimeMillis))
  const post = Effect.flatMap(anyClient, (client) => client.post("/things"))
  /** A clock for one call that says something else than that of the others. */
  const ownClock = Effect.map(Clock.Clock, (clock) => aheadBy(clock, () => 3_600_000))

  it.effect("are kept for each of them, whatever becomes of the others", () =>
    Effect.gen(function* () {
      const ends = [
        yield* endOf(0, post),
        yield* endOf("1 second", Effect.timeout(post, "1 second")),
        yield* endOf("2 seconds", Effect.provideService(post, Clock.Clock, yield* ownClock)),
        yield* endOf("3 seconds", post),
        // One that begins in the moment in which another one ends.
        yield* endOf("4 seconds", Effect.andThen(Effect.exit(post), post))
      ]
      yield* TestClock.adjust("2 hours")
      assert.deepStrictEqual(yield* Effect.forEach(ends, Fiber.join), [10_000, 2000, 12_000, 13_000, 24_000])
    }).pipe(Effect.provide(wireOver(stalled.layer)))
  )

  it.effect("are kept by a call near its deadline too, when those begun before it may take longer", () =>
    Effect.gen(function* () {
      // Its third attempt begins at 20.6 s and has until 30 s.
      const late = yield* endOf(0, draw(1)(get))
      const early = yield* endOf("20500 millis", post)
      yield* TestClock.adjust("2 hours")
      assert.deepStrictEqual([yield* Fiber.join(late), yield* Fiber.join(early)], [30_000, 30_500])
    }).pipe(Effect.provide(wireOver(stalled.layer)))
  )

  /** Refused once after 5 s, and sent again at once with the credential at hand. */
  const refusedOnce = Effect.flatMap(IcrHttp, (http) =>
    http
      .client({
        operation: "Test.call",
        credential: {
          ...credential,
          onRefused: ({ refused }) => Effect.succeed({ again: refused.length < 2, tried: "nothing" })
        }
      })
      .post("/things")
  )

  it.effect("begin anew with each attempt, for a call that was watched before", () => {
    const { layer, sent } = played((n) =>
      n === 1
        ? Effect.delay(
            Effect.sync(() => status(401)),
            "5 seconds"
          )
        : Effect.never
    )
    return Effect.gen(function* () {
      const end = yield* endOf(0, refusedOnce)
      yield* TestClock.adjust("2 hours")
      assert.deepStrictEqual([yield* Fiber.join(end), sent.length], [15_000, 2])
    }).pipe(Effect.provide(wireOver(layer)))
  })

  it.effect("are kept where they are over at once, one call after the other", () =>
    Effect.gen(function* () {
      const end = yield* endOf(0, Effect.andThen(Effect.exit(post), post))
      yield* TestClock.adjust("2 hours")
      assert.isDefined(end.pollUnsafe())
    }).pipe(Effect.provide(wireOver(stalled.layer, { attemptTimeout: 0 })))
  )

  it("are seen by a program's tests with fake timers, whenever the calls and the timers began", async () => {
    const context = await Effect.runPromise(
      Effect.scoped(Layer.build(wireOver(stalled.layer, { attemptTimeout: "9 seconds" })))
    )
    const before = Effect.runForkWith(context)(post)
    vi.useFakeTimers()
    try {
      const ends: Array<number> = []
      const begin = () => {
        const began = Date.now()
        Effect.runForkWith(context)(Effect.exit(post)).addObserver(() => ends.push(Date.now() - began))
      }
      begin()
      begin()
      await vi.advanceTimersByTimeAsync(5000)
      begin()
      await vi.advanceTimersByTimeAsync(60_000)
      assert.deepStrictEqual(
        ends.map((millis) => Math.round(millis / 100)),
        [90, 90, 90]
      )
    } finally {
      vi.useRealTimers()
      before.interruptUnsafe()
    }
  })

  it.effect("leave what a repetition knows of its schedule where it was", () => {
    const attempts: Array<number> = []
    const { layer } = played((n) =>
      Effect.map(Schedule.CurrentMetadata, ({ attempt }) => {
        attempts.push(attempt)
        return n < 3 ? status(503) : ok()
      })
    )
    return Effect.gen(function* () {
      yield* inVirtualTime(get)
      assert.deepStrictEqual(attempts, [0, 1, 2])
    }).pipe(Effect.provide(wireOver(layer)))
  })

  it.effect("leave no timer behind: it would keep the process from ending", () => {
    let begun = 0
    let asleep = 0
    const { layer } = played(() => Effect.as(Effect.yieldNow, ok()))
    return Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const counting: Clock.Clock = Object.create(clock, {
        sleep: {
          value: (duration: Duration.Duration) =>
            Effect.acquireUseRelease(
              Effect.sync(() => void (begun++, asleep++)),
              () => clock.sleep(duration),
              () => Effect.sync(() => void asleep--)
            )
        }
      })
      const calls = Effect.replicateEffect(get, 20, { concurrency: "unbounded", discard: true })
      yield* Effect.provideService(Effect.andThen(calls, calls), Clock.Clock, counting)
      assert.isAbove(begun, 0)
      assert.strictEqual(asleep, 0)
    }).pipe(Effect.provide(wireOver(layer)))
  })
})
