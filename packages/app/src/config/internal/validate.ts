/** Checks the numbers and durations that a program gives. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { IcrError } from "../../errors/IcrError.ts"
import { Configuration, InvalidRequest } from "../../errors/IcrReason.ts"

// `Duration` folds NaN into zero, which would hide the mistake; also within `[seconds, nanos]` and `{ seconds }`.
const hasNaN = (given: Duration.Input) =>
  typeof given === "object" ? Object.values(given).some(Number.isNaN) : Number.isNaN(given)

const notNegative = "must be a duration that is not negative"

/** In milliseconds; none for negative durations and NaN. */
const toMillis = (given: Duration.Input): Option.Option<number> =>
  hasNaN(given)
    ? Option.none()
    : Duration.fromInput(given).pipe(
        Option.filter((duration) => !Duration.isNegative(duration)),
        Option.map(Duration.toMillis)
      )

/** An option of a layer that is a duration, in milliseconds. 0 is honoured; negative ones and NaN are refused by name. */
export const millis = (
  variable: string,
  given: Duration.Input | undefined,
  byDefault: Duration.Input
): Effect.Effect<number, IcrError> =>
  Effect.mapError(
    Effect.fromOption(toMillis(given ?? byDefault)),
    () => new IcrError({ reason: new Configuration({ variable, detail: notNegative }) })
  )

/** A duration given to one call, in milliseconds. */
export const validDuration = (
  operation: string,
  name: string,
  given: Duration.Input
): Effect.Effect<number, IcrError> =>
  Effect.mapError(
    Effect.fromOption(toMillis(given)),
    () => new IcrError({ reason: new InvalidRequest({ operation, detail: `${name} ${notNegative}` }) })
  )

/** An option of a layer that is a whole number of at least `least`. */
export const count = (
  variable: string,
  given: number | undefined,
  byDefault: number,
  least: number
): Effect.Effect<number, IcrError> => {
  const value = given ?? byDefault
  return Number.isInteger(value) && value >= least
    ? Effect.succeed(value)
    : Effect.fail(
        new IcrError({ reason: new Configuration({ variable, detail: `must be a whole number of at least ${least}` }) })
      )
}
