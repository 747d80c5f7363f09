/** The digits of amounts in the JSON of an answer, wherever a schema has them, and what stands beside them. */
import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
import { jsonParser, lenient } from "@effect-icr/app/extension"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Predicate, Schema } from "effect"
import { HttpClientRequest, HttpClientResponse } from "effect/http"

/** A response as `fetch` gives it, for `schemaBodyJson`. */
const response = (text: string) =>
  HttpClientResponse.fromWeb(HttpClientRequest.get("http://localhost/credits"), new Response(text))

const Credits = Schema.Struct({ credits: Schema.Array(Schema.Struct({ amount: Tonnes.FromDigits })) })

/** More digits than a double has: by it, this is 0.5. */
const long = "0.50000000000000001"

/** What a schema reads, amounts as their digits. */
const read = <A>(schema: Schema.Decoder<A>, text: string) =>
  Effect.map(schemaBodyJson(schema)(response(text)), (value) => JSON.parse(JSON.stringify(value)) as unknown)

describe("amounts in a JSON body", () => {
  it.effect("keep their digits, written as numbers or as texts", () =>
    Effect.gen(function* () {
      const body = `{"credits":[{"amount":123456.123456789012345678},{"amount" : 1e-18 },{"amount":"0.1"},{"amount":1E+2}]}`
      const { credits } = yield* schemaBodyJson(Credits)(response(body))
      assert.deepStrictEqual(
        credits.map(({ amount }) => Tonnes.format(amount)),
        ["123456.123456789012345678", "0.000000000000000001", "0.1", "100"]
      )
    })
  )

  it.effect("are refused at their path when they are no amounts, without a stalled process", () =>
    Effect.gen(function* () {
      for (const digits of [
        "1e3000000",
        "1e-3000000",
        "1e400",
        "1e-400",
        `0.${"0".repeat(400)}1`,
        "null",
        '"half"',
        "true"
      ]) {
        const { reason } = yield* Effect.flip(
          schemaBodyJson(Credits)(response(`{"credits":[{"amount":0.5},{"amount":${digits}}]}`))
        )
        assert.strictEqual(reason._tag === "DecodeFailure" && reason.at, "credits[1].amount", digits)
      }
    })
  )

  it("cost a schema without amounts nothing: it is read by JSON.parse itself", () => {
    assert.strictEqual(jsonParser(Schema.Struct({ amount: Schema.Finite })), JSON.parse)
  })

  it("leave broken JSON broken", () => {
    const parse = jsonParser(Credits)
    for (const broken of [
      "1.2.3",
      "01",
      ".5",
      "1e",
      "1.",
      "+1",
      "--1",
      "1 2",
      long.repeat(2),
      `${long}e`,
      `-${long}-`
    ]) {
      assert.throws(() => parse(`{"amount":${broken}}`), SyntaxError, undefined, broken)
    }
    for (const broken of [`{"amount":${long}`, `{${long}:1}`, `{"a":"${long}`, `{"a":"\\`, ""]) {
      assert.throws(() => parse(broken), SyntaxError, undefined, broken)
    }
  })

  interface Tree {
    readonly weight: Tonnes.Tonnes
    readonly children: ReadonlyArray<Tree>
  }
  const Tree = Schema.Struct({
    weight: Tonnes.FromDigits,
    children: Schema.Array(Schema.suspend((): Schema.Codec<Tree, unknown> => Tree))
  })
  class Weighed extends Schema.Class<Weighed>("Weighed")({ weight: Tonnes.FromDigits }) {}
  const Positive = Tonnes.FromDigits.check(Schema.makeFilter(Tonnes.isPositive))
  const Either = Schema.Union([
    Schema.Struct({ kind: Schema.Literal("fee"), amount: Schema.Number }),
    Schema.Struct({ kind: Schema.Literals(["credit", "other"]), amount: Tonnes.FromDigits })
  ])

  const places: ReadonlyArray<readonly [string, Schema.Decoder<unknown>, string, string?]> = [
    ["at the top", Tonnes.FromDigits, "#", '"#"'],
    ["in a list", Schema.Array(Tonnes.FromDigits), "[#, #]", '["#","#"]'],
    ["in a tuple", Schema.Tuple([Schema.Number, Tonnes.FromDigits]), "[2.5,#]", '[2.5,"#"]'],
    [
      "in a record",
      Schema.Record(Schema.String, Tonnes.FromDigits),
      '{"a":#,"__proto__":#}',
      '{"a":"#","__proto__":"#"}'
    ],
    ["in a class", Weighed, '{"weight":#}', '{"weight":"#"}'],
    ["in an optional field", Schema.Struct({ a: Schema.optional(Tonnes.FromDigits) }), '{"a":#}', '{"a":"#"}'],
    ["in a field that may be null", Schema.Struct({ a: Schema.NullOr(Tonnes.FromDigits) }), '{"a":#}', '{"a":"#"}'],
    [
      "with a check",
      Schema.Struct({ a: Positive, b: Schema.Array(Positive) }),
      '{"a":#,"b":[#]}',
      '{"a":"#","b":["#"]}'
    ],
    ["with a brand", Tonnes.FromDigits.pipe(Schema.brand("Owned")), "#", '"#"'],
    [
      "in a tree",
      Tree,
      '{"weight":#,"children":[{"weight":#,"children":[]}]}',
      '{"weight":"#","children":[{"weight":"#","children":[]}]}'
    ],
    [
      "under another name",
      Schema.Struct({ renamed: Tonnes.FromDigits }).pipe(Schema.encodeKeys({ renamed: "other" })),
      '{"other":#}',
      '{"renamed":"#"}'
    ],
    ["under a name with escapes", Schema.Struct({ amount: Tonnes.FromDigits }), '{"\\u0061mount":#}', '{"amount":"#"}'],
    [
      "beside a number",
      Schema.Struct({ amount: Tonnes.FromDigits, fee: Schema.Struct({ amount: Schema.Number }) }),
      '{"amount":#,"fee":{"amount":2.5}}',
      '{"amount":"#","fee":{"amount":2.5}}'
    ],
    [
      "beside a long number",
      Schema.Struct({ amount: Tonnes.FromDigits, fee: Schema.Struct({ amount: Schema.Number }) }),
      '{"amount":#,"fee":{"amount":#}}',
      '{"amount":"#","fee":{"amount":0.5}}'
    ],
    [
      "beside anything",
      Schema.Struct({ amount: Tonnes.FromDigits, any: Schema.Unknown }),
      '{"amount":#,"any":{"amount":2.5,"b":[#]}}',
      '{"amount":"#","any":{"amount":2.5,"b":[0.5]}}'
    ],
    ["in one alternative", Either, '{"kind":"credit","amount":#}', '{"kind":"credit","amount":"#"}'],
    ["in another alternative", Either, '{"kind":"fee","amount":#}', '{"kind":"fee","amount":0.5}'],
    [
      "in JSON within a text",
      Schema.Struct({ a: Schema.fromJsonString(Credits) }),
      String.raw`{"a":"{\"credits\":[{\"amount\":#}]}"}`,
      '{"a":{"credits":[{"amount":"#"}]}}'
    ],
    ["as JSON within a text", Schema.Array(Schema.fromJsonString(Tonnes.FromDigits)), '["#"]', '["#"]'],
    [
      "in JSON within a text within a text",
      Schema.fromJsonString(Schema.fromJsonString(Credits)),
      JSON.stringify(JSON.stringify('{"credits":[{"amount":#}]}')),
      '{"credits":[{"amount":"#"}]}'
    ],
    ["in JSON with escapes", Schema.fromJsonString(Tonnes.FromDigits), `"\\u0030${long.slice(1)}"`, '"#"'],
    [
      "beside a text that is JSON and read as a text",
      Schema.Union([Schema.String, Credits]),
      String.raw`"{\"credits\":[{\"amount\":#}]}"`,
      String.raw`"{\"credits\":[{\"amount\":#}]}"`
    ]
  ]
  for (const [where, schema, text, expected = ""] of places) {
    it.effect(`keep more digits than a double has ${where}`, () =>
      Effect.gen(function* () {
        const found = yield* read(schema, text.replaceAll("#", long))
        assert.deepStrictEqual(found, JSON.parse(expected.replaceAll("#", long)))
      })
    )
  }

  it.effect("keep them in a lenient field, too", () =>
    Effect.gen(function* () {
      const Lenient = Schema.Struct({
        a: lenient(Tonnes.FromDigits),
        b: lenient(Positive),
        c: lenient(Schema.Struct({ d: Positive }))
      })
      const { a, b, c } = yield* schemaBodyJson(Lenient)(response(`{"a":${long},"b":${long},"c":{"d":${long}}}`))
      const found = [a, b, Option.map(c, ({ d }) => d)].flatMap(Option.toArray)
      assert.deepStrictEqual(found.map(Tonnes.format), [long, long, long])
    })
  )

  it.effect("are refused where they come as a double that may have lost some", () =>
    Effect.gen(function* () {
      for (const value of [0.1 + 0.2, 123456.12345678912, 2 ** 60, 1e-7 / 3]) {
        yield* Effect.flip(Schema.decodeUnknownEffect(Tonnes.FromDigits)(value))
      }
      assert.strictEqual(Tonnes.format(yield* Schema.decodeUnknownEffect(Tonnes.FromDigits)(13.5)), "13.5")
    })
  )

  it("are read in time from a long text with escapes, and from one of digits", () => {
    const parse = jsonParser(Schema.Struct({ amount: Tonnes.FromDigits, note: Schema.String }))
    const note = '\\"'.repeat(3_000_000)
    assert.deepInclude(parse(`{"amount":${long},"note":"${note}"}`), { amount: long })
    const digits = "0".repeat(1_000_000)
    assert.deepInclude(parse(`{"note":"","amount":1${digits}1}`), { amount: `1${digits}1` })
  })

  const Choice = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 }))

  it.effect.prop(
    "are read as JSON.parse with its sources reads them, in any document, and all else as JSON.parse reads it",
    { choices: Schema.Array(Choice) },
    Effect.fnUntraced(function* ({ choices }) {
      const text = document(choices)
      const parsed = jsonParser(Members)(text)
      assert.deepStrictEqual(withTexts(parsed), bySource(text), text)
      assert.deepStrictEqual(jsonParser(Credits)(text), JSON.parse(text), text)
    }),
    { arbitrary: { runs: 3_000 } }
  )
})

/** A document in which every member `amount` is one, or something else, or an object with amounts. */
const Anything: Schema.Codec<unknown, unknown> = Schema.suspend(() => Alternatives)
const Members = Schema.StructWithRest(
  Schema.Struct({ amount: Schema.optionalKey(Schema.Union([Tonnes.FromDigits, Anything])) }),
  [Schema.Record(Schema.String, Anything)]
)
const Alternatives = Schema.Union([Schema.Array(Anything), Members, Schema.Unknown])

/** The digits of a number in one form; none where it is no amount. */
const plainly = (digits: string) =>
  Option.match(Tonnes.fromString(digits), { onNone: () => "none", onSome: Tonnes.format })

/** The other way of keeping digits: the text of each number, as the runtime's parser saw it. */
const bySource = (text: string): unknown =>
  JSON.parse(text, function (this: unknown, key, value: unknown, context?: { readonly source?: string }) {
    return key === "amount" && typeof value === "number" && !Array.isArray(this)
      ? plainly(context?.source ?? "")
      : value
  })

/** Amounts that were read, as texts of one form. A long number was read as a text already. */
const withTexts = (json: unknown): unknown => {
  if (Array.isArray(json)) return json.map(withTexts)
  if (!Predicate.isObject(json)) return json
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      name,
      name === "amount" && (typeof value === "number" || (typeof value === "string" && /^-?\d/.test(value)))
        ? plainly(String(value))
        : withTexts(value)
    ])
  )
}

const scalars = [
  "0.1",
  "-0",
  "1e5",
  "123456.123456789012345678",
  "-123456.123456789012345678",
  "0.000000000000000001",
  "0.50000000000000001",
  "12345678901234567890",
  "1.2345678901234567e-5",
  "1E-400",
  "100000000000000000000000",
  "null",
  "true",
  '"\\"amount\\":1.0,"',
  '"amount"',
  '"{\\"amount\\": 2}"',
  '"\\\\"',
  '"a\\\\\\"amount\\":0.50000000000000001"',
  '"\\u0022, 0.50000000000000001"',
  "[1,2.50,0.50000000000000001]",
  "{}",
  "[]"
]
const names = ['"amount"', '"supply"', '"Amount"', '"amounts"', '"x\\"amount"', '"amount\\\\"', '"\\u0061mount"', '""']
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
