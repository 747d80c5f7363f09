/**
 * Exact amounts of credits.
 *
 * An amount is a whole number of units. A unit is 10⁻¹⁸ tonne, the smallest part into which the registry's tokens
 * divide. JSON carries tonnes as a number, which is written and read here digit for digit.
 */
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import { badRequest } from "../../ErrorBody.ts"

/** Node has these two since version 21; the types of ES2023 do not. */
const { isRawJSON, rawJSON } = JSON as typeof JSON & {
  readonly rawJSON: (text: string) => Schema.Json
  readonly isRawJSON: (value: unknown) => boolean
}

const decimals = 18
const unitsInTonne = 10n ** BigInt(decimals)

/** Longer texts and larger exponents are no amounts. Without a limit, `1e999999999` would take the memory. */
const longest = 120
const largestExponent = 60

/** Units of a whole number of tonnes. */
export const fromTonnes = (tonnes: number): bigint => BigInt(tonnes) * unitsInTonne

/** Units of a number in JSON's notation, or `undefined` when it is no amount or has more than 18 decimals. */
export const parse = (digits: string): bigint | undefined => {
  if (digits.length > longest) return undefined
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(digits)
  if (match === null) return undefined
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match
  const shift = Number(exponent) + decimals - fraction.length
  if (Math.abs(Number(exponent)) > largestExponent) return undefined
  const value = BigInt(whole + fraction)
  const scale = 10n ** BigInt(Math.abs(shift))
  if (shift < 0 && value % scale !== 0n) return undefined
  const units = shift < 0 ? value / scale : value * scale
  return sign === "-" ? -units : units
}

/** Tonnes in plain digits without an exponent or trailing zeros, such as `0.000000000000000001`. */
export const format = (units: bigint): string => {
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, "0")
  const whole = digits.slice(0, -decimals)
  const fraction = digits.slice(-decimals).replace(/0+$/, "")
  return `${units < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`
}

const thousandth = unitsInTonne / 1000n

/** Units of the nearest thousandth of a tonne. */
export const rounded = (units: bigint): bigint => ((units + thousandth / 2n) / thousandth) * thousandth

/** A JSON number of exactly these digits, for `JSON.stringify`. */
export const toJson = (units: bigint): Schema.Json => rawJSON(format(units))

/** Whether a value is a JSON number that {@link toJson} made. */
export const isExact = isRawJSON

const Digits = Schema.Json.check(
  Schema.makeFilter((value) => typeof value === "number" || isRawJSON(value) || "Expected a number", {
    toJsonSchema: () => ({ type: "number" })
  })
)

/**
 * A JSON number of tonnes as units. Decoding a double has at most its own precision.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Tonnes = Digits.pipe(
  Schema.decodeTo(Schema.BigInt, {
    decode: SchemaGetter.transformEffect((value: Schema.Json, options) => {
      const units = parse(JSON.stringify(value))
      return units === undefined
        ? Effect.fail(new SchemaIssue.InvalidValue({ expected: "at most 18 decimals" }, value, options))
        : Effect.succeed(units)
    }),
    encode: SchemaGetter.transform(toJson)
  })
)

interface Context {
  /** The number as it stands in the text. */
  readonly source?: string
}

/** Parses JSON whose numbers `JSON.stringify` writes with the same digits again. */
export const parseJson = (text: string): unknown =>
  JSON.parse(text, (_key: string, value: unknown, ...[context]: ReadonlyArray<Context>) =>
    typeof value === "number" && context?.source !== undefined ? rawJSON(context.source) : value
  )

/** The text of a JSON object with its number `amount` as the text of its digits. */
const withDigits = (text: string): unknown =>
  JSON.parse(text, (key: string, value: unknown, ...[context]: ReadonlyArray<Context>) =>
    key === "amount" && typeof value === "number" ? (context?.source ?? String(value)) : value
  )

const decodeAmount = Schema.decodeUnknownEffect(Schema.Struct({ amount: Schema.String }))

/** Units of the member `amount` in the body of the current request. Fails with 400 when it has more than 18 decimals. */
export const ofBody = Effect.gen(function* () {
  const { text } = yield* HttpServerRequest.HttpServerRequest
  const { amount } = yield* Effect.orDie(Effect.flatMap(Effect.map(text, withDigits), decodeAmount))
  const units = parse(amount)
  if (units === undefined) return yield* badRequest([`amount must have at most ${decimals} decimals`])
  return units
})
