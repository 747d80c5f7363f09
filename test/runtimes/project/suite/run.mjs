/** Runs the checks one after another and tells what became of each, as plain data. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { checks } from "./checks.mjs"

const runOne = ([name, check], context) =>
  Effect.suspend(() => check(context)).pipe(
    Effect.timeout("20 seconds"),
    Effect.matchCause({
      onSuccess: (said) => ({ name, passed: true, ...said }),
      onFailure: (cause) => ({ name, passed: false, problem: Cause.pretty(cause) })
    })
  )

/** What became of each check. */
export const run = (context) => Effect.runPromise(Effect.forEach(checks, (check) => runOne(check, context)))
