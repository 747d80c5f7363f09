/**
 * Exact amounts of carbon, in tonnes of CO₂ equivalent.
 *
 * A credit is divisible into 10¹⁸ parts, which a double cannot hold: `0.1 + 0.2` is not `0.3`, and the last digits of
 * `123456.123456789012345678` are lost. `Tonnes` is a decimal number that survives reading, summing and writing digit
 * for digit. A schema field that is {@link FromDigits} sees the digits of the JSON text, not a double.
 *
 * ```ts
 * import * as Tonnes from "@effect-icr/registry/Tonnes"
 * import * as assert from "node:assert"
 *
 * const total = Tonnes.sum(Tonnes.make("0.1"), Tonnes.make("0.2"))
 * assert.strictEqual(Tonnes.format(total), "0.3")
 * assert.strictEqual(`${total}`, "0.3 t")
 * ```
 *
 * **Gotchas**: a `number` is not accepted where an amount is asked for, since it has lost its digits before it is seen.
 * {@link fromNumber} converts one on purpose, and refuses what was lost already.
 *
 * ```ts
 * import * as Tonnes from "@effect-icr/registry/Tonnes"
 * import { BigDecimal, Option } from "effect"
 * import * as assert from "node:assert"
 *
 * // What comes from outside may be no amount
 * assert.ok(Option.isNone(Tonnes.fromString("half a tonne")))
 * assert.ok(Option.isNone(Tonnes.fromNumber(0.1 + 0.2))) // its digits are lost already
 * const amounts = [Tonnes.fromInput("0.5"), Tonnes.fromNumber(0.25), Tonnes.fromDecimal(BigDecimal.make(2n, 0))]
 *
 * const [half = Tonnes.zero, quarter = Tonnes.zero] = amounts.flatMap(Option.toArray)
 * const left = Tonnes.subtract(half, quarter)
 * assert.ok(Tonnes.isPositive(left) && Tonnes.Order(left, half) < 0)
 * assert.strictEqual(Tonnes.decimals(left), 2)
 * ```
 *
 * @module
 */
import * as BigDecimal from "effect/BigDecimal"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as order from "effect/Order"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import { exactDigits } from "@effect-icr/app/extension"

const TypeId = "~@effect-icr/registry/Tonnes"

/**
 * An exact amount. Equal amounts are equal by `Equal.equals`; it prints as `0.5 t` and serialises as `"0.5"`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Tonnes extends Equal.Equal, Inspectable.Inspectable {
  readonly [TypeId]: typeof TypeId
  /** The amount, for arithmetic beyond this module. */
  readonly decimal: BigDecimal.BigDecimal
}

/**
 * What is taken for an amount: `"0.5"`, `2n`, a `BigDecimal` or `Tonnes`. Not a `number`.
 *
 * @category models
 * @since 0.1.0
 */
export type Input = Tonnes | BigDecimal.BigDecimal | bigint | `${number}`

const isDecimal = (u: unknown): u is BigDecimal.BigDecimal =>
  BigDecimal.isBigDecimal(u) && typeof u.value === "bigint" && Number.isInteger(u.scale)

/** Accepts an amount of any copy of this module. The key alone proves nothing, so the decimal is checked too. */
const isTonnes = (u: unknown): u is Tonnes =>
  Predicate.hasProperty(u, TypeId) && Predicate.hasProperty(u, "decimal") && isDecimal(u.decimal)

/** The most decimals or trailing zeros of an amount: sums over longer numbers would stall the process. */
const largestScale = 60
const longestText = 120
const decimalText = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?$/

/** Digits in plain notation, never with an exponent. */
const plain = ({ scale, value }: BigDecimal.BigDecimal): string => {
  const sign = value < 0n ? "-" : ""
  const digits = String(value < 0n ? -value : value)
  if (scale <= 0) return sign + (value === 0n ? "0" : digits + "0".repeat(-scale))
  const padded = digits.padStart(scale + 1, "0")
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

const Proto = {
  [TypeId]: TypeId,
  ...Inspectable.BaseProto,
  [Equal.symbol](this: Tonnes, that: unknown) {
    return isTonnes(that) && BigDecimal.equals(this.decimal, that.decimal)
  },
  [Hash.symbol](this: Tonnes) {
    return Hash.string(plain(this.decimal))
  },
  toString(this: Tonnes) {
    return `${plain(this.decimal)} t`
  },
  toJSON(this: Tonnes) {
    return plain(this.decimal)
  }
}

/** Makes an amount of a decimal whose scale is within bounds. */
const wrap = (decimal: BigDecimal.BigDecimal): Tonnes =>
  Object.assign(Object.create(Proto), { decimal: BigDecimal.normalize(decimal) })

// ---------------------------------------------------------------------------------------------------------------------
// Constructors
// ---------------------------------------------------------------------------------------------------------------------

/**
 * From a decimal number, where its size is that of an amount: at most 60 decimals or trailing zeros.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromDecimal = (decimal: BigDecimal.BigDecimal): Option.Option<Tonnes> =>
  Math.abs(decimal.scale) <= largestScale && Math.abs(BigDecimal.normalize(decimal).scale) <= largestScale
    ? Option.some(wrap(decimal))
    : Option.none()

/**
 * From the digits of a number, such as `0.5` or `1e-18`. Absurdly long texts and exponents are no amounts.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromString = (text: string): Option.Option<Tonnes> =>
  Predicate.isString(text) && text.length <= longestText && decimalText.test(text)
    ? Option.flatMap(BigDecimal.fromString(text), fromDecimal)
    : Option.none()

/**
 * From a double that still has all its digits: 15 of them at the most. `0.1 + 0.2` has lost them and is `None`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromNumber = (value: number): Option.Option<Tonnes> =>
  Option.filter(fromString(String(value)), ({ decimal }) => String(decimal.value).replace("-", "").length <= 15)

/**
 * From whatever is taken for an amount; `None` for a text that is no number of an amount's size.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromInput = (input: Input): Option.Option<Tonnes> => {
  if (isTonnes(input)) return Object.getPrototypeOf(input) === Proto ? Option.some(input) : fromDecimal(input.decimal)
  if (isDecimal(input)) return fromDecimal(input)
  // `fromString` checks the size of a whole number, and refuses what is no text at all.
  return fromString(typeof input === "bigint" ? String(input) : input)
}

/**
 * From whatever is taken for an amount. Throws a `RangeError` for what is none: for constants, and for what was
 * checked.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (input: Input): Tonnes =>
  Option.getOrThrowWith(fromInput(input), () => new RangeError("not an amount of tonnes"))

/**
 * Zero tonnes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const zero: Tonnes = wrap(BigDecimal.make(0n, 0))

// ---------------------------------------------------------------------------------------------------------------------
// Arithmetic
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The sum of two amounts.
 *
 * @category combinators
 * @since 0.1.0
 */
export const sum = (self: Tonnes, that: Tonnes): Tonnes => wrap(BigDecimal.sum(self.decimal, that.decimal))

/**
 * The difference of two amounts; may be negative.
 *
 * @category combinators
 * @since 0.1.0
 */
export const subtract = (self: Tonnes, that: Tonnes): Tonnes => wrap(BigDecimal.subtract(self.decimal, that.decimal))

/**
 * The sum of all amounts; {@link zero} for none.
 *
 * @category combinators
 * @since 0.1.0
 */
export const sumAll = (amounts: Iterable<Tonnes>): Tonnes =>
  wrap(BigDecimal.sumAll(Array.from(amounts, ({ decimal }) => decimal)))

/**
 * Smaller amounts first.
 *
 * @category instances
 * @since 0.1.0
 */
export const Order: order.Order<Tonnes> = order.mapInput(BigDecimal.Order, ({ decimal }: Tonnes) => decimal)

/**
 * Whether it is more than nothing.
 *
 * @category guards
 * @since 0.1.0
 */
export const isPositive = ({ decimal }: Tonnes): boolean => BigDecimal.isPositive(decimal)

/**
 * How many decimals it has: 1 for `0.5`, 0 for `100`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const decimals = ({ decimal }: Tonnes): number => Math.max(0, decimal.scale)

/**
 * Its digits in plain notation, never with an exponent: `0.000000000000000001`.
 *
 * @category combinators
 * @since 0.1.0
 */
export const format = ({ decimal }: Tonnes): string => plain(decimal)

// ---------------------------------------------------------------------------------------------------------------------
// Schemas
// ---------------------------------------------------------------------------------------------------------------------

/**
 * An amount that is `Tonnes` already.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Tonnes: Schema.declare<Tonnes> = Schema.declare(isTonnes, {
  ...exactDigits,
  identifier: "Tonnes",
  expected: "an amount of tonnes"
})

/**
 * An amount on the wire. In an answer that `schemaBodyJson` decodes it has all the digits that were written, wherever it
 * stands: in objects, records, lists, alternatives, and in JSON within a text. Elsewhere it takes a text, or a number of at
 * most 15 digits, so that one with lost digits is refused. Encoded as a text.
 *
 * **Gotchas**: `JSON.parse` of a program's own rounds before this sees anything: `0.50000000000000001` is `0.5` by then. So
 * does a schema that is decoded inside of another one's transformation, where its fields cannot be seen. Where one place may
 * be an amount or a plain number and no literal beside it tells which, a number of more than 15 digits is an amount.
 *
 * @category schemas
 * @since 0.1.0
 */
export const FromDigits: Schema.Codec<Tonnes, string | number> = Schema.Union([Schema.String, Schema.Finite])
  .annotate(exactDigits)
  .pipe(
    Schema.decodeTo(Tonnes, {
      decode: SchemaGetter.transformEffect((value: string | number, options) =>
        Effect.fromOption(
          typeof value === "string" ? fromString(value) : fromNumber(value),
          () => new SchemaIssue.InvalidValue({ expected: "digits of an amount" }, value, options)
        )
      ),
      encode: SchemaGetter.transform(format)
    })
  )
