/**
 * A token store as the cache uses it: whatever goes wrong with it is a warning and a miss, it is not waited for long, and one
 * that gave no answer is left alone for a while.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as ElapsedTime from "../../clock/internal/elapsedTime.ts"
import type * as TokenStore from "../TokenStore.ts"

/** What reading gave. An unavailable store is not the same as one without an entry. */
export interface Answer {
  readonly entry: Option.Option<TokenStore.Entry>
  readonly isUnavailable: boolean
}

/** Nothing here fails, and nothing takes longer than a fraction of a call. */
export interface GuardedStore {
  /** For callers who would rather exchange than wait: a store that gave no answer lately is not asked. */
  readonly read: (key: string) => Effect.Effect<Answer>
  /** For callers who have to know: an unavailable store is asked as well. */
  readonly readAnyway: (key: string) => Effect.Effect<Answer>
  /** For `life` milliseconds. As with `read`, a store that gave no answer lately is not asked. */
  readonly write: (key: string, entry: Effect.Effect<TokenStore.Entry>, life: number) => Effect.Effect<void>
  /** Removes what ends no later than `upTo`. */
  readonly remove: (key: string, upTo: number) => Effect.Effect<void>
  /**
   * Runs an exchange under the lease of a key, which is returned in the background; `undefined` without running it when the
   * store has a token by now that ends later than `newerThan`.
   */
  readonly underLease: <A, E>(
    key: string,
    newerThan: number,
    exchange: Effect.Effect<A, E>
  ) => Effect.Effect<A | undefined, E>
  readonly removals: TokenStore.Service["removals"]
}

// Milliseconds. An exchange is always possible, so a store is worth less waiting than the registry; a lease waits for a whole
// exchange elsewhere. A call has 30 s by default, and reading, the lease, the exchange and writing have to fit into it.
const patience = 3000
const leasePatience = 10_000
/** How long a store that gave no answer is left alone: else each exchange would cost its caller the same wait. */
const rest = 10_000

const unavailable: Answer = { entry: Option.none(), isUnavailable: true }

/** Stands for no store at all. */
export const none: GuardedStore = {
  read: () => Effect.succeed(unavailable),
  readAnyway: () => Effect.succeed(unavailable),
  write: () => Effect.void,
  remove: () => Effect.void,
  underLease: (_, __, exchange) => exchange,
  removals: undefined
}

/** A store is somebody else's code: its defects are its failures, and only the message it made for people is shown. */
const describe = (cause: Cause.Cause<TokenStore.TokenStoreError>) =>
  Option.match(Cause.findErrorOption(cause), {
    onNone: () => (Cause.hasInterruptsOnly(cause) ? "it interrupted itself" : "it has a defect"),
    onSome: (error) => error.message
  })

/** The operations for which a silent store is remembered, as those of `TokenStore`. */
type Operation = "get" | "set"

/**
 * The result of an operation, or nothing. It runs in a fiber of its own: one that cannot be interrupted is not waited for,
 * and one that interrupts itself interrupts nobody else.
 */
const guard = <A, R>(
  operation: string,
  limit: number,
  self: Effect.Effect<A, TokenStore.TokenStoreError, R>,
  onSilence: Effect.Effect<void> = Effect.void
): Effect.Effect<Option.Option<A>, never, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const running = yield* Effect.forkDetach(self, { startImmediately: true })
      const ended = yield* Fiber.await(running).pipe(
        Effect.timeoutOption(limit),
        restore,
        Effect.ensuring(Effect.forkDetach(Fiber.interrupt(running), { startImmediately: true }))
      )
      if (Option.isSome(ended) && Exit.isSuccess(ended.value)) return Option.some(ended.value.value)
      if (Option.isNone(ended)) yield* onSilence
      const problem = Option.match(ended, {
        onNone: () => `TokenStore.${operation} failed: no answer within ${limit / 1000} seconds`,
        onSome: (exit) => (Exit.isFailure(exit) ? describe(exit.cause) : "")
      })
      yield* Effect.logWarning("The token store failed; tokens come from the registry without it", problem)
      return Option.none()
    })
  )

/** Guards a store for as long as the scope is open. */
export const make = Effect.fnUntraced(function* (
  store: TokenStore.Service,
  mostLeases: number
): Effect.fn.Return<GuardedStore, never, Scope.Scope> {
  // A lease that is held while its exchange waits for its turn would end before the exchange does.
  const leases = yield* Semaphore.make(mostLeases)
  const scope = yield* Effect.scope
  const now = yield* ElapsedTime.make
  const silentUntil = yield* Ref.make(HashMap.empty<Operation, number>())

  const guardUnlessSilent = Effect.fnUntraced(function* <A>(
    operation: Operation,
    limit: number,
    self: Effect.Effect<A, TokenStore.TokenStoreError>
  ) {
    const until = Option.getOrElse(HashMap.get(yield* Ref.get(silentUntil), operation), () => -Infinity)
    if ((yield* now) < until) return Option.none<A>()
    const onSilence = Effect.flatMap(now, (now) => Ref.update(silentUntil, HashMap.set(operation, now + rest)))
    return yield* guard(operation, limit, self, onSilence)
  })

  const answer = Option.match({
    onNone: () => unavailable,
    onSome: (entry: Option.Option<TokenStore.Entry>): Answer => ({ entry, isUnavailable: false })
  })

  const underLease: GuardedStore["underLease"] = (key, newerThan, exchange) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const own = yield* Scope.make()
        const taking = yield* Effect.forkDetach(
          Scope.provide(
            Effect.suspend(() => store.lease(key, newerThan)),
            own
          ),
          {
            startImmediately: true
          }
        )
        // Goes on beyond the limit, since a lease that is granted late has to be returned as well.
        const giveBack = guard(
          "lease",
          patience,
          Effect.uninterruptible(Effect.andThen(Fiber.interrupt(taking), Scope.close(own, Exit.void)))
        )
        const leased = Effect.flatMap(guard("lease", leasePatience, Fiber.join(taking)), (hasNewer) =>
          Option.getOrElse(hasNewer, () => false) ? Effect.undefined : exchange
        )
        return yield* Effect.onExit(restore(leased), () =>
          // A closed scope starts no fiber: the layer is closing, and waits.
          scope.state._tag === "Closed"
            ? giveBack
            : Effect.forkIn(giveBack, scope, { startImmediately: true, uninterruptible: true })
        )
      })
    )

  // What is no entry is a defect of the store here, and not one of the exchange that reads it.
  const get = (key: string) =>
    Effect.map(
      Effect.suspend(() => store.get(key)),
      Option.map(({ expiresAt, timeLeft, value }) => ({
        expiresAt,
        timeLeft,
        value: Redacted.make(Redacted.value(value))
      }))
    )

  return {
    read: (key) => Effect.map(guardUnlessSilent("get", patience, get(key)), answer),
    readAnyway: (key) => Effect.map(guard("get", patience, get(key)), answer),
    // Waiting takes half of a short life at the most.
    write: (key, entry, life) =>
      guardUnlessSilent(
        "set",
        Math.min(patience, life / 2),
        Effect.flatMap(entry, (entry) => store.set(key, entry, Duration.millis(life)))
      ).pipe(Effect.asVoid),
    remove: (key, upTo) =>
      Effect.asVoid(
        guard(
          "remove",
          patience,
          Effect.suspend(() => store.remove(key, upTo))
        )
      ),
    underLease: (key, newerThan, exchange) => Semaphore.withPermit(leases, underLease(key, newerThan, exchange)),
    removals: store.removals
  }
})
