/**
 * Redis as the stores use it: a helper that may go away at any moment.
 *
 * The first failure, or the first answer that takes too long, opens an outage: one warning, and from then on every call fails
 * at once instead of waiting. Behind the callers a write is tried every second; the first that succeeds ends the outage.
 * A write, because a Redis out of memory or turned read-only still answers, and is as little use. An outage that comes back at once,
 * as when Redis lets the write pass and refuses what the stores do, is tried half as often each time, down to once a minute.
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Redis from "effect/persistence/Redis"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { codeOf } from "./errorCode.ts"

/** No answer, or none in time. */
export class Unavailable extends Data.TaggedError("Unavailable")<{ readonly why: string }> {}

type Use<A> = (redis: Redis.Redis["Service"]) => Effect.Effect<A, Redis.RedisError>
type Attempt = <A>(f: Use<A>) => Effect.Effect<A, Unavailable>

/** What the layer hands out. */
export interface Link {
  /** `f` is not called during an outage. */
  readonly use: Attempt
  /** Sent even during an outage and not waited for: what undoes something Redis may do late. */
  readonly useLater: (f: Use<unknown>) => Effect.Effect<void>
}

/** Times in milliseconds. */
export interface Options {
  /** What takes longer counts as away. */
  readonly timeout: number
  /** Written to find out whether Redis is back. */
  readonly probeKey: string
  /** Ends the warning: what happens meanwhile. */
  readonly meanwhile: string
  /** What Redis has to hear after an outage, before anybody else gets to it. */
  readonly catchUp?: ((attempt: Attempt) => Effect.Effect<void, Unavailable>) | undefined
}

/** Milliseconds. */
const shortestPause = 1000
const longestPause = 60_000
const slices = 5

/** Somebody else's value under our key: a failure of this call, and no reason to do without all the others. */
export const isOfOneKey = ({ why }: Unavailable) => why === "WRONGTYPE"

/** Outages are watched until the scope closes. */
export const make = Effect.fnUntraced(function* (
  redis: Redis.Redis["Service"],
  { catchUp, meanwhile, probeKey, timeout }: Options
): Effect.fn.Return<Link, never, Scope.Scope> {
  const scope = yield* Effect.scope
  // Counts the beginnings and ends of outages, so it is odd during one. A call that fails late, begun before the last change,
  // says nothing about now.
  const changes = yield* Ref.make(0)

  // In slices, so that only time counts in which this process could have read the answer: after a pause of the whole process
  // (garbage, a burst of work) the first timer is overdue before the answer is looked at.
  const slow = Effect.sleep(timeout / slices).pipe(
    Effect.repeat({ times: slices - 1 }),
    Effect.andThen(new Unavailable({ why: `no answer within ${timeout} ms` }))
  )

  const attempt: Attempt = (f) =>
    Effect.suspend(() => f(redis)).pipe(
      Effect.mapError((error) => new Unavailable({ why: codeOf(error) })),
      Effect.raceFirst(slow)
    )

  let endedAt = -Infinity
  let pause = shortestPause
  const isBack = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    pause = now - endedAt < 2 * pause ? Math.min(2 * pause, longestPause) : shortestPause
    yield* attempt((redis) => redis.send("SET", probeKey, "1", "PX", "1000")).pipe(
      Effect.andThen(catchUp === undefined ? Effect.void : catchUp(attempt)),
      Effect.delay(pause),
      Effect.retry(Schedule.forever)
    )
    endedAt = yield* Clock.currentTimeMillis
    yield* Ref.update(changes, (count) => count + 1)
    yield* Effect.logInfo("Redis is back")
  })

  const wentAway = ({ why }: Unavailable, begun: number) =>
    Effect.flatMap(
      Ref.modify(changes, (count) => (count === begun ? [true, count + 1] : [false, count])),
      (isNews) =>
        isNews
          ? Effect.andThen(
              Effect.logWarning(`Redis is away (${why}); until it is back, ${meanwhile}`),
              Effect.forkIn(isBack, scope)
            )
          : Effect.void
    )

  return {
    use: (f) =>
      Effect.suspend(() => {
        const begun = Ref.getUnsafe(changes)
        if (begun % 2 === 1) return Effect.fail(new Unavailable({ why: "away" }))
        return Effect.tapError(attempt(f), (error) => (isOfOneKey(error) ? Effect.void : wentAway(error, begun)))
      }),
    useLater: (f) => Effect.suspend(() => f(redis)).pipe(Effect.ignore, Effect.forkIn(scope), Effect.asVoid)
  }
})
