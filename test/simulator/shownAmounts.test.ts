/** The switch for how credit requests and reservations show their amounts. */
import { CreditRequest } from "@effect-icr/simulator/Credits"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { body } from "./support/calls.ts"
import { ask, first, inventory, reserve, token, warehouse } from "./support/credits.ts"

const unit = 10n ** 15n

describe("amounts of requests and reservations", () => {
  it.effect(
    "are rounded to thousandths where the switch says so, and the books stay exact",
    Effect.fnUntraced(function* () {
      const bearer = yield* token
      const { control } = yield* Simulator
      yield* control.setBehaviour({ shownAmounts: "rounded" })
      const credit = first(yield* inventory(bearer))
      const text = `{"creditId":"${credit.id}","amount":0.1235}`
      const answer = yield* ask("POST", "/inventory/requests/cancel", bearer, text)
      const asked = yield* body(CreditRequest)(answer)
      assert.strictEqual(asked.amount, 124n * unit)
      const stock = first(yield* warehouse(bearer))
      const reserved = yield* reserve(bearer, stock.id, "0.1234")
      assert.strictEqual(reserved.amount, 123n * unit)
      yield* control.setBehaviour({ shownAmounts: "exact" })
      assert.strictEqual(first(yield* warehouse(bearer)).amount, stock.amount - 1234n * (unit / 10n))
    }, Effect.provide(Simulator.layer))
  )
})
