/** Looks at the registry to find out what became of a write whose answer got lost. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Option from "effect/Option"
import * as Result from "effect/Result"

/** Makes a part interruptible within a whole that is not. */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** The first pause of a quiet period of 4 s or more. A shorter period has shorter pauses, and four looks as well. */
const firstPause = 500

/** The pauses between looks: 0.5 s, 1 s, 2 s, …, and the rest of the quiet period. */
export const pausesOf = (quietPeriod: Duration.Duration): ReadonlyArray<number> => {
  const whole = Duration.toMillis(quietPeriod)
  const from = (pause: number, passed: number): ReadonlyArray<number> =>
    passed + pause >= whole ? [whole - passed] : [pause, ...from(pause * 2, passed + pause)]
  return from(Math.min(firstPause, whole / 8), 0)
}

/** How many pages of a list a look reads at the most: 50,000 items. A longer list does not count as read to its end. */
export const mostPagesOfLook = 1000

/**
 * Looks at the registry until something is found or the quiet period is over. By then a write whose answer got lost has been
 * done, if it ever will be. `None` when nothing was found in the end; fails when the last look failed, since that one tells
 * nothing. A result that is not `enough` does not end the looks early. `restore` is put around the waits.
 */
export const lookFor = Effect.fnUntraced(function* <A, E, R>(
  look: Effect.Effect<Option.Option<A>, E, R>,
  quietPeriod: Duration.Duration,
  restore: Restore,
  enough: (found: A) => boolean = constTrue
) {
  let last: Result.Result<Option.Option<A>, E> = Result.succeed(Option.none())
  for (const pause of pausesOf(quietPeriod)) {
    yield* restore(Effect.sleep(pause))
    last = yield* Effect.result(look)
    if (Result.isSuccess(last) && Option.exists(last.success, enough)) return last.success
  }
  return yield* Effect.fromResult(last)
})

/**
 * Whether a page of a list shows its newest first and has come to what was made before `since`: what follows is older
 * still, and need not be read. A page whose items were all made at the same time does not tell its order.
 */
export const isPast = (items: ReadonlyArray<{ readonly createdAt: DateTime.Utc }>, since: number): boolean => {
  const times = items.map(({ createdAt }) => DateTime.toEpochMillis(createdAt))
  const [first = since] = times
  const last = times.at(-1) ?? since
  return first > last && last < since && times.every((time, index) => time <= (times[index - 1] ?? first))
}
