/** What the pipeline adds to a retry schedule: which failures count, `Retry-After`, and the budget. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as MutableRef from "effect/MutableRef"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type { IcrError } from "../IcrError.ts"
import type { RetrySchedule } from "../RetryPolicy.ts"

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

/** Waits at least as long as the registry asked for. */
export const atLeastRetryAfter = (schedule: RetrySchedule): RetrySchedule =>
  schedule.pipe(
    Schedule.modifyDelay(({ duration, input }) =>
      Effect.succeed(
        Option.match(input.retryAfter, { onNone: () => duration, onSome: (asked) => Duration.max(duration, asked) })
      )
    )
  )

/** A token bucket shared by all calls of one layer: a registry in trouble must not be hammered. */
export interface Budget {
  /** Takes one repetition from the bucket; false when it is empty. */
  readonly take: Effect.Effect<boolean>
  /** A success puts a tenth of a repetition back. Not an effect, since every call does so. */
  readonly give: () => void
}

/** `capacity` repetitions at the start, and never more than that. */
export const makeBudget = (capacity: number): Effect.Effect<Budget> => {
  // Counted in tenths: ten times 0.1 is less than 1.
  const full = capacity * 10
  return Effect.map(Ref.make(full), (tenths) => ({
    take: Ref.modify(tenths, (left) => (left >= 10 ? [true, left - 10] : [false, left])),
    give: () => void MutableRef.update(tenths.ref, (left) => Math.min(full, left + 1))
  }))
}
