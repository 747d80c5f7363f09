/** What the command itself refuses, with the exit code that says so. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** What each exit code means. The README and `icr --help` say the same. */
export const exitCodes = { failed: 1, usage: 2, configuration: 3 } as const

/** One line for people, and the exit code. */
export class Failure extends Schema.TaggedError<Failure>("@effect-icr/cli/Failure")("Failure", {
  message: Schema.String,
  kind: Schema.Literals(["failed", "usage", "configuration"]).pipe(
    Schema.withConstructorDefault(Effect.succeed("failed" as const))
  )
}) {}
