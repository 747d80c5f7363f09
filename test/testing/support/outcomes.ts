/** What tests of the registry in memory do again and again. */
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { InstallFlow } from "@effect-icr/webhooks/InstallFlow"
import { Array as Arr, Cause, type Duration, Effect, Exit, Fiber, Layer, Record } from "effect"
import { TestClock } from "effect/testing"

/** The first installation. */
export const first = Effect.flatMap(Simulator, ({ installationIds }) =>
  Effect.map(installationIds, ([id = ""]) => InstallationId.make(id))
)

/** The token of the first installation. */
export const token = Effect.flatMap(first, (id) =>
  Effect.flatMap(IcrApp, ({ installationToken }) => installationToken(id))
)

/** One answer of a registry in trouble. */
export const unavailable = { _tag: "Status", status: 503 } as const

const session = "a session"

/** The callback to which the registry sends the browser after the first installation. */
export const callback = Effect.gen(function* () {
  const { installUrl } = yield* InstallFlow
  const link = yield* installUrl({ appNameId: "app1", session })
  return `/callback?installationId=${yield* first}&state=${link.searchParams.get("state")}`
})

/** Verifies a callback. */
export const verified = (url: string) =>
  Effect.flatMap(InstallFlow, ({ verifyCallback }) => verifyCallback(url, { session }))

/** From nothing to more than any limit of a call, a token or a store. */
export const anyDistance = [
  "0 millis",
  "1 millis",
  "999 millis",
  "10 seconds",
  "1 minute",
  "3 hours",
  "400 days"
] as const
/** More than all waits between the attempts of a call, whatever their jitter. */
export const longDistance = ["1 minute", "10 minutes", "3 hours", "400 days"] as const

const outcomeOf = <E>(exit: Exit.Exit<string, E>) =>
  Exit.isSuccess(exit) ? exit.value : String(Cause.squash(exit.cause))

/**
 * Prepares, forks, moves the clock and joins, each time over a fresh layer and a fresh clock. Counts the outcomes by their
 * words.
 */
export const outcomes = <R, E>(
  runs: number,
  layer: Layer.Layer<R, unknown>,
  prepare: Effect.Effect<Effect.Effect<string, E, R>, unknown, R>,
  distances: ReadonlyArray<Duration.Input> = longDistance
) =>
  Effect.forEach(Arr.range(1, runs), (run) =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(yield* prepare)
      yield* TestClock.adjust(distances[run % distances.length] ?? "1 minute")
      return outcomeOf(yield* Fiber.await(fiber))
    }).pipe(Effect.provide(Layer.fresh(layer)), Effect.provide(Layer.fresh(TestClock.layer())))
  ).pipe(
    Effect.map((all) =>
      Record.map(
        Arr.groupBy(all, (outcome) => outcome),
        ({ length }) => length
      )
    )
  )
