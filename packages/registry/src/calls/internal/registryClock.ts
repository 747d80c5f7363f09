/** The registry's clock, which its timestamps are compared with. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Service as App } from "@effect-icr/app/IcrApp"

/**
 * How far off the registry's time may be known: `Date` headers have whole seconds, and offsets of up to 3 s are not
 * corrected.
 */
export const clockTolerance = 5000

/** What the registry's clock showed when this machine's showed `millis`, as far as is known by now. */
export const registryTimeAt = (app: App, millis: number): Effect.Effect<number> =>
  Effect.zipWith(
    app.registryTime,
    Clock.currentTimeMillis,
    (registry, now) => DateTime.toEpochMillis(registry) - (now - millis)
  )

/** The registry's time in milliseconds. */
export const registryMillis = (app: App): Effect.Effect<number> => Effect.map(app.registryTime, DateTime.toEpochMillis)
