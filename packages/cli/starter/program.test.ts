/** Runs the program over a registry in memory: no network, no account. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import * as TestRegistry from "@effect-icr/testing/TestRegistry"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { program } from "./program.ts"

it.effect("names every organization that has installed the app", () =>
  Effect.gen(function* () {
    const { control, installationIds } = yield* Simulator
    assert.lengthOf(yield* program, 3)
    const [first = ""] = yield* installationIds
    yield* control.uninstall(first)
    assert.lengthOf(yield* program, 2)
  }).pipe(Effect.provide(TestRegistry.layer))
)
