/** Turns whatever a run ends with into one line on standard error and an exit code: no stack trace, no secret. */
import type { IcrError } from "@effect-icr/app/IcrError"
import type { SimulatorError } from "@effect-icr/simulator/SimulatorError"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { PlatformError } from "effect/PlatformError"
import * as Predicate from "effect/Predicate"
import * as Runtime from "effect/Runtime"
import { printable } from "../output/printable.ts"
import { exitCodes, type Failure } from "./failure.ts"

/** Everything that a command of `icr` fails with. */
export type Reportable = Failure | IcrError | SimulatorError | PlatformError

/** Ends the program with this exit code. Everything there is to say has been said. */
export class Exited extends Data.TaggedError("Exited")<{ readonly code: number }> {
  override readonly [Runtime.errorExitCode] = this.code
  override readonly [Runtime.errorReported] = false
}

const exit = (code: number) => (code === 0 ? Effect.void : Effect.fail(new Exited({ code })))

const complain = (message: string) => Console.error(`icr: ${printable(message)}`)

const exitCodeOf = (error: Reportable): number => {
  if (error._tag === "Failure") return exitCodes[error.kind]
  return error._tag === "IcrError" && error.reason._tag === "Configuration" ? exitCodes.configuration : exitCodes.failed
}

/** Whether the reader of standard output went away, as `head` does, which is nobody's fault. */
const isReaderGone = (error: Reportable) =>
  error._tag === "PlatformError" &&
  Predicate.hasProperty(error.reason, "cause") &&
  Predicate.hasProperty(error.reason.cause, "code") &&
  error.reason.cause.code === "EPIPE"

/** Prints what a run failed with. */
export const reported = <A, R>(
  run: Effect.Effect<A, Reportable | CliError.CliError, R>
): Effect.Effect<void, Exited, R> =>
  run.pipe(
    Effect.asVoid,
    Effect.catch((error) => {
      // Wrong usage has been presented by then.
      if (CliError.isCliError(error)) return exit(Runtime.getErrorExitCode(error) === 0 ? 0 : exitCodes.usage)
      return isReaderGone(error) ? Effect.void : Effect.andThen(complain(error.message), exit(exitCodeOf(error)))
    }),
    // A defect is a mistake of ours. Its text and its stack may contain anything, so that its name alone is shown.
    Effect.catchDefect((defect) => {
      const name = Predicate.isError(defect) ? defect.name : "not an error"
      const message = `an unexpected failure (${name}), which is a mistake in icr: please report it with the command`
      return Effect.andThen(complain(message), exit(exitCodes.failed))
    })
  )

const explain = (errors: ReadonlyArray<CliError.NonShowHelpErrors>) =>
  errors.map(({ message }) => message.replaceAll(/\s+/g, " ")).join("; ")

/** Wrong usage is one line on standard error, instead of the whole help on standard output. */
export const layerPresenter: Layer.Layer<never> = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? complain(`${explain(event.errors)} (${event.commandPath.join(" ")} --help shows the usage)`)
      : CliOutput.defaultPresenter.present(event)
})
