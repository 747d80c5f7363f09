/** Runs the suite on one runtime, against a registry of its own. */
import { Effect, Result, Schema } from "effect"
import { run } from "../support/run.ts"
import { project } from "./install.ts"
import type { Outcome } from "./report.ts"
import type { Runtime } from "./runtimes.ts"
import { SimulatorLive, world } from "./world.ts"

const Answer = Schema.fromJsonString(
  Schema.Struct({
    version: Schema.String,
    results: Schema.Array(
      Schema.Struct({
        name: Schema.String,
        passed: Schema.Boolean,
        problem: Schema.optionalKey(Schema.String),
        cell: Schema.optionalKey(Schema.String),
        note: Schema.optionalKey(Schema.String),
        /** The message of an error that was printed by `console.error`. */
        printed: Schema.optionalKey(Schema.String)
      })
    )
  })
)

/** Nothing but the name of the field stands before the message, however the runtime prints objects. */
const isFirst = (stderr: string, message: string) => {
  const [, text = ""] = /<printed>\s*([^]*?)<\/printed>/.exec(stderr) ?? []
  const [before, after] = text.split(message)
  return after !== undefined && before !== undefined && /^[\s{]*(?:message: )?["'`]?$/.test(before)
}

/** No run waits longer: each check has a limit of its own, far below. */
const limit = 180_000

/** Never rejects: a runtime that is not there, or ends early, has a problem and no results. */
export const runSuite = (runtime: Runtime): Promise<Outcome> =>
  Effect.gen(function* () {
    const start = yield* Effect.tryPromise({ try: runtime.start, catch: (error) => error })
    const env = { ...start.env, ICR_WORLD: JSON.stringify(yield* world), NO_PROXY: "*", no_proxy: "*" }
    const { exitCode, stderr, stdout } = yield* Effect.promise(() =>
      run(start.command, start.args, { cwd: project, env, timeout: limit })
    )
    // Logs may stand before it.
    const answer = Schema.decodeUnknownResult(Answer)(stdout.trim().split("\n").at(-1))
    if (exitCode !== 0 || Result.isFailure(answer))
      return { runtime: runtime.name, results: [], problem: `ended with exit code ${exitCode}\n${stdout}${stderr}` }
    const results = answer.success.results.map(({ printed, ...result }) =>
      printed === undefined || isFirst(stderr, printed)
        ? result
        : { ...result, passed: false, problem: `console.error printed\n${stderr}` }
    )
    return { runtime: runtime.name, version: answer.success.version, results }
  }).pipe(
    Effect.provide(SimulatorLive),
    Effect.catch((error) => Effect.succeed({ runtime: runtime.name, results: [], problem: String(error) })),
    Effect.runPromise
  )
