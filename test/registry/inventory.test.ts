import { InstallationId } from "@effect-icr/app/domain/Ids"
import { CreditRequestId } from "@effect-icr/registry"
import { Registry } from "@effect-icr/registry/Registry"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Schedule, Stream } from "effect"
import { TestClock } from "effect/testing"
import { addRequest, buyer, creditId, makeFake, provide, retirementData, seller, sent } from "./support/fake.ts"
import { inventory } from "./support/requests.ts"
import { failsWithin } from "./support/time.ts"

const idOf = (id: string) => CreditRequestId.make(id)

describe("asking for credits to be moved", () => {
  it.effect("sends what is asked for, once, and gives the request that was made", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { request } = yield* inventory
      const made = yield* request("retire", { creditId, amount: "100.1", toAddress: "0x12", retirementData })
      assert.strictEqual(made.id, "q-1")
      assert.deepStrictEqual(made.state, Option.some("pending"))
      assert.deepStrictEqual(sent(fake), [
        `POST /organizations/seller-organization/inventory/requests/retire {"creditId":"${creditId}","toAddress":"0x12","retirementData":{"reason":"Voluntary purposes","beneficiaryName":"Jane Doe","comment":"Order 1"},"amount":100.1}`
      ])
    }).pipe(provide(fake))
  })

  it("demands by its types what the registry demands together", () => {
    const program = Effect.gen(function* () {
      const { request } = yield* inventory
      // @ts-expect-error no receiver
      yield* request("transfer", { creditId, amount: "1" })
      // @ts-expect-error two receivers
      yield* request("transfer", { creditId, amount: "1", toOrganizationId: buyer, toAddress: "0x12" })
      // @ts-expect-error a retirement without data
      yield* request("retire", { creditId, amount: "1", toOrganizationId: buyer })
      // @ts-expect-error a transfer with data
      yield* request("transfer", { creditId, amount: "1", toOrganizationId: buyer, retirementData })
      const either: "transfer" | "retire" = yield* Effect.succeed<"transfer" | "retire">("retire")
      // @ts-expect-error it may be a retirement, and says nothing
      yield* request(either, { creditId, amount: "1", toOrganizationId: buyer })
      yield* request(either, { creditId, amount: "1", toOrganizationId: buyer, retirementData })
      // @ts-expect-error what it needs is not documented
      yield* request("cancel", { creditId, amount: "1", toOrganizationId: buyer })
    })
    assert.isTrue(Effect.isEffect(program))
  })

  it.effect("sends what a retirement says with retirements only, where the program gives it with either", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { request } = yield* inventory
      const either = yield* Effect.succeed<"transfer" | "retire">("transfer")
      yield* request(either, { creditId, amount: "1", toOrganizationId: buyer, retirementData })
      assert.deepStrictEqual(sent(fake), [
        `POST /organizations/seller-organization/inventory/requests/transfer {"creditId":"${creditId}","toOrganizationId":"buyer-organization","amount":1}`
      ])
    }).pipe(provide(fake))
  })

  it.effect(
    "refuses an amount that cannot be moved, an empty address and a nameless beneficiary before sending",
    () => {
      const fake = makeFake()
      return Effect.gen(function* () {
        const { request } = yield* inventory
        const nameless = { reason: "Testing", beneficiaryName: "" }
        const errors = yield* Effect.all([
          Effect.flip(request("transfer", { creditId, amount: "0", toOrganizationId: buyer })),
          Effect.flip(request("transfer", { creditId, amount: "1", toAddress: " " })),
          Effect.flip(request("retire", { creditId, amount: "1", toOrganizationId: buyer, retirementData: nameless }))
        ])
        assert.deepStrictEqual(
          errors.map((error) => error._tag === "IcrError" && error.reason._tag),
          ["InvalidRequest", "InvalidRequest", "InvalidRequest"]
        )
        assert.deepStrictEqual(sent(fake), [])
      }).pipe(provide(fake))
    }
  )
})

describe("requests", () => {
  it.effect("come as a stream of all pages", () => {
    const fake = makeFake()
    for (let index = 0; index < 120; index++) addRequest(fake, { createdAt: index })
    return Effect.gen(function* () {
      const { requests } = yield* inventory
      assert.strictEqual((yield* Stream.runCollect(requests.all)).length, 120)
      assert.deepStrictEqual(
        fake.seen.map(({ path }) => path.split("?")[1]),
        ["limit=50&page=0", "limit=50&page=1", "limit=50&page=2"]
      )
    }).pipe(provide(fake))
  })

  for (const [state, end] of [
    ["processed", "processed"],
    ["Rejected", "rejected"],
    ["CANCELLED", "cancelled"],
    ["failed", "failed"]
  ] as const) {
    it.effect(`are settled by any end, whatever its case (${state})`, () => {
      const fake = makeFake()
      addRequest(fake, { createdAt: 0, state })
      return Effect.gen(function* () {
        const { requests } = yield* inventory
        assert.deepStrictEqual((yield* requests.settled(idOf("q-1"))).state, Option.some(end))
      }).pipe(provide(fake))
    })
  }

  it.effect("are waited for less and less often, and are still pending after 10 minutes", () => {
    const fake = makeFake()
    addRequest(fake, { createdAt: 0, state: "WaitingForSomethingNew" })
    return Effect.gen(function* () {
      const { requests } = yield* inventory
      const error = yield* failsWithin(requests.settled(idOf("q-1")), "15 minutes")
      assert.strictEqual(error._tag, "StillPending")
      assert.deepStrictEqual(
        error._tag === "StillPending" && error.request.state,
        Option.some("WaitingForSomethingNew")
      )
      assert.isAbove(fake.seen.length, 20)
      assert.isBelow(fake.seen.length, 40)
    }).pipe(provide(fake))
  })

  it.effect("are waited for by the caller's own schedule", () => {
    const fake = makeFake()
    addRequest(fake, { createdAt: 0 })
    return Effect.gen(function* () {
      const { requests } = yield* inventory
      const schedule = Schedule.upTo(Schedule.spaced("1 hour"), { times: 3 })
      yield* failsWithin(requests.settled(idOf("q-1"), { schedule }), "1 day")
      assert.strictEqual(fake.seen.length, 4)
    }).pipe(provide(fake))
  })

  it.effect("are waited for through failures that may pass, and not through others", () => {
    const fake = makeFake()
    const asked = addRequest(fake, { createdAt: 0 })
    fake.fault = () => "before"
    return Effect.gen(function* () {
      const { requests } = yield* inventory
      const fiber = yield* Effect.forkChild(requests.settled(idOf("q-1")), { startImmediately: true })
      yield* TestClock.adjust("1 minute")
      fake.fault = () => undefined
      asked.state = "processed"
      yield* TestClock.adjust("1 minute")
      assert.isTrue((yield* Fiber.join(fiber)).isSettled)
      const missing = yield* Effect.flip(requests.settled(idOf("q-2")))
      assert.strictEqual(missing._tag === "IcrError" && missing.reason._tag, "NotFound")
      fake.fault = () => "before"
      const down = yield* failsWithin(requests.settled(idOf("q-1")), "15 minutes")
      assert.strictEqual(down._tag === "IcrError" && down.reason._tag, "ServerError")
    }).pipe(provide(fake))
  })

  it.effect("are read at once when an event of their installation is told, and only then", () => {
    const fake = makeFake()
    const asked = addRequest(fake, { createdAt: 0 })
    return Effect.gen(function* () {
      const registry = yield* Registry
      const { requests } = yield* inventory
      const schedule = Schedule.spaced("1 hour")
      const fiber = yield* Effect.forkChild(requests.settled(idOf("q-1"), { schedule }), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      asked.state = "processed"
      yield* registry.notify({ event: "installed", installation: { id: InstallationId.make("another") } })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(fake.seen.length, 1)
      yield* registry.notify({ event: "organizationTransaction", installation: { id: seller } })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).state, Option.some("processed"))
      assert.strictEqual(fake.seen.length, 2)
    }).pipe(provide(fake))
  })
})
