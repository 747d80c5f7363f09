import { Configuration, type IcrError, fail } from "@effect-icr/app/IcrError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** A duration of at least a millisecond, in whole milliseconds; anything else is refused by name. */
export const positiveMillis = (variable: string, given: Duration.Input): Effect.Effect<number, IcrError> =>
  Duration.fromInput(given).pipe(
    Option.map((duration) => Math.round(Duration.toMillis(duration))),
    Option.filter((millis) => millis >= 1 && millis < Infinity),
    Effect.fromOption,
    Effect.mapError(() => fail(new Configuration({ variable, detail: "must be a duration of at least 1 ms" })))
  )
