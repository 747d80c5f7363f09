/** `node test/soak/main.ts [deliveries] [kills]`: 10,000 deliveries and 12 kills by default; prints what was counted. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect } from "effect"
import { deliverThroughKills, registry } from "./kills.ts"

const [deliveries = 10_000, kills = 12] = process.argv.slice(2).map(Number)

Effect.gen(function* () {
  const tally = yield* deliverThroughKills(deliveries, kills)
  yield* Console.log(JSON.stringify(tally))
  if (tally.handled < deliveries) return yield* Effect.fail(`${deliveries - tally.handled} were lost`)
}).pipe(Effect.scoped, Effect.provide(registry), NodeRuntime.runMain)
