/** Amounts are exact: digits of the JSON texts, up to 18 decimals. */
import { Tonnes } from "@effect-icr/simulator/Credits"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Schema } from "effect"
import { errorOf } from "./support/calls.ts"
import { ask, first, reserving, token, warehouse } from "./support/credits.ts"

const simulator = Effect.provide(Simulator.layer)

/** Every `"amount":` in a text, as it is written. */
const amounts = (text: string) => Array.from(text.matchAll(/"amount":([^,}]*)/g), ([, digits = ""]) => digits)

describe("on the wire", () => {
  it.effect(
    "the seeds have whole amounts, some with 3 and some with 18 decimals",
    Effect.fnUntraced(function* () {
      const bearer = yield* token
      const inventory = amounts(yield* Effect.flatMap(ask("GET", "/inventory", bearer), ({ text }) => text))
      const stock = amounts(yield* Effect.flatMap(ask("GET", "/warehouse/inventory", bearer), ({ text }) => text))
      const decimals = [...inventory, ...stock].map((digits) => digits.split(".")[1]?.length ?? 0)
      assert.deepStrictEqual([decimals[0], decimals[3]], [0, 0])
      assert.isAtLeast(Math.max(...decimals), 17)
      assert.isTrue([...inventory, ...stock].every((digits) => /^\d+(\.\d*[1-9])?$/.test(digits)))
    }, simulator)
  )

  it.effect(
    "what is asked for comes back digit for digit, and what is left is exact",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const bearer = yield* token
      const { id: creditId, organizationId } = first(yield* warehouse(bearer))
      yield* control.credits.setHolding({
        organizationId,
        place: "warehouse",
        creditId,
        amount: "123456.123456789012345678"
      })
      for (const [asked, answered, left] of [
        ["0.1", "0.1", "123456.023456789012345678"],
        ["0.200000000000000000", "0.2", "123455.823456789012345678"],
        ["1e-18", "0.000000000000000001", "123455.823456789012345677"],
        ["123455.823456789012345677", "123455.823456789012345677", "0"]
      ] as const) {
        const made = yield* Effect.flatMap(reserving(bearer, creditId, asked), ({ text }) => text)
        assert.deepStrictEqual(amounts(made), [answered])
        const stock = yield* Effect.flatMap(ask("GET", "/warehouse/inventory", bearer), ({ text }) => text)
        assert.strictEqual(amounts(stock)[0], left)
      }
      assert.strictEqual((yield* reserving(bearer, creditId, "1e-18")).status, 400)
    }, simulator)
  )

  it.effect(
    "a fault that adds fields keeps the digits",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const bearer = yield* token
      const read = Effect.map(
        Effect.flatMap(ask("GET", "/inventory", bearer), ({ text }) => text),
        amounts
      )
      const plain = yield* read
      yield* control.faults.script("GET /organizations/{id}/inventory", [{ _tag: "UnknownFields" }])
      assert.deepStrictEqual(yield* read, plain)
    }, simulator)
  )

  it.effect(
    "19 decimals, nothing, less than nothing and a text are refused",
    Effect.fnUntraced(function* () {
      const bearer = yield* token
      const { id } = first(yield* warehouse(bearer))
      for (const amount of ["0.0000000000000000001", "0", "-1", '"1"', "1e-19"]) {
        const { status } = yield* Effect.flatMap(reserving(bearer, id, amount), errorOf)
        assert.strictEqual(status, 400, amount)
      }
    }, simulator)
  )
})

describe("digits", () => {
  const Units = Schema.BigInt.check(Schema.isBetweenBigInt({ minimum: -(10n ** 30n), maximum: 10n ** 30n }))
  const encode = Schema.encodeSync(Tonnes)

  it.effect.prop("are written like BigDecimal's, without its exponents", [Units], ([units]) =>
    Effect.sync(() => {
      const written = JSON.stringify(encode(units))
      assert.isTrue(BigDecimal.equals(BigDecimal.fromStringUnsafe(written), BigDecimal.make(units, 18)))
      assert.match(written, /^-?(0|[1-9]\d*)(\.\d*[1-9])?$/)
    })
  )

  it.effect(
    "are read with exponents, up to a limit",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const bearer = yield* token
      const { id: creditId, organizationId } = first(yield* warehouse(bearer))
      const set = (amount: string) =>
        control.credits.setHolding({ organizationId, place: "warehouse", creditId, amount })
      for (const [given, read] of [
        ["5e-1", 5n * 10n ** 17n],
        ["2.5E+3", 2500n * 10n ** 18n],
        ["0.30000000000000000000", 3n * 10n ** 17n]
      ] as const) {
        yield* set(given)
        assert.strictEqual(first(yield* warehouse(bearer)).amount, read)
      }
      for (const bad of ["1e61", "1e999999999", "1e-19", "0x10", "1.", "", "-1", "1".repeat(121)]) {
        assert.match((yield* Effect.flip(set(bad))).message, /is not an amount/)
      }
    }, simulator)
  )
})
