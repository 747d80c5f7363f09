/** A list of reservations that shows amounts otherwise than they were sent, or does not end. */
import { Registry } from "@effect-icr/registry/Registry"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import { addReservation, creditId, makeFake, registryLayer, seller, sentBy } from "./support/fake.ts"
import { failsWithin } from "./support/time.ts"

const withLost = () => {
  const fake = makeFake()
  fake.fault = ({ method }) => (method === "POST" ? "before" : undefined)
  return fake
}

/** A reserve whose answer got lost while the list shows this amount. */
const lost = (wanted: Tonnes.Input, shown: Tonnes.Input) => {
  const fake = withLost()
  return Effect.gen(function* () {
    yield* TestClock.adjust("1 minute")
    addReservation(fake, { createdAt: 61_000, amount: Tonnes.make(shown) })
    const { warehouse } = (yield* Registry).organization(seller)
    const error = yield* failsWithin(warehouse.reserve({ creditId, amount: wanted }), "1 minute")
    assert.strictEqual(sentBy(fake, "GET").length, 5)
    if (error._tag === "IcrError") return error._tag
    const stillHeld = yield* Effect.flip(warehouse.resolve(error))
    assert.strictEqual(stillHeld._tag === "ReserveUncertain" && stillHeld.found.length, 1)
    yield* TestClock.adjust("11 minutes")
    assert.isTrue(Option.isNone(yield* warehouse.resolve(error)))
    return `uncertain, ${error.found.length} found`
  }).pipe(Effect.provide(registryLayer(fake, { soleProcess: true })))
}

describe("a reserve whose answer got lost, where the list", () => {
  for (const [how, wanted, shown] of [
    ["rounds down", "0.1234", "0.123"],
    ["rounds up", "0.1236", "0.124"],
    ["shows whole tonnes", "0.5", "1"],
    ["trims 18 digits", "123456.123456789012345678", "123456.1234567890123456"],
    ["shows the double", "123456.123456789012345678", "123456.12345678901"],
    ["shows the double as it is", "0.1", "0.1000000000000000055"]
  ] as const) {
    it.effect(`${how}, stays uncertain with what was found: ${wanted} as ${shown}`, () =>
      Effect.map(lost(wanted, shown), (said) => assert.strictEqual(said, "uncertain, 1 found"))
    )
  }

  for (const [wanted, shown] of [
    ["0.5", "0.51"],
    ["1.2", "3"],
    ["1", "2"],
    ["100", "10"]
  ] as const) {
    it.effect(`cannot mean it, is certainly not done: ${wanted} as ${shown}`, () =>
      Effect.map(lost(wanted, shown), (said) => assert.strictEqual(said, "IcrError"))
    )
  }

  for (const [which, page, requests] of [
    ["repeats a page for ever", () => 0, 3],
    ["gives new pages for ever", (page: number) => page, 1001]
  ] as const) {
    it.effect(`${which}, stays uncertain after ${requests} requests a look`, () => {
      const fake = withLost()
      fake.answer = ({ method, path }) => {
        if (method !== "GET") return undefined
        const number = page(Number(new URLSearchParams(path.split("?")[1]).get("page")))
        const item = {
          id: `r-${number}`,
          amount: "7",
          creditId,
          createdAt: "1970-01-01T00:00:00Z",
          reservedToDate: "1970-01-01T00:10:00Z",
          isComplete: true
        }
        return { body: { pagination: { total: 1_000_000 }, reservations: [item] } }
      }
      return Effect.gen(function* () {
        const { warehouse } = (yield* Registry).organization(seller)
        const error = yield* failsWithin(warehouse.reserve({ creditId, amount: "0.5" }), "1 minute")
        assert.strictEqual(error._tag, "ReserveUncertain")
        assert.strictEqual(sentBy(fake, "GET").length, 5 * requests)
        if (error._tag === "ReserveUncertain") yield* Effect.flip(warehouse.resolve(error))
        assert.strictEqual(sentBy(fake, "GET").length, 6 * requests)
      }).pipe(Effect.provide(registryLayer(fake)))
    })
  }
})
