/** Options that the services of this package share. */
import { IcrError } from "@effect-icr/app/IcrError"
import { Configuration } from "@effect-icr/app/IcrReason"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** How keys are named, and how long a command may take. */
export interface RedisOptions {
  /**
   * Put before every key, so that several programs can share a Redis. Default `icr:`. On a cluster it needs a hash tag, such
   * as `{icr}:`.
   */
  readonly prefix?: string | undefined
  /** A command that takes longer counts as an outage. Default 250 ms. */
  readonly timeout?: Duration.Input | undefined
}

// Increased whenever a stored value changes its form: programs of two versions then share a Redis without reading each other's.
const formatVersion = "v1"

/** What every key begins with. */
export const keyPrefix = ({ prefix = "icr:" }: RedisOptions): string => `${prefix}${formatVersion}:`

export const defaultTimeout: Duration.Input = "250 millis"

/** A duration in whole milliseconds. Fails with `Configuration` for one that is shorter than a millisecond or infinite. */
export const positiveMillis = (variable: string, given: Duration.Input): Effect.Effect<number, IcrError> =>
  Duration.fromInput(given).pipe(
    Option.map((duration) => Math.round(Duration.toMillis(duration))),
    Option.filter((millis) => millis >= 1 && millis < Infinity),
    Effect.fromOption,
    Effect.mapError(
      () => new IcrError({ reason: new Configuration({ variable, detail: "must be a duration of at least 1 ms" }) })
    )
  )
