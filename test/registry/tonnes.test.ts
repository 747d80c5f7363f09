import * as Tonnes from "@effect-icr/registry/Tonnes"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Equal, Hash, Option, Schema } from "effect"
import { inspect } from "node:util"

const Digits = Schema.String.check(Schema.isPattern(/^-?(?:0|[1-9]\d{0,20})(?:\.\d{1,18})?$/))
const amount = (text: string) => Option.getOrThrow(Tonnes.fromString(text))

/** Units of 10⁻¹⁸ t: the same sum by whole numbers. */
const units = (text: string) => {
  const [whole = "", decimals = ""] = text.replace("-", "").split(".")
  const value = BigInt(whole + decimals.padEnd(18, "0"))
  return text.startsWith("-") ? -value : value
}

describe("amounts", () => {
  it("survive reading, summing and writing digit for digit", () => {
    for (const text of ["0.000000000000000001", "123456.123456789012345678", "0", "-0.5", "100"]) {
      assert.strictEqual(Tonnes.format(amount(text)), text)
    }
    assert.strictEqual(Tonnes.format(Tonnes.sum(Tonnes.make("0.1"), Tonnes.make("0.2"))), "0.3")
    const total = Tonnes.sumAll([amount("0.000000000000000001"), amount("123456.123456789012345678")])
    assert.strictEqual(Tonnes.format(total), "123456.123456789012345679")
    assert.strictEqual(Tonnes.format(Tonnes.sumAll([])), "0")
  })

  it("are written plainly where they were read with an exponent", () => {
    assert.strictEqual(Tonnes.format(amount("1e-18")), "0.000000000000000001")
    assert.strictEqual(Tonnes.format(amount("1.50E3")), "1500")
    assert.strictEqual(Tonnes.format(amount("-0")), "0")
  })

  it("print with their unit, serialise as digits, and are equal when their values are", () => {
    const half = Tonnes.make("0.50")
    assert.strictEqual(`${half}`, "0.5 t")
    assert.strictEqual(JSON.stringify({ half }), '{"half":"0.5"}')
    assert.strictEqual(inspect(half), "0.5")
    assert.isTrue(Equal.equals(half, Tonnes.make("0.5")))
    assert.strictEqual(Hash.hash(half), Hash.hash(Tonnes.make("0.5")))
    assert.isFalse(Equal.equals(half, Tonnes.make("0.6")))
    Tonnes.format(half)
    assert.deepStrictEqual(half, Tonnes.make("0.5"))
  })

  it("are taken from texts, whole numbers and decimals, and not from a number", () => {
    assert.strictEqual(Tonnes.format(Tonnes.make(2n)), "2")
    assert.strictEqual(Tonnes.format(Tonnes.make(BigDecimal.make(15n, 1))), "1.5")
    assert.strictEqual(Tonnes.make(Tonnes.zero), Tonnes.zero)
    // @ts-expect-error a number has lost its digits before it is seen
    const refused: Tonnes.Input = 0.5
    // @ts-expect-error neither is a word an amount
    const word: Tonnes.Input = "abc"
    // @ts-expect-error nor is infinity
    const infinite: Tonnes.Input = "1e400"
    assert.strictEqual([refused, word, infinite].length, 3)
  })

  it("come from a number on purpose only, and only while it has all its digits", () => {
    assert.strictEqual(Option.map(Tonnes.fromNumber(13.5), Tonnes.format).pipe(Option.getOrThrow), "13.5")
    for (const lost of [0.1 + 0.2, Number.NaN, Infinity, 1e300]) {
      assert.isTrue(Option.isNone(Tonnes.fromNumber(lost)), String(lost))
    }
  })

  it("end in None for absurd exponents and lengths, at once", () => {
    const absurd = [
      "1e3000000",
      "1e-3000000",
      "1e2000000000",
      "1e61",
      "1e-61",
      "9".repeat(121),
      "",
      " 1",
      "1.2.3",
      "0x10"
    ]
    for (const text of absurd) assert.isTrue(Option.isNone(Tonnes.fromString(text)), text)
    assert.isTrue(Option.isNone(Tonnes.fromDecimal(BigDecimal.make(1n, 2_000_000_000))))
    assert.isTrue(Option.isNone(Tonnes.fromInput(10n ** 200n)))
    assert.throws(() => Tonnes.make("1e99"), RangeError)
  })

  it("tell their sign, their decimals and their order", () => {
    assert.deepStrictEqual(["0.000000000000000001", "0", "-1"].map(amount).map(Tonnes.isPositive), [true, false, false])
    assert.deepStrictEqual(["0.5", "100", "1e-18"].map(amount).map(Tonnes.decimals), [1, 0, 18])
    assert.strictEqual(Tonnes.Order(amount("0.5"), amount("0.25")), 1)
    assert.strictEqual(Tonnes.format(Tonnes.subtract(amount("0.3"), amount("0.1"))), "0.2")
  })

  it.effect.prop(
    "add up as whole numbers of 10⁻¹⁸ t do",
    { texts: Schema.Array(Digits) },
    Effect.fnUntraced(function* ({ texts }) {
      const sum = Tonnes.format(Tonnes.sumAll(texts.map(amount)))
      assert.strictEqual(
        units(sum),
        texts.reduce((total, text) => total + units(text), 0n)
      )
      assert.notInclude(sum, "e")
    })
  )
})
