/**
 * When a failed attempt is made again: the options, the schedule made from them, and the budget that keeps a registry
 * in trouble from being hammered.
 *
 * Only what may be repeated is: GET, the token exchange, the DELETE of a token, and requests marked `idempotent`; and
 * only after 408, 429, 500, 502, 503, 504, a transport failure or a timed-out attempt. Writes are sent once, since the
 * registry documents no idempotency key and a repeated request could move credits twice.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type { IcrError } from "./IcrError.ts"

/** How often, how long, and how much in all. */
export interface Options {
  /** The longest wait before the first repetition; doubles with each. Default 200 ms. The wait is drawn from 0 to it. */
  readonly base?: Duration.Input | undefined
  /** No single wait is longer than this, `Retry-After` aside. Default 10 s. */
  readonly maxDelay?: Duration.Input | undefined
  /** Attempts in all, the first included. Default 4; 1 switches repeating off. */
  readonly attempts?: number | undefined
}

/** Schedules by their input: the error of the attempt that failed. Replace the default with any of this type. */
export type RetrySchedule = Schedule.Schedule<unknown, IcrError>

/** Exponential with full jitter: each wait is drawn between 0 and the doubling bound. */
export const make = (options: Options = {}): RetrySchedule =>
  Schedule.exponential(options.base ?? "200 millis").pipe(
    Schedule.modifyDelay(({ duration }) =>
      Effect.map(Random.next, (draw) =>
        Duration.times(Duration.min(duration, Duration.fromInputUnsafe(options.maxDelay ?? "10 seconds")), draw)
      )
    ),
    Schedule.upTo({ times: (options.attempts ?? 4) - 1 }),
    Schedule.setInputType<IcrError>()
  )

/** Never repeats. */
export const none: RetrySchedule = make({ attempts: 1 })

/** Waits at least as long as the registry asked for. */
export const atLeastRetryAfter = (schedule: RetrySchedule): RetrySchedule =>
  schedule.pipe(
    Schedule.modifyDelay(({ duration, input }) =>
      Effect.succeed(
        Option.match(input.retryAfter, { onNone: () => duration, onSome: (asked) => Duration.max(duration, asked) })
      )
    )
  )

const repeatable = new Set([408, 429, 500, 502, 503, 504])

/** Whether this failure is worth another attempt. */
export const isTransient = ({ reason }: IcrError): boolean => {
  switch (reason._tag) {
    case "RateLimited":
    case "ServerError":
      return repeatable.has(reason.status)
    case "Transport":
      return true
    case "Timeout":
      return reason.of === "attempt"
    default:
      return false
  }
}

/** A token bucket shared by all calls of one layer. */
export interface Budget {
  /** Takes one repetition from the bucket; false when it is empty. */
  readonly take: Effect.Effect<boolean>
  /** A success puts a tenth of a repetition back. */
  readonly give: Effect.Effect<void>
}

/** `capacity` repetitions at the start, and never more than that. */
export const makeBudget = (capacity: number): Effect.Effect<Budget> =>
  Effect.map(Ref.make(capacity), (left) => ({
    take: Ref.modify(left, (n) => (n >= 1 ? [true, n - 1] : [false, n])),
    give: Ref.update(left, (n) => Math.min(capacity, n + 0.1))
  }))
