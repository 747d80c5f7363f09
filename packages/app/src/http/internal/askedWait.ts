/** Remembers what the registry asked to wait, so that it outlives the call that heard it. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { IcrError } from "../../errors/IcrError.ts"
import { monotonicMillis } from "./telemetry.ts"

/** Until when nothing is to be sent, in milliseconds of the monotonic clock. */
export type AskedWait = Ref.Ref<number>

/** A registry that asks for more is asked again after this long: it may have meant another caller, or another unit. */
const longest = Duration.toMillis("15 minutes")

/** Nothing was asked yet. */
export const make: Effect.Effect<AskedWait> = Ref.make(-Infinity)

/** Milliseconds still to wait; 0 or less when a request may go out. */
export const left = (asked: AskedWait): Effect.Effect<number> =>
  Effect.zipWith(Ref.get(asked), monotonicMillis, (until, now) => until - now)

/** Learns from a failure. A shorter wait does not end a longer one. */
export const learn = (asked: AskedWait, { retryAfter }: IcrError): Effect.Effect<void> =>
  Option.match(retryAfter, {
    onNone: () => Effect.void,
    onSome: (wait) =>
      Effect.flatMap(monotonicMillis, (now) =>
        Ref.update(asked, (until) => Math.max(until, now + Math.min(Duration.toMillis(wait), longest)))
      )
  })
