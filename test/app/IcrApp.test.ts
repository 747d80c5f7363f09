import { IcrApp } from "@effect-icr/app/IcrApp"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { withSimulator } from "../support/app.ts"

describe("IcrApp", () => {
  it.effect("streams every installation once", () =>
    Effect.gen(function* () {
      const app = yield* IcrApp
      const simulator = yield* Simulator
      const seen = yield* Stream.runCollect(app.installations)
      assert.deepStrictEqual(
        seen.map(({ id }) => String(id)),
        [...(yield* simulator.installationIds)]
      )
    }).pipe(Effect.provide(withSimulator({ installations: 120 })))
  )
})
