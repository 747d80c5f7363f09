/**
 * `pnpm conformance`: what the registry has otherwise than this library and its simulator believe, field by field.
 *
 * With `ICR_APP_ID` and `ICR_PRIVATE_KEY` (or `ICR_PRIVATE_KEY_FILE`) in the environment it asks that registry, else a simulator
 * of its own. It only reads: GETs, and the two token exchanges that they need. It ends with 1 when a field or a call that the
 * client needs differs, in the registry's own description or in an answer, or when that could not be told: a call that was
 * not answered, or something else than a description where it should be. A registry without a description (404) is told by
 * its answers alone.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Cause, Console, Effect, Layer } from "effect"
import { fromEnvironment, furnishedSimulator, isConfigured, toSimulator } from "./layers.ts"
import { report } from "./report.ts"

const conformance = Effect.gen(function* () {
  const registry = (yield* isConfigured) ? fromEnvironment : Layer.provide(toSimulator, furnishedSimulator())
  const { exitCode, lines } = yield* Effect.provide(report, registry)
  yield* Effect.forEach(lines, (line) => Console.log(line), { discard: true })
  yield* Effect.sync(() => {
    process.exitCode = exitCode
  })
})

/** One line, whatever went wrong. */
const reasonOf = (cause: Cause.Cause<unknown>) => {
  const reason = Cause.squash(cause)
  return (reason instanceof Error ? reason.message : String(reason)).split("\n", 1)[0]
}

conformance.pipe(
  Effect.tapCause((cause) =>
    Cause.hasInterruptsOnly(cause) ? Effect.void : Console.error(`conformance failed: ${reasonOf(cause)}`)
  ),
  NodeRuntime.runMain({ disableErrorReporting: true })
)
