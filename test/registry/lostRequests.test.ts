import { InstallationId } from "@effect-icr/app/domain/Ids"
import { RequestUncertain } from "@effect-icr/registry"
import { Registry } from "@effect-icr/registry/Registry"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import { addRequest, buyer, creditId, makeFake, provide, retirementData, sentBy } from "./support/fake.ts"
import { inventory, transfer, withFault } from "./support/requests.ts"
import { failsWithin, within } from "./support/time.ts"

describe("a request whose answer got lost", () => {
  it.effect("is certainly not made when nothing like it is there at the end of the quiet period", () => {
    const fake = withFault("before")
    return Effect.gen(function* () {
      const error = yield* failsWithin(transfer, "1 minute")
      assert.strictEqual(error._tag === "IcrError" && error.mayHaveHappened, false)
      assert.strictEqual(sentBy(fake, "POST").length, 1)
    }).pipe(provide(fake))
  })

  it.effect("is uncertain, with what was found: a request does not say who made it", () => {
    const fake = withFault("after")
    return Effect.gen(function* () {
      const error = yield* failsWithin(transfer, "1 minute")
      assert.strictEqual(error._tag, "RequestUncertain")
      assert.deepStrictEqual(error._tag === "RequestUncertain" && error.found.map(({ id }): string => id), ["q-1"])
    }).pipe(provide(fake))
  })

  it.effect("is uncertain when the looks fail", () => {
    const fake = makeFake()
    fake.fault = () => "before"
    return Effect.gen(function* () {
      assert.strictEqual((yield* failsWithin(transfer, "1 minute"))._tag, "RequestUncertain")
    }).pipe(provide(fake))
  })

  it.effect("is found where the registry said yes without saying which, and exactly one is like it", () => {
    const fake = withFault("emptyBody")
    return Effect.gen(function* () {
      assert.strictEqual((yield* within(transfer, "1 minute")).id, "q-1")
    }).pipe(provide(fake))
  })

  it.effect("is uncertain where two are like it", () => {
    const fake = withFault("emptyBody")
    return Effect.gen(function* () {
      addRequest(fake, { createdAt: 0 })
      const error = yield* failsWithin(transfer, "1 minute")
      assert.deepStrictEqual(error._tag === "RequestUncertain" && error.found.map(({ id }): string => id), [
        "q-2",
        "q-1"
      ])
    }).pipe(provide(fake))
  })

  it.effect("is not one of another credit or receiver, nor an earlier one", () => {
    const fake = withFault("before")
    return Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      const like = { action: "retire", creditId, toOrganizationId: buyer, retirementComment: "Order 1" }
      addRequest(fake, { createdAt: 54_999, fields: like })
      addRequest(fake, { createdAt: 61_000, fields: { ...like, creditId: "exPost-3-0x1" } })
      addRequest(fake, { createdAt: 61_000, fields: { ...like, toOrganizationId: "another" } })
      const { request } = yield* inventory
      const error = yield* failsWithin(
        request("retire", { creditId, amount: "0.5", toOrganizationId: buyer, retirementData }),
        "1 minute"
      )
      assert.strictEqual(error._tag, "IcrError")
    }).pipe(provide(fake))
  })

  it.effect("is one whose address and action are written in another case", () => {
    const fake = withFault("before")
    return Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      addRequest(fake, { createdAt: 61_000, fields: { action: "Transfer", creditId, toAddress: "0xABCDEF" } })
      const { request } = yield* inventory
      const error = yield* failsWithin(
        request("transfer", { creditId, amount: "0.5", toAddress: "0xabcdef" }),
        "1 minute"
      )
      assert.strictEqual(error._tag, "RequestUncertain")
    }).pipe(provide(fake))
  })

  it.effect("reads no older pages where the newest come first", () => {
    const fake = withFault("before")
    return Effect.gen(function* () {
      for (let index = 0; index < 200; index++) addRequest(fake, { createdAt: index })
      yield* TestClock.adjust("1 minute")
      yield* failsWithin(transfer, "1 minute")
      assert.strictEqual(sentBy(fake, "GET").length, 5)
    }).pipe(provide(fake))
  })

  it.effect("survives as JSON and is resolved in another process: none like it, or still for a person to judge", () => {
    const Kept = Schema.fromJsonString(Schema.toCodecJson(RequestUncertain))
    const fake = withFault("after")
    return Effect.gen(function* () {
      const text = yield* Effect.flatMap(failsWithin(transfer, "1 minute"), (error) =>
        error._tag === "RequestUncertain" ? Schema.encodeEffect(Kept)(error) : Effect.die(error)
      ).pipe(provide(fake))
      assert.notInclude(text, "crs_")
      const uncertain = yield* Schema.decodeEffect(Kept)(text)
      yield* Effect.gen(function* () {
        const { resolve } = yield* inventory
        yield* TestClock.adjust("1 minute")
        const error = yield* Effect.flip(resolve(uncertain))
        assert.strictEqual(error._tag === "RequestUncertain" && error.found.length, 1)
        const another = (yield* Registry).organization(InstallationId.make("another"))
        const refused = yield* Effect.flip(another.inventory.resolve(uncertain))
        assert.strictEqual(refused._tag === "IcrError" && refused.reason._tag, "InvalidRequest")
        fake.requests.clear()
        yield* resolve(uncertain)
      }).pipe(provide(fake))
    })
  })
})
