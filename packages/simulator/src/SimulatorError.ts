import * as Schema from "effect/Schema"

/** The simulator was asked for something it cannot do: an option or a control action that makes no sense. */
export class SimulatorError extends Schema.TaggedError<SimulatorError>("@effect-icr/simulator/SimulatorError")(
  "SimulatorError",
  { message: Schema.String }
) {}
