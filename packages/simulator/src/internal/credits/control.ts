/** Implements the control of credits. */
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type { CreditControl } from "../../CreditControl.ts"
import { SimulatorError } from "../../SimulatorError.ts"
import * as Arguments from "../arguments.ts"
import type { World } from "../World.ts"
import * as Amount from "./amount.ts"
import * as Catalogue from "./catalogue.ts"
import * as Ledger from "./ledger.ts"
import * as Requests from "./requests.ts"
import { accept, settle } from "./settle.ts"

/** Creates the control over a world. */
export const make = (world: World["Service"]): CreditControl => {
  const tables = Ref.get(world.tables)
  /** The tables after what is due was processed. */
  const current = Effect.andThen(settle(world), tables)

  const pending = Effect.fnUntraced(function* (id: string) {
    const record = (yield* current).books.requests.get(id)
    return record ?? (yield* new SimulatorError({ message: `no credit request ${id}` }))
  })
  const decided = (id: string) => new SimulatorError({ message: `credit request ${id} is not pending` })

  return {
    requests: Effect.map(current, ({ books }) =>
      Array.from(books.requests.values(), ({ action, credit, id, organizationId, state, units }) => ({
        id,
        organizationId,
        action,
        creditId: credit.id,
        amount: Amount.format(units),
        state
      })).toReversed()
    ),
    accept: Effect.fn("Simulator.credits.accept")(function* (id) {
      if (!(yield* accept(world, yield* pending(id)))) return yield* decided(id)
    }),
    decline: Effect.fn("Simulator.credits.decline")(function* (id) {
      if (!Requests.decline(yield* pending(id), yield* world.now)) return yield* decided(id)
    }),
    setHolding: Effect.fn("Simulator.credits.setHolding")(function* (given) {
      const { amount, creditId, organizationId, place } = yield* Arguments.holding(given)
      const owner = (yield* tables).organizations.get(organizationId)
      if (owner === undefined) return yield* new SimulatorError({ message: `no organization ${organizationId}` })
      const credit = Catalogue.find(world, ({ id }) => id === creditId)
      if (credit === undefined) return yield* new SimulatorError({ message: `no credit ${creditId}` })
      const units = Amount.parse(amount)
      if (units === undefined || units < 0n) {
        return yield* new SimulatorError({ message: `${amount} is not an amount of at most 18 decimals` })
      }
      Ledger.set(yield* tables, owner, world, place, credit, units)
    }),
    books: Effect.map(current, (all) => {
      const { held, ...gone } = Ledger.sums(all, world)
      const { cancelled, outside, retired } = gone
      return {
        held: Amount.format(held),
        retired: Amount.format(retired),
        cancelled: Amount.format(cancelled),
        outside: Amount.format(outside),
        total: Amount.format(held + retired + cancelled + outside)
      }
    })
  }
}
