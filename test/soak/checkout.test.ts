/** A few of the checkouts of `pnpm soak:checkout`, by real processes that are killed. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { withoutRedis } from "../support/redis.ts"
import { type Plan, problemsOf, runCheckouts, world } from "./checkout/run.ts"

const checkouts = (plan: Plan) =>
  Effect.gen(function* () {
    const tally = yield* runCheckouts(plan)
    assert.deepStrictEqual(problemsOf(tally, plan), [])
    assert.strictEqual(tally.kills, plan.kills)
    const { finishing, reserved, reserving } = tally.cut
    assert.isAbove(reserving + reserved + finishing, 0, "orders that a killed process had begun")
    assert.isAbove(tally.done, 0)
  }).pipe(Effect.provide([world, NodeServices.layer]))

describe("checkouts of processes that are killed between reserve and finish, while 30 % of all requests fail", () => {
  it.live("of one process are retired once or not at all, as each call said", () =>
    checkouts({ checkouts: 150, processes: 1, kills: 1 })
  )

  it.live.skipIf(withoutRedis("two processes that share claims"))(
    "of two processes that share claims are retired once or not at all, as each call said",
    () => checkouts({ checkouts: 150, processes: 2, kills: 2 })
  )
})
