/** Books balance: whatever is done with credits, at once and under faults, none is made, lost or spent twice. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Duration, Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import { ask, finishing, organization, releasing, reserving, token } from "./support/credits.ts"

const Amount = Schema.Literals(["0.1", "0.2", "0.000000000000000001", "1.123456789012345678", "20", "333.3"])
const index = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 29 }))

/** Something that an app, an administrator, or time does. Numbers choose among what is there. */
const Step = Schema.Union([
  Schema.TaggedStruct("Reserve", { credit: index, amount: Amount }),
  Schema.TaggedStruct("Finish", {
    reservation: index,
    action: Schema.Literals(["transfer", "retire", "transfer_retire"])
  }),
  Schema.TaggedStruct("Release", { reservation: index }),
  Schema.TaggedStruct("Request", {
    credit: index,
    amount: Amount,
    action: Schema.Literals(["transfer", "retire", "transfer_retire", "cancel"])
  }),
  Schema.TaggedStruct("Decide", { request: index, accepted: Schema.Boolean }),
  Schema.TaggedStruct("Wait", { seconds: Schema.Literals([1, 5, 30]) })
])
const Steps = Schema.Array(Step).check(Schema.isMinLength(150), Schema.isMaxLength(200))

/** Digits of amounts as texts, which decode without loss. */
const exact = <S extends Schema.Top>(schema: S) => {
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(schema))
  return (text: string) => decode(text.replace(/"amount":([^,}]+)/g, '"amount":"$1"'))
}
const Item = Schema.Struct({ id: Schema.String, amount: Schema.BigDecimalFromString })
const decodeCredits = exact(Schema.Struct({ credits: Schema.Array(Item) }))
const decodeReservations = exact(
  Schema.Struct({ reservations: Schema.Array(Schema.Struct({ ...Item.fields, isComplete: Schema.Boolean })) })
)
const decodeRequests = exact(
  Schema.Struct({ creditRequests: Schema.Array(Schema.Struct({ ...Item.fields, state: Schema.String })) })
)

const sum = (items: ReadonlyArray<typeof Item.Type>) => BigDecimal.sumAll(items.map(({ amount }) => amount))
const read = (bearer: string, path: string) => Effect.flatMap(ask("GET", path, bearer), ({ text }) => text)

/** What the first organization has, and what was done with it, as the registry tells. */
const state = Effect.fnUntraced(function* (bearer: string) {
  const inventory = (yield* Effect.flatMap(read(bearer, "/inventory"), decodeCredits)).credits
  const stock = (yield* Effect.flatMap(read(bearer, "/warehouse/inventory"), decodeCredits)).credits
  const { reservations } = yield* Effect.flatMap(read(bearer, "/warehouse/inventory/reservations"), decodeReservations)
  const { creditRequests } = yield* Effect.flatMap(read(bearer, "/inventory/requests?limit=50&page=0"), decodeRequests)
  return { inventory, stock, reservations, creditRequests }
})

/** Answers that get lost after the work was done, requests that get lost before, and what is answered instead. */
const faults = [
  { _tag: "Reset", at: "answer" },
  { _tag: "Reset", at: "request" },
  { _tag: "Status", status: 503, handled: true },
  { _tag: "Status", status: 503 }
] as const
const writes = [
  "POST /organizations/{id}/warehouse/inventory/reservations",
  "POST /organizations/{id}/warehouse/inventory/reservations/{reservationId}/{action}",
  "DELETE /organizations/{id}/warehouse/inventory/reservations/{reservationId}",
  "POST /organizations/{id}/inventory/requests/{action}"
] as const

const data = { reason: "Testing", beneficiaryName: "Anybody" }

/** Does one step. Its answer may be lost or a refusal. A promise that was not kept goes to `broken`. */
const take = Effect.fnUntraced(function* (step: typeof Step.Type, bearer: string, broken: Array<unknown>) {
  const { control } = yield* Simulator
  const { creditRequests, inventory, reservations, stock } = yield* state(bearer)
  const chosen = <A>(all: ReadonlyArray<A>, position: number) => all[position % Math.max(1, all.length)]
  const idOf = (all: ReadonlyArray<{ readonly id: string }>, position: number) => chosen(all, position)?.id ?? "none"
  const receiver = yield* organization(1)
  switch (step._tag) {
    case "Reserve":
      return yield* reserving(bearer, idOf(stock, step.credit), step.amount)
    case "Finish": {
      const answer = yield* finishing(bearer, idOf(reservations, step.reservation), step.action, receiver, data)
      // What is reserved is there.
      return (yield* answer.text).includes("Not enough credits") ? broken.push(step) : answer
    }
    case "Release":
      return yield* releasing(bearer, idOf(reservations, step.reservation))
    case "Request": {
      const rest = JSON.stringify({
        creditId: idOf(inventory, step.credit),
        toOrganizationId: receiver,
        retirementData: data
      })
      const text = `${rest.slice(0, -1)},"amount":${step.amount}}`
      return yield* ask("POST", `/inventory/requests/${step.action}`, bearer, text)
    }
    case "Decide": {
      const id = idOf(creditRequests, step.request)
      return yield* step.accepted ? control.credits.accept(id) : control.credits.decline(id)
    }
    case "Wait":
      return yield* TestClock.adjust(Duration.seconds(step.seconds))
  }
})

describe("the books", () => {
  it.effect.prop(
    "balance after any steps, eight at a time, with 30 % faults",
    [Steps],
    ([steps]) =>
      Effect.gen(function* () {
        const { control } = yield* Simulator
        yield* control.setBehaviour({
          reservedAmounts: "included",
          shortRequests: "failed",
          writersNeedApproval: true
        })
        const bearer = yield* token
        // So few that many steps ask for more than there is.
        for (const place of ["inventory", "warehouse"] as const) {
          const [credit] = (yield* state(bearer))[place === "inventory" ? "inventory" : "stock"]
          const creditId = credit?.id ?? "none"
          yield* control.credits.setHolding({ organizationId: yield* organization(0), place, creditId, amount: "30.5" })
        }
        const broken: Array<unknown> = []
        const before = yield* state(bearer)
        const books = yield* control.credits.books
        for (const route of writes) {
          for (const fault of faults) yield* control.faults.probability(route, 0.075, fault)
        }
        yield* Effect.forEach(steps, (step) => Effect.exit(take(step, bearer, broken)), { concurrency: 8 })
        yield* TestClock.adjust("1 hour")
        const after = yield* state(bearer)
        const total = yield* control.credits.books
        const complete = after.reservations.filter(({ isComplete }) => isComplete)
        const processed = after.creditRequests.filter(({ state }) => state === "processed")
        const digits = (value: BigDecimal.BigDecimal) => BigDecimal.format(BigDecimal.normalize(value))

        assert.strictEqual(total.total, books.total)
        assert.strictEqual(
          digits(BigDecimal.sum(sum(after.stock), sum(complete))),
          digits(sum(before.stock)),
          "the warehouse lost what was finished, once"
        )
        assert.strictEqual(
          digits(BigDecimal.sum(sum(after.inventory), sum(processed))),
          digits(sum(before.inventory)),
          "the inventory lost what was processed, once"
        )
        for (const { amount } of [...after.stock, ...after.inventory]) assert.isFalse(BigDecimal.isNegative(amount))
        assert.deepStrictEqual(broken, [])
        assert.isTrue(after.creditRequests.every(({ state }) => state !== "pending_queue"))
      }).pipe(Effect.provide(Simulator.layer)),
    { arbitrary: { runs: 25 } }
  )
})
