/**
 * Guards the commands of a service against a Redis that becomes unavailable.
 *
 * The first command that fails, or takes longer than the timeout, begins an outage: one warning is logged, and until the
 * outage ends every call fails at once instead of waiting. In the background the service's own kinds of commands are probed
 * every second, a write among them, because a Redis that is out of memory or read-only still answers reads. The first round
 * that succeeds ends the outage. An outage that recurs as soon as it has ended doubles the interval each time, up to a minute.
 *
 * A right that the user of Redis lacks is no outage: the commands that need it fail, all others go on. One warning is logged
 * for each such right.
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as HashSet from "effect/HashSet"
import type * as Redis from "effect/persistence/Redis"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { codeOf, isDenied, isWrongType } from "./errorCode.ts"

/** A command that Redis refused, did not answer in time, or was not sent because of an outage. */
export class Unavailable extends Data.TaggedError("Unavailable")<{
  /** What the command failed for: the whole Redis, a key with a value of another type, or a right that the user lacks. */
  readonly what: "redis" | "key" | "right"
  readonly reason: string
}> {}

const unavailableRedis = (reason: string) => new Unavailable({ what: "redis", reason })

const toUnavailable = (error: Redis.RedisError) =>
  new Unavailable({ what: isDenied(error) ? "right" : isWrongType(error) ? "key" : "redis", reason: codeOf(error) })

/** Whether other commands are served although this one failed. */
export const isOnlyThis = ({ what }: Unavailable): boolean => what !== "redis"

/** One or more commands. */
export type Command<A> = (redis: Redis.Redis["Service"]) => Effect.Effect<A, Redis.RedisError>

/** Runs commands within the timeout. */
export type Use = <A>(command: Command<A>) => Effect.Effect<A, Unavailable>

/** A Redis whose outages are detected. */
export interface GuardedRedis {
  /** Fails at once during an outage, without calling `command`. */
  readonly use: Use
  /** Sends a command even during an outage, and does not wait for it: for undoing what Redis may still do. */
  readonly useInBackground: (command: Command<unknown>) => Effect.Effect<void>
}

/** How outages are detected and reported. */
export interface Options {
  /** Milliseconds. */
  readonly timeout: number
  /** Find out whether Redis is available again: one for each kind of command that the service uses. */
  readonly probes: ReadonlyArray<Command<unknown>>
  /** Completes the warning "Redis is unavailable; until it is back, …". */
  readonly consequence: string
  /** Runs when Redis answers again, before the outage ends for all other callers. Its failure prolongs the outage. */
  readonly onAvailable?: ((use: Use) => Effect.Effect<void, Unavailable>) | undefined
}

interface Available {
  readonly _tag: "Available"
  /** When the last outage ended. Milliseconds. */
  readonly since: number
  /** How often Redis was probed during the last outage. Milliseconds. */
  readonly probeInterval: number
}

const unavailable = { _tag: "Unavailable" } as const

// Milliseconds.
const shortestProbeInterval = 1000
const longestProbeInterval = 60_000

const timeoutSlices = 5

/** Probes Redis during outages until the scope closes. */
export const make = Effect.fnUntraced(function* (
  redis: Redis.Redis["Service"],
  { consequence, onAvailable, probes, timeout }: Options
): Effect.fn.Return<GuardedRedis, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const neverUnavailable: Available = {
    _tag: "Available",
    since: -Infinity,
    probeInterval: shortestProbeInterval
  }
  const state = yield* Ref.make<Available | typeof unavailable>(neverUnavailable)
  const deniedRights = yield* Ref.make(HashSet.empty<string>())

  // Several short timers instead of one: after a pause of the whole process, such as a garbage collection, a single timer
  // would be overdue before the answer that has already arrived is read.
  const tooSlow = Effect.sleep(timeout / timeoutSlices).pipe(
    Effect.repeat({ times: timeoutSlices - 1 }),
    Effect.andThen(unavailableRedis(`no answer within ${timeout} ms`))
  )

  const attempt: Use = (command) =>
    Effect.suspend(() => command(redis)).pipe(Effect.mapError(toUnavailable), Effect.raceFirst(tooSlow))

  const probe = Effect.forEach(probes, (command) => Effect.catchIf(attempt(command), isOnlyThis, () => Effect.void), {
    discard: true
  }).pipe(Effect.andThen(onAvailable === undefined ? Effect.void : onAvailable(attempt)))

  const recover = Effect.fnUntraced(function* (probeInterval: number) {
    yield* probe.pipe(Effect.delay(probeInterval), Effect.retry(Schedule.forever))
    yield* Ref.set(state, { _tag: "Available", since: yield* Clock.currentTimeMillis, probeInterval })
    yield* Effect.logInfo("Redis is available again")
  })

  // `before` is compared by identity: a command that was sent before the last change says nothing about the present.
  // An outage that was begun but not followed by `recover` would never end, so neither is interrupted.
  const beginOutage = Effect.fnUntraced(function* (before: Available, { reason }: Unavailable) {
    const isFirst = yield* Ref.modify(state, (now) => (now === before ? [true, unavailable] : [false, now]))
    if (!isFirst) return
    yield* Effect.logWarning(`Redis is unavailable (${reason}); until it is back, ${consequence}`)
    const isRecurring = (yield* Clock.currentTimeMillis) - before.since < 2 * before.probeInterval
    const probeInterval = isRecurring ? Math.min(2 * before.probeInterval, longestProbeInterval) : shortestProbeInterval
    yield* Effect.forkIn(recover(probeInterval), scope)
  }, Effect.uninterruptible)

  const warnOfRight = Effect.fnUntraced(function* (reason: string) {
    const isFirst = yield* Ref.modify(deniedRights, (rights) => [
      !HashSet.has(rights, reason),
      HashSet.add(rights, reason)
    ])
    if (!isFirst) return
    yield* Effect.logWarning(
      `Redis denied a command (${reason}); only what needs it is missing, see "Rights" in the README of @effect-icr/redis`
    )
  })

  const report = (before: Available, error: Unavailable) => {
    switch (error.what) {
      case "redis":
        return beginOutage(before, error)
      case "right":
        return warnOfRight(error.reason)
      case "key":
        return Effect.void
    }
  }

  return {
    use: (command) =>
      Effect.flatMap(Ref.get(state), (before) =>
        before._tag === "Unavailable"
          ? Effect.fail(unavailableRedis("outage"))
          : Effect.tapError(attempt(command), (error) => report(before, error))
      ),
    useInBackground: (command) =>
      Effect.suspend(() => command(redis)).pipe(Effect.ignore, Effect.forkIn(scope), Effect.asVoid)
  }
})
