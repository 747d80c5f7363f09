/** Validates what programs give to options and actions, which in plain JavaScript can be anything. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { CreditHolding } from "../CreditControl.ts"
import { Fault, FaultStep } from "../Fault.ts"
import { Route } from "../Route.ts"
import { SimulatorError } from "../SimulatorError.ts"
import { SimulatedTransaction, Tampering } from "../Webhooks.ts"
import { OrganizationType, Permissions } from "../Wire.ts"
import * as Bounds from "./bounds.ts"

/** Validates a value against the decoded side of a schema. The error names the value and never repeats it. */
const valid = <A, I>(name: string, schema: Schema.Codec<A, I>) => {
  const decode = Schema.decodeUnknownEffect(Schema.toType(schema))
  return (value: unknown) =>
    Effect.mapError(decode(value), ({ message }) => new SimulatorError({ message: `${name}: ${message}` }))
}

export const permissions = valid("permissions", Permissions)
export const appNameId = valid("appNameId", Schema.NonEmptyString)
export const profile = valid("profile", Schema.Literals(["documented", "observed", "strict"]))
export const controlToken = valid("controlToken", Schema.NonEmptyString)
export const event = valid("event", Schema.NonEmptyString)
export const tampering = valid("tampering", Tampering)
export const transaction = valid("transaction", SimulatedTransaction)
export const holding = valid("holding", CreditHolding)
export const steps = valid("fault", Schema.Array(FaultStep))
export const faults = valid("fault", Schema.Union([Fault, Schema.Array(Fault)]))
export const target = valid("route", Schema.Union([Route, Schema.Literal("*")]))
export const probability = valid("probability", Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })))
export const install = valid(
  "install",
  Schema.Struct({
    appId: Schema.optional(Schema.String),
    organizationId: Schema.optional(Schema.String),
    organizationType: Schema.optional(OrganizationType),
    fullName: Schema.optional(Schema.String),
    permissions: Schema.optional(Permissions)
  })
)
export const organizationToken = valid(
  "organization token",
  Schema.Struct({ organizationId: Schema.String, permissions: Permissions })
)

const units = new Set(["weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"])

/** Effect reads NaN, an object without units and a misspelt unit as zero, which nobody means. */
const isMeant = (input: unknown): boolean => {
  if (typeof input !== "object" || input === null || Duration.isDuration(input)) return !Number.isNaN(input)
  const amounts = Object.entries(input)
  return (
    amounts.length > 0 &&
    amounts.every(([unit, amount]) => (Array.isArray(input) || units.has(unit)) && Number.isFinite(amount))
  )
}

const millis = Effect.fnUntraced(function* (name: string, input: Duration.Input) {
  const duration = Option.filter(Duration.fromInput(input), () => isMeant(input))
  return Option.isSome(duration)
    ? Duration.toMillis(duration.value)
    : yield* new SimulatorError({
        message: `${name} is not a duration: give milliseconds, a text such as "2 hours" or { hours: 2 }`
      })
})

/** Reads a lifetime from 0 to 10 years as milliseconds. */
export const life = (name: string, input: Duration.Input) =>
  Effect.flatMap(millis(name, input), valid(name, Bounds.Millis))

/** Reads a clock's offset of at most 10 years as milliseconds. */
export const skew = (input: Duration.Input) =>
  Effect.flatMap(millis("skewClock", input), valid("skewClock", Bounds.Skew))
