/**
 * The failure of options and control actions.
 *
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
