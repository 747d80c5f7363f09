import { Effect, type Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { Duration } from "effect"

/** Runs an effect while the clock moves on, and gives what came of it. */
export const within = <A, E, R>(effect: Effect.Effect<A, E, R>, time: Duration.Input) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    yield* TestClock.adjust(time)
    return yield* Fiber.join(fiber)
  })

/** As {@link within}, for an effect that fails. */
export const failsWithin = <A, E, R>(effect: Effect.Effect<A, E, R>, time: Duration.Input) =>
  within(Effect.flip(effect), time)

/** As {@link within}, with the exit. */
export const exitWithin = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  time: Duration.Input
): Effect.Effect<Exit.Exit<A, E>, never, R> => within(Effect.exit(effect), time)
