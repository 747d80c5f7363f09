/** Options that are durations and counts, as plain JavaScript may give them. */
import { count, millis } from "@effect-icr/app/extension"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { fromPlainJavaScript } from "../support/plainJavaScript.ts"

const garbage: { readonly [name: string]: unknown } = {
  null: null,
  NaN: Number.NaN,
  "a negative number": -1,
  "minus infinity": -Infinity,
  true: true,
  "a text without a unit": "5000",
  "a text of another library": "5s",
  "an empty text": "",
  "a negative text": "-1 seconds",
  "an object without a unit": {},
  "an object with a unit that is none": { second: 5 },
  "an object with a text": { seconds: "5" },
  "an object with NaN": { seconds: 1, nanoseconds: Number.NaN },
  "an object without a prototype": Object.create(null),
  "a list of one": [1],
  "a list with NaN": [1, Number.NaN],
  "a list of texts": ["1", "2"],
  "a date": new Date(0),
  "a symbol": Symbol("s"),
  "a function": () => 1
}

describe("a duration that is refused by its option's name", () => {
  for (const [name, given] of Object.entries(garbage)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const { reason } = yield* Effect.flip(millis("deadline", fromPlainJavaScript(given), "30 seconds"))
        assert.strictEqual(reason._tag, "Configuration")
        assert.strictEqual(reason.message, "deadline: must be a duration that is not negative.")
      })
    )
  }
})

describe("a duration that is taken", () => {
  for (const [given, expected] of [
    [undefined, 30_000],
    [0, 0],
    [5000, 5000],
    [5_000_000n, 5],
    ["5 seconds", 5000],
    [[1, 500_000_000], 1500],
    [{ seconds: 1, milliseconds: undefined }, 1000],
    [Duration.infinity, Infinity],
    ["Infinity", Infinity]
  ] as const) {
    it.effect(String(given), () =>
      Effect.map(millis("deadline", given, "30 seconds"), (taken) => assert.strictEqual(taken, expected))
    )
  }
})

describe("a count that is refused by its option's name", () => {
  for (const [name, given] of Object.entries({ ...garbage, "a fraction": 1.5, "too little": 0, "a big number": 5n })) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const { reason } = yield* Effect.flip(count("capacity", fromPlainJavaScript(given), 16, 1))
        assert.strictEqual(reason._tag, "Configuration")
        assert.match(reason.message, /^capacity: must be a whole number/)
      })
    )
  }
})
