/** Remembers what the registry asked to wait, so that it outlives the call that heard it. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { IcrError } from "../../errors/IcrError.ts"

/** Until when nothing is to be sent, in milliseconds of the monotonic clock. */
export type AskedWait = Ref.Ref<number>

/** A registry that asks for more is asked again after this long: it may have meant another caller, or another unit. */
const longest = Duration.toMillis("15 minutes")

/** Nothing was asked yet. */
export const make: Effect.Effect<AskedWait> = Ref.make(-Infinity)

/** What a failure asks to wait, in milliseconds. */
export const askedBy = ({ retryAfter }: IcrError): number =>
  Option.match(retryAfter, { onNone: () => 0, onSome: Duration.toMillis })

/** Learns from a failure at a moment. A shorter wait does not end a longer one. */
export const learn = (asked: AskedWait, error: IcrError, now: number): Effect.Effect<void> =>
  Option.isNone(error.retryAfter)
    ? Effect.void
    : Ref.update(asked, (until) => Math.max(until, now + Math.min(askedBy(error), longest)))
