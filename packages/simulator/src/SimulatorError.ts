/**
 * The failure of options and control actions.
 *
 * ```ts
 * import { Simulator } from "@effect-icr/simulator/Simulator"
 * import type { SimulatorError } from "@effect-icr/simulator/SimulatorError"
 * import { Effect } from "effect"
 * import * as assert from "node:assert"
 *
 * const mistaken = Effect.provide(Simulator, Simulator.layerWith({ installations: -1 }))
 * const error: SimulatorError = await Effect.runPromise(Effect.flip(mistaken))
 * assert.match(error.message, /installations/)
 * ```
 *
 * @module
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * An option or a control action is invalid. The message names it.
 *
 * @since 0.1.0
 * @category errors
 */
export class SimulatorError extends Schema.TaggedError<SimulatorError>("@effect-icr/simulator/SimulatorError")(
  "SimulatorError",
  { message: Schema.String }
) {}
