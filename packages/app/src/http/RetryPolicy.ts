/**
 * When a failed attempt is made again.
 *
 * Only idempotent requests are retried: GET, the token exchange, the DELETE of a token, and requests marked `idempotent`; and
 * only after 408, 429, 500, 502, 503, 504, a transport failure or a timed-out attempt. Other writes are sent once, since the
 * registry documents no idempotency key and a repeated request could move credits twice. They are sent again only after a
 * refused credential, since then nothing was done. The schedule decides how often and how fast; `Retry-After` lengthens its
 * waits, and the retry budget and the deadline of `IcrHttp` end it early.
 *
 * ```ts
 * import type { InstallationId } from "@effect-icr/app/domain/Ids"
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import { Idempotent, idempotent, IcrHttp } from "@effect-icr/app/IcrHttp"
 * import * as RetryPolicy from "@effect-icr/app/RetryPolicy"
 * import { Console, Effect, Layer, Schedule } from "effect"
 * import { HttpClient } from "effect/http"
 *
 * // Options
 * export const patient = IcrHttp.layerWith({ retry: { attempts: 6, maxDelay: "30 seconds" } })
 * // No retry at all
 * export const impatient = IcrHttp.layerWith({ retry: RetryPolicy.none })
 * // The default schedule, and something of one's own about it
 * export const explained = Layer.unwrap(
 *   Effect.map(RetryPolicy.make({ attempts: 3 }), (schedule) =>
 *     IcrHttp.layerWith({ retry: Schedule.tap(schedule, ({ input }) => Effect.log(input.message)) })
 *   )
 * )
 *
 * // To delete what is deleted does no harm: retried as a GET is
 * export const removeFile = Effect.fn("removeFile")(function* (id: InstallationId, path: string) {
 *   const { installationClient } = yield* IcrApp
 *   return yield* idempotent(installationClient(id).del(path))
 * })
 * // Names the writes that are sent once
 * export const logging = IcrHttp.layerWith({
 *   transformClient: HttpClient.tapRequest(({ method, url }) =>
 *     Effect.flatMap(Idempotent, (isMarked) => (isMarked ? Effect.void : Console.log(`${method} ${url}`)))
 *   )
 * })
 * ```
 *
 * @module
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import { count, layerOptions, millis } from "../config/internal/validate.ts"
import type { IcrError } from "../errors/IcrError.ts"

/**
 * How often and how long. 0 is honoured; negative durations and NaN are refused.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The longest wait before the first retry; doubles with each. Each wait is drawn between 0 and this. Default 200 ms. */
  readonly base?: Duration.Input | undefined
  /** No single wait is longer than this, `Retry-After` aside. Default 10 s. */
  readonly maxDelay?: Duration.Input | undefined
  /** Attempts in all, the first included. Default 4; 1 switches retries off. */
  readonly attempts?: number | undefined
}

/**
 * A schedule whose input is the error of the attempt that failed. Any of this type can replace the default.
 *
 * @category models
 * @since 0.1.0
 */
export type RetrySchedule = Schedule.Schedule<unknown, IcrError>

/**
 * Exponential with full jitter: each wait is drawn between 0 and the doubling bound. Fails with `Configuration`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (given: Options = {}): Effect.fn.Return<RetrySchedule, IcrError> {
  const options = yield* layerOptions(given, "retry")
  const base = yield* millis("retry.base", options.base, "200 millis")
  const maxDelay = yield* millis("retry.maxDelay", options.maxDelay, "10 seconds")
  const attempts = yield* count("retry.attempts", options.attempts, 4, 1)
  return Schedule.exponential(base).pipe(
    Schedule.modifyDelay(({ duration }) =>
      Effect.map(Random.next, (draw) => Math.min(Duration.toMillis(duration), maxDelay) * draw)
    ),
    Schedule.upTo({ times: attempts - 1 }),
    Schedule.setInputType<IcrError>()
  )
})

/**
 * Never retries.
 *
 * @category constructors
 * @since 0.1.0
 */
export const none: RetrySchedule = Schedule.recurs(0).pipe(Schedule.setInputType<IcrError>())
