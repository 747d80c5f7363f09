/** Fork, move the clock, join: the outcome is the same a thousand times out of a thousand, over a fresh layer each. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import * as TestRegistry from "@effect-icr/testing/TestRegistry"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { anyDistance, callback, outcomes, token, unavailable, verified } from "./support/outcomes.ts"

const runs = 1000

describe("fork, adjust, join, a thousand times", () => {
  it.live("gives the token, however far the clock is moved", () =>
    Effect.gen(function* () {
      const counted = yield* outcomes(
        runs,
        TestRegistry.layer,
        Effect.succeed(Effect.as(token, "a token")),
        anyDistance
      )
      assert.deepStrictEqual(counted, { "a token": runs })
    })
  )

  it.live("verifies an install callback under an outage", () =>
    Effect.gen(function* () {
      const prepare = Effect.gen(function* () {
        const { control } = yield* Simulator
        yield* control.faults.script("GET /app/installations/{installationId}", [unavailable, unavailable])
        return Effect.as(Effect.flatMap(callback, verified), "verified")
      })
      assert.deepStrictEqual(yield* outcomes(runs, TestRegistry.layer, prepare), { verified: runs })
    })
  )
})
