/** The jobs of the registry's own demo app, each without the defect that was seen there. */
import { InstallationId, OrganizationId } from "@effect-icr/app/domain/Ids"
import { CreditId } from "@effect-icr/registry"
import { Registry } from "@effect-icr/registry/Registry"
import * as Serial from "@effect-icr/registry/domain/Serial"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema, Stream } from "effect"
import { addRequest, buyer, creditId, makeFake, registryLayer, seller, sent } from "./support/fake.ts"

const retirementData = { reason: "Testing", beneficiaryName: "Jane Doe" }

describe("the demo's jobs", () => {
  it.effect("list credits: each organization with a token of its own, one exchange each", () => {
    const fake = makeFake()
    fake.answer = () => ({ body: { credits: [] } })
    return Effect.gen(function* () {
      const registry = yield* Registry
      for (const id of [seller, InstallationId.make("another"), seller]) {
        yield* registry.organization(id).warehouse.credits
      }
      assert.deepStrictEqual(
        fake.seen.map(({ path }) => path.split("/")[2]),
        ["seller-organization", "another-organization", "seller-organization"]
      )
      assert.strictEqual(fake.exchanges, 2)
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("list requests: all pages, and states in any case", () => {
    const fake = makeFake()
    for (let index = 0; index < 51; index++) addRequest(fake, { createdAt: index, state: "Pending" })
    return Effect.gen(function* () {
      const requests = yield* Stream.runCollect((yield* Registry).organization(seller).inventory.requests.all)
      assert.strictEqual(requests.length, 51)
      assert.deepStrictEqual(requests[0]?.state, Option.some("pending"))
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("reserve and finish: the reservation is the answer, and the organization's id is filled in", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { warehouse } = (yield* Registry).organization(seller)
      const reservation = yield* warehouse.reserve({ creditId, amount: "0.5" })
      yield* warehouse.finish("transfer_retire", reservation, { receiverId: buyer, retirementData })
      assert.strictEqual(reservation.id, "r-1")
      assert.include(sent(fake)[0] ?? "", '"organizationId":"seller-organization"')
      assert.strictEqual(fake.seen.length, 2)
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("request: the request is the answer", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { inventory } = (yield* Registry).organization(seller)
      const made = yield* inventory.request("transfer", { creditId, amount: "1", toOrganizationId: buyer })
      assert.strictEqual(made.id, "q-1")
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it("never send an empty or a forgotten id", () => {
    for (const id of ["", "undefined", "null", "a/b", ".."]) {
      for (const schema of [OrganizationId, CreditId]) assert.isFalse(Schema.is(schema)(id), id)
    }
  })

  it.effect("fail with the registry's own words, as one text or as several", () =>
    Effect.forEach(["not enough credits", ["amount must be positive", "creditId is unknown"]], (message) => {
      const fake = makeFake()
      fake.answer = () => ({ status: 400, body: { statusCode: 400, message, error: "Bad Request" } })
      return Effect.gen(function* () {
        const error = yield* Effect.flip(
          (yield* Registry).organization(seller).warehouse.reserve({ creditId, amount: "1" })
        )
        assert.deepStrictEqual(
          error._tag === "IcrError" && error.reason._tag === "BadRequest" && error.reason.registryMessage,
          [message].flat()
        )
      }).pipe(Effect.provide(registryLayer(fake)))
    })
  )

  it.effect("survive failures that are no JSON, and failures of the network", () =>
    Effect.forEach(["resetBefore", { status: 502, body: "<html>Bad gateway</html>" }] as const, (fault) => {
      const fake = makeFake()
      fake.fault = () => fault
      return Effect.gen(function* () {
        const { reason } = yield* Effect.flip((yield* Registry).organization(seller).warehouse.credits)
        assert.include(["Transport", "ServerError"], reason._tag)
      }).pipe(Effect.provide(registryLayer(fake)))
    })
  )

  it.effect("sum amounts of 18 decimals exactly", () => {
    const fake = makeFake()
    fake.answer = () => ({
      body: `{"credits":[{"id":"a","amount":0.1},{"id":"b","amount":0.2},{"id":"c","amount":123456.123456789012345678}]}`
    })
    return Effect.gen(function* () {
      const credits = yield* (yield* Registry).organization(seller).inventory.credits
      assert.strictEqual(`${Tonnes.sumAll(credits.map(({ amount }) => amount))}`, "123456.423456789012345678 t")
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it("read a project's number out of a serial, by a heuristic that says so", () => {
    assert.strictEqual(Option.getOrUndefined(Serial.parse("ICR-ISL-354-78040-14-R-0-2021"))?.projectNumber, "78040")
  })
})
