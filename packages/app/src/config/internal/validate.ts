/** Checks of configured values. What is refused is refused by the name of its option or variable. */
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { IcrError } from "../../errors/IcrError.ts"
import { Configuration, InvalidRequest } from "../../errors/IcrReason.ts"
import { clean, placeholderProblem, referenceProblem } from "./clean.ts"

/** A `Configuration` failure that names the variable or option. */
export const configurationError = (variable: string, detail: string): IcrError =>
  new IcrError({ reason: new Configuration({ variable, detail }) })

/** A text as it was meant, which may be empty. Values of another type come from plain JavaScript. */
export const readText = Effect.fnUntraced(function* (name: string, given: unknown): Effect.fn.Return<string, IcrError> {
  if (typeof given !== "string") return yield* configurationError(name, `must be a text; it is of type ${typeof given}`)
  const text = clean(given)
  const problem = placeholderProblem(text)
  return problem === undefined ? text : yield* configurationError(name, problem)
})

/** A secret as it was meant, as a plain text or `Redacted`. Its label is the name under which errors speak of it. */
export const readSecret = Effect.fnUntraced(function* (
  name: string,
  given: unknown
): Effect.fn.Return<Redacted.Redacted, IcrError> {
  const label = Redacted.isRedacted(given) ? (given.label ?? name) : name
  const value = Redacted.isRedacted(given)
    ? yield* Effect.try({
        try: () => Redacted.value(given),
        catch: () => configurationError(label, "cannot be read: it was wiped, or it is of another copy of effect")
      })
    : given
  const text = yield* readText(label, value)
  const problem = referenceProblem(text)
  return problem === undefined ? Redacted.make(text, { label }) : yield* configurationError(label, problem)
})

/** One secret or a list of them. */
export const readSecretList = (
  name: string,
  given: unknown
): Effect.Effect<ReadonlyArray<Redacted.Redacted>, IcrError> =>
  Effect.forEach(Arr.isArray(given) ? given : [given], (secret) => readSecret(name, secret))

const units = new Set(["weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"])

/** `Duration` takes NaN, and objects without a unit such as dates, for zero, which would hide the mistake. */
const isMeant = (given: unknown) => {
  if (typeof given !== "object" || Duration.isDuration(given)) return !Number.isNaN(given)
  const parts = Object.entries(given ?? {})
  return (
    parts.length > 0 &&
    parts.every(
      ([unit, amount]) =>
        (Array.isArray(given) || units.has(unit)) &&
        (amount === undefined || (typeof amount === "number" && !Number.isNaN(amount)))
    )
  )
}

const notNegative = "must be a duration that is not negative"

const toMillis = (given: Duration.Input): Option.Option<number> =>
  Duration.fromInput(given).pipe(
    Option.filter((duration) => isMeant(given) && !Duration.isNegative(duration)),
    Option.map(Duration.toMillis)
  )

/** Options given as durations: 0 is honoured. In milliseconds. */
export const millis = (
  variable: string,
  given: Duration.Input | undefined,
  byDefault: Duration.Input
): Effect.Effect<number, IcrError> =>
  Effect.mapError(Effect.fromOption(toMillis(given === undefined ? byDefault : given)), () =>
    configurationError(variable, notNegative)
  )

/** Whole numbers from `least` on. */
export const count = (
  variable: string,
  given: number | undefined,
  byDefault: number,
  least: number
): Effect.Effect<number, IcrError> => {
  const value = given === undefined ? byDefault : given
  return Number.isInteger(value) && value >= least
    ? Effect.succeed(value)
    : Effect.fail(configurationError(variable, `must be a whole number of at least ${least}`))
}

/** A request that is refused before anything is sent. */
export const invalidRequest = (operation: string, detail: string): IcrError =>
  new IcrError({ reason: new InvalidRequest({ operation, detail }) })

const notObject = "must be an object"

/** Options of a layer, or a part of them, which `name` says. Those of another type come from plain JavaScript. */
export const layerOptions = <A extends object>(given: A, name = "options"): Effect.Effect<A, IcrError> =>
  Predicate.isObject(given) ? Effect.succeed(given) : Effect.fail(configurationError(name, notObject))

/** Options given to one call, or a part of them, which `name` says. */
export const callOptions = <A extends object>(
  operation: string,
  given: A,
  name = "the options"
): Effect.Effect<A, IcrError> =>
  Predicate.isObject(given) ? Effect.succeed(given) : Effect.fail(invalidRequest(operation, `${name} ${notObject}`))

/** A duration given to one call, in milliseconds. */
export const validDuration = (
  operation: string,
  name: string,
  given: Duration.Input
): Effect.Effect<number, IcrError> =>
  Effect.mapError(Effect.fromOption(toMillis(given)), () => invalidRequest(operation, `${name} ${notNegative}`))
