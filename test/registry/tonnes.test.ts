import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
import { jsonParser } from "@effect-icr/app/extension"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Effect, Equal, Hash, Option, Schema } from "effect"
import { HttpClientRequest, HttpClientResponse } from "effect/http"
import { inspect } from "node:util"

const Digits = Schema.String.check(Schema.isPattern(/^-?(?:0|[1-9]\d{0,20})(?:\.\d{1,18})?$/))
const amount = (text: string) => Option.getOrThrow(Tonnes.fromString(text))

/** Units of 10⁻¹⁸ t: the same sum by whole numbers. */
const units = (text: string) => {
  const [whole = "", decimals = ""] = text.replace("-", "").split(".")
  const value = BigInt(whole + decimals.padEnd(18, "0"))
  return text.startsWith("-") ? -value : value
}

/** A response as `fetch` gives it, for `schemaBodyJson`. */
const response = (text: string) =>
  HttpClientResponse.fromWeb(HttpClientRequest.get("http://localhost/credits"), new Response(text))

const Credits = Schema.Struct({ credits: Schema.Array(Schema.Struct({ amount: Tonnes.FromDigits })) })

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

describe("amounts in a JSON body", () => {
  it.effect("keep their digits, written as numbers or as texts", () =>
    Effect.gen(function* () {
      const body = `{"credits":[{"amount":123456.123456789012345678},{"amount" : 1e-18 },{"amount":"0.1"}]}`
      const { credits } = yield* schemaBodyJson(Credits)(response(body))
      assert.deepStrictEqual(
        credits.map((credit) => Tonnes.format(credit.amount)),
        ["123456.123456789012345678", "0.000000000000000001", "0.1"]
      )
    })
  )

  it.effect("are refused at their path when they are no amounts, without a stalled process", () =>
    Effect.gen(function* () {
      for (const digits of ["1e3000000", "null", '"half"', "true"]) {
        const { reason } = yield* Effect.flip(
          schemaBodyJson(Credits)(response(`{"credits":[{"amount":0.5},{"amount":${digits}}]}`))
        )
        assert.strictEqual(reason._tag === "DecodeFailure" && reason.at, "credits[1].amount", digits)
      }
    })
  )

  it.effect("are refused where a double has lost digits, under a name that the quoting cannot see", () =>
    Effect.gen(function* () {
      const read = (digits: string) => schemaBodyJson(Credits)(response(`{"credits":[{"\\u0061mount":${digits}}]}`))
      assert.strictEqual(Tonnes.format((yield* read("13.5")).credits[0]?.amount ?? Tonnes.zero), "13.5")
      const { reason } = yield* Effect.flip(read("0.1234567890123456789"))
      assert.strictEqual(reason._tag, "DecodeFailure")
    })
  )

  it("cost a schema without amounts nothing: it is read by JSON.parse itself", () => {
    assert.strictEqual(jsonParser(Schema.Struct({ amount: Schema.Finite })), JSON.parse)
  })

  it("are found in nested, optional, listed, recursive and lenient fields, and only there", () => {
    interface Tree {
      readonly weight: Tonnes.Tonnes
      readonly children: ReadonlyArray<Tree>
    }
    const Tree = Schema.Struct({
      weight: Tonnes.FromDigits,
      children: Schema.Array(Schema.suspend((): Schema.Codec<Tree, unknown> => Tree))
    })
    const parse = jsonParser(
      Schema.Struct({
        tree: Tree,
        maybe: Schema.optionalKey(Tonnes.FromDigits),
        option: Schema.OptionFromNullOr(Tonnes.FromDigits),
        renamed: Tonnes.FromDigits
      }).pipe(Schema.encodeKeys({ renamed: "other_name" }))
    )
    assert.deepStrictEqual(
      parse(
        '{"weight":1,"children":2,"maybe":3.0,"option":4e0,"other_name":5,"x":"\\"weight\\":6,","weight\\"weight":7}'
      ),
      { weight: "1", children: 2, maybe: "3.0", option: "4e0", other_name: "5", x: '"weight":6,', 'weight"weight': 7 }
    )
  })

  it("leave broken JSON broken", () => {
    const parse = jsonParser(Credits)
    for (const broken of ["1.2.3", "01", ".5", "1e", "1.", "+1", "--1", "1 2", "1"]) {
      const text = broken === "1" ? '{"amount":1' : `{"amount":${broken}}`
      assert.throws(() => parse(text), SyntaxError, undefined, text)
    }
  })

  const Choice = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 }))

  it.effect.prop(
    "are read as JSON.parse with its sources reads them, in any document",
    { choices: Schema.Array(Choice) },
    Effect.fnUntraced(function* ({ choices }) {
      const text = document(choices)
      assert.deepStrictEqual(jsonParser(Credits)(text), bySource(text), text)
    }),
    { arbitrary: { runs: 3_000 } }
  )
})

/** The other way of keeping digits: the text of each number, as the runtime's parser saw it. */
const bySource = (text: string): unknown =>
  JSON.parse(text, function (this: unknown, key, value: unknown, context?: { readonly source?: string }) {
    return key === "amount" && typeof value === "number" && !Array.isArray(this) ? context?.source : value
  })

const scalars = [
  "0.1",
  "-0",
  "1e5",
  "123456.123456789012345678",
  "0.000000000000000001",
  "null",
  "true",
  '"\\"amount\\":1.0,"',
  '"amount"',
  '"{\\"amount\\": 2}"',
  '"\\\\"',
  '"a\\\\\\"amount\\":3"',
  "[1,2.50]",
  "{}",
  "[]"
]
const names = ['"amount"', '"supply"', '"Amount"', '"amounts"', '"x\\"amount"', '"amount\\\\"', '""']
const blanks = ["", " ", "\n\t", "  "]

/** A JSON document out of a list of choices: objects in objects and lists, names and texts that look like amounts. */
const document = (choices: ReadonlyArray<number>): string => {
  let at = 0
  const next = (below: number) => (choices[at++] ?? 0) % below
  const pick = (from: ReadonlyArray<string>) => from[next(from.length)] ?? ""
  const value = (depth: number): string => {
    const kind = depth > 4 || at >= choices.length ? 0 : next(4)
    if (kind === 1) return `[${Array.from({ length: next(3) }, () => value(depth + 1)).join(pick([",", " , "]))}]`
    if (kind >= 2) return object(depth)
    return pick(scalars)
  }
  const object = (depth: number): string =>
    `{${Array.from({ length: next(4) }, () => `${pick(blanks)}${pick(names)}${pick(blanks)}:${pick(blanks)}${value(depth + 1)}${pick(blanks)}`).join(",")}}`
  return object(0)
}
