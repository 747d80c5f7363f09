import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Configuration, type IcrError, InvalidRequest, fail } from "../IcrError.ts"

/** Options given as durations: 0 is honoured, negative ones and NaN are refused by name. In milliseconds. */
export const millis = (
  variable: string,
  given: Duration.Input | undefined,
  byDefault: Duration.Input
): Effect.Effect<number, IcrError> =>
  Duration.fromInput(given ?? byDefault).pipe(
    Option.filter((duration) => given === undefined || (!hasNaN(given) && !Duration.isNegative(duration))),
    Option.match({
      onNone: () =>
        Effect.fail(fail(new Configuration({ variable, detail: "must be a duration that is not negative" }))),
      onSome: (duration) => Effect.succeed(Duration.toMillis(duration))
    })
  )

// `Duration` folds NaN into zero, which would hide the mistake; also within `[seconds, nanos]` and `{ seconds }`.
const hasNaN = (given: Duration.Input) =>
  typeof given === "object" ? Object.values(given).some(Number.isNaN) : Number.isNaN(given)

/** Whole numbers from `least` on. */
export const count = (
  variable: string,
  given: number | undefined,
  byDefault: number,
  least: number
): Effect.Effect<number, IcrError> => {
  const value = given ?? byDefault
  return Number.isInteger(value) && value >= least
    ? Effect.succeed(value)
    : Effect.fail(fail(new Configuration({ variable, detail: `must be a whole number of at least ${least}` })))
}

/** A duration given to one call, in milliseconds. */
export const validDuration = (
  operation: string,
  name: string,
  given: Duration.Input
): Effect.Effect<number, IcrError> =>
  Effect.mapError(millis(name, given, 0), () =>
    fail(new InvalidRequest({ operation, detail: `${name} must be a duration that is not negative` }))
  )
