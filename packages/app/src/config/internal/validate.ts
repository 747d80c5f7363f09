/** Checks of configured values. What is refused is refused by the name of its option or variable. */
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { IcrError } from "../../errors/IcrError.ts"
import { Configuration, InvalidRequest } from "../../errors/IcrReason.ts"

/** A `Configuration` failure that names the variable or option. */
export const configurationError = (variable: string, detail: string): IcrError =>
  new IcrError({ reason: new Configuration({ variable, detail }) })

/** A request that is refused before anything is sent. */
export const invalidRequest = (operation: string, detail: string): IcrError =>
  new IcrError({ reason: new InvalidRequest({ operation, detail }) })

const check = <A>(value: A, isValid: boolean, error: () => IcrError): Effect.Effect<A, IcrError> =>
  isValid ? Effect.succeed(value) : Effect.fail(error())

// ---------------------------------------------------------------------------------------------------------------------
// Texts
// ---------------------------------------------------------------------------------------------------------------------

/** Blanks, byte order marks and signs without width at either end, and escaped newlines at the end. */
const edges = /^[\s\p{Cf}]+|(?:[\s\p{Cf}]|\\+[rn])+$/gu

/**
 * The text as it was meant: without the signs that files, dashboards, pipes and environment files leave around it, and without
 * one pair of quotes.
 */
export const clean = (text: string): string =>
  text
    .replace(edges, "")
    .replace(/^(["'])(.*)\1$/su, "$2")
    .replace(edges, "")

/** An unresolved placeholder. */
const placeholder = /^(?:\$\{.*\}|\$\(.*\)|\{\{.*\}\})$/su

/** An unresolved reference to a secret store, such as `op://vault/item/field`. */
const reference = /^(?!file:)[a-z][a-z+.-]*:\/\//i

/** A text as it was meant, which may be empty. Values of another type come from plain JavaScript. */
export const readText = (name: string, given: unknown): Effect.Effect<string, IcrError> => {
  if (!Predicate.isString(given)) {
    return Effect.fail(configurationError(name, `must be a text; it is of type ${typeof given}`))
  }
  const text = clean(given)
  const detail = "is a placeholder such as ${…} that nothing replaced; set the value itself"
  return check(text, !placeholder.test(text), () => configurationError(name, detail))
}

/** A secret as it was meant, as a plain text or `Redacted`. Its label is the name under which errors speak of it. */
export const readSecret = Effect.fnUntraced(function* (
  name: string,
  given: unknown
): Effect.fn.Return<Redacted.Redacted, IcrError> {
  const label = Redacted.isRedacted(given) ? (given.label ?? name) : name
  const value = yield* Effect.try({
    try: () => (Redacted.isRedacted(given) ? Redacted.value(given) : given),
    catch: () => configurationError(label, "cannot be read: it was wiped, or it is of another copy of effect")
  })
  const text = yield* readText(label, value)
  const detail =
    "is a reference into a secret store, such as op://…, that nothing resolved; start the program through the store's own tool, or set the value itself"
  return Redacted.make(yield* check(text, !reference.test(text), () => configurationError(label, detail)), { label })
})

/** One secret or a list of them. */
export const readSecretList = (
  name: string,
  given: unknown
): Effect.Effect<ReadonlyArray<Redacted.Redacted>, IcrError> =>
  Effect.forEach(Arr.isArray(given) ? given : [given], (secret) => readSecret(name, secret))

// ---------------------------------------------------------------------------------------------------------------------
// Options of layers and of calls
// ---------------------------------------------------------------------------------------------------------------------

const notObject = "must be an object"
const notNegative = "must be a duration that is not negative"

const unit = /^(?:week|day|hour|minute|(?:milli|micro|nano)?second)s$/

const isAmount = (amount: unknown) => typeof amount === "number" && !Number.isNaN(amount)

/** `Duration` takes NaN, and objects without a unit such as dates, for zero, which would hide the mistake. */
const isMeant = (given: unknown) => {
  if (typeof given !== "object" || Duration.isDuration(given)) return !Number.isNaN(given)
  const parts = Object.entries(given ?? {})
  const isPart = ([name, amount]: readonly [string, unknown]) =>
    (Arr.isArray(given) || unit.test(name)) && (amount === undefined || isAmount(amount))
  return parts.length > 0 && parts.every(isPart)
}

/** In milliseconds; negative where it is no duration. */
const toMillis = (given: Duration.Input) =>
  isMeant(given) ? Option.match(Duration.fromInput(given), { onNone: () => -1, onSome: Duration.toMillis }) : -1

/** A duration given as an option of a layer, in milliseconds. 0 is honoured. */
export const millis = (
  variable: string,
  given: Duration.Input | undefined,
  byDefault: Duration.Input
): Effect.Effect<number, IcrError> => {
  const value = toMillis(given === undefined ? byDefault : given)
  return check(value, value >= 0, () => configurationError(variable, notNegative))
}

/** Whole numbers from `least` on. */
export const count = (
  variable: string,
  given: number | undefined,
  byDefault: number,
  least: number
): Effect.Effect<number, IcrError> => {
  const value = given === undefined ? byDefault : given
  const isValid = Number.isInteger(value) && value >= least
  return check(value, isValid, () => configurationError(variable, `must be a whole number of at least ${least}`))
}

/** An option of a layer that is of one type of JavaScript, or left out. */
export const ofType = <A>(variable: string, given: A, type: "boolean" | "function"): Effect.Effect<A, IcrError> =>
  check(given, given === undefined || typeof given === type, () => configurationError(variable, `must be a ${type}`))

/** Options of a layer, or a part of them, which `name` says. Those of another type come from plain JavaScript. */
export const layerOptions = <A extends object>(given: A, name = "options"): Effect.Effect<A, IcrError> =>
  check(given, Predicate.isObject(given), () => configurationError(name, notObject))

/** Options given to one call, or a part of them, which `name` says. */
export const callOptions = <A extends object>(
  operation: string,
  given: A,
  name = "the options"
): Effect.Effect<A, IcrError> =>
  check(given, Predicate.isObject(given), () => invalidRequest(operation, `${name} ${notObject}`))

/** A duration given to one call, in milliseconds. */
export const validDuration = (
  operation: string,
  name: string,
  given: Duration.Input
): Effect.Effect<number, IcrError> => {
  const value = toMillis(given)
  return check(value, value >= 0, () => invalidRequest(operation, `${name} ${notNegative}`))
}
