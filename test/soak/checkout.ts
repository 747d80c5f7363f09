/**
 * `pnpm soak:checkout`: 10,000 checkouts, 64 at a time, while 30 % of all requests fail, by one process and by two with
 * shared claims, which are killed 10 times between reserve and finish. Prints what was counted.
 *
 * Fails when an order was retired twice, when the registry did something else than a call said, when an uncertain order
 * cannot be resolved after the 10 minutes of a hold, when a sum is not exact, or when a reservation is left.
 * `ICR_CHECKOUTS` and `ICR_KILLS` say how many. Needs `redis-server` on the PATH.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Config, Console, Effect } from "effect"
import { problemsOf, runCheckouts, world } from "./checkout/run.ts"

Effect.gen(function* () {
  const checkouts = yield* Config.withDefault(Config.Int("ICR_CHECKOUTS"), 10_000)
  const kills = yield* Config.withDefault(Config.Int("ICR_KILLS"), 10)
  for (const processes of [1, 2]) {
    const plan = { checkouts, kills, processes }
    const tally = yield* runCheckouts(plan).pipe(Effect.scoped, Effect.provide(world))
    yield* Console.log(JSON.stringify(tally))
    const problems = problemsOf(tally, plan)
    if (problems.length > 0) return yield* Effect.fail(problems.join("; "))
  }
}).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
