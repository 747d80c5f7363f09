/**
 * A token store as the cache uses it: whatever goes wrong with it is a warning and a miss, it is not waited for long, and one
 * that gave no answer is left alone for a while.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as ElapsedTime from "../../clock/internal/elapsedTime.ts"
import type * as TokenStore from "../TokenStore.ts"

/** What reading gave: `undefined` from an unavailable store, which is not the same as one without an entry. */
export type Answer = Option.Option<TokenStore.Entry> | undefined

/** Nothing here fails, and nothing takes longer than a fraction of a call. */
export interface GuardedStore {
  /** For callers who would rather exchange than wait: a store that gave no answer lately is not asked. */
  readonly read: (key: string) => Effect.Effect<Answer>
  /** For callers who have to know: an unavailable store is asked as well. */
  readonly readAnyway: (key: string) => Effect.Effect<Answer>
  /** For `life` milliseconds. As with `read`, a store that gave no answer lately is not asked. */
  readonly write: (key: string, entry: () => TokenStore.Entry, life: number) => Effect.Effect<void>
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

/** A store is somebody else's code: its defects are its failures, and only the message it made for people is shown. */
const describe = (cause: Cause.Cause<{ readonly message: string }>) =>
  Option.match(Cause.findErrorOption(cause), {
    onNone: () => (Cause.hasInterruptsOnly(cause) ? "it interrupted itself" : "it has a defect"),
    onSome: ({ message }) => message
  })

/**
 * The result of an operation, or nothing. It runs in a fiber of its own: one that cannot be interrupted is not waited for,
 * and one that interrupts itself interrupts nobody else.
 */
const guard = <A, R>(
  operation: keyof TokenStore.Service,
  limit: number,
  self: () => Effect.Effect<A, TokenStore.TokenStoreError, R>,
  onSilence: Effect.Effect<void> = Effect.void
): Effect.Effect<A | undefined, never, R> => {
  const silence = { message: `TokenStore.${operation} failed: no answer within ${limit / 1000} seconds` }
  const ended = Effect.acquireUseRelease(
    Effect.forkDetach(Effect.suspend(self), { startImmediately: true }),
    (running) =>
      Effect.timeoutOrElse(Fiber.await(running), {
        duration: limit,
        orElse: () => Effect.as(onSilence, Exit.fail(silence))
      }),
    (running) => Effect.forkDetach(Fiber.interrupt(running), { startImmediately: true })
  )
  return Effect.flatMap(ended, (exit) =>
    Exit.isSuccess(exit)
      ? Effect.succeed(exit.value)
      : Effect.as(
          Effect.logWarning("The token store failed; tokens come from the registry without it", describe(exit.cause)),
          undefined
        )
  )
}

/** As `guard`, for an operation that is left alone for a while after it gave no answer. */
const makeGuardUnlessSilent = (operation: "get" | "set", now: Effect.Effect<number>) =>
  Effect.map(Ref.make(-Infinity), (silentUntil) => {
    const onSilence = Effect.flatMap(now, (now) => Ref.set(silentUntil, now + rest))
    return <A>(limit: number, self: () => Effect.Effect<A, TokenStore.TokenStoreError>) =>
      Effect.flatMap(Effect.zip(now, Ref.get(silentUntil)), ([now, until]) =>
        now < until ? Effect.undefined : guard(operation, limit, self, onSilence)
      )
  })

/** Guards a store for as long as the scope is open. */
export const make = Effect.fnUntraced(function* (
  store: TokenStore.Service,
  mostLeases: number
): Effect.fn.Return<GuardedStore, never, Scope.Scope> {
  // A lease that is held while its exchange waits for its turn would end before the exchange does.
  const leases = yield* Semaphore.make(mostLeases)
  const scope = yield* Effect.scope
  const now = yield* ElapsedTime.make
  const guardGet = yield* makeGuardUnlessSilent("get", now)
  const guardSet = yield* makeGuardUnlessSilent("set", now)

  // A malformed entry fails here, inside the guard.
  const get = (key: string) => () =>
    Effect.map(
      store.get(key),
      Option.map(({ expiresAt, timeLeft, value }) => ({
        expiresAt,
        timeLeft,
        value: Redacted.make(Redacted.value(value))
      }))
    )

  return {
    read: (key) => guardGet(patience, get(key)),
    readAnyway: (key) => guard("get", patience, get(key)),
    // Wait at most for half of a short life.
    write: (key, entry, life) =>
      guardSet(Math.min(patience, life / 2), () => store.set(key, entry(), Duration.millis(life))),
    remove: (key, upTo) => guard("remove", patience, () => store.remove(key, upTo)),
    underLease: (key, newerThan, exchange) =>
      Effect.acquireUseRelease(
        Effect.flatMap(Scope.make(), (own) =>
          Effect.suspend(() => store.lease(key, newerThan)).pipe(
            Scope.provide(own),
            Effect.forkDetach({ startImmediately: true }),
            Effect.map((taking) => ({ own, taking }))
          )
        ),
        ({ taking }) =>
          Effect.flatMap(
            guard("lease", leasePatience, () => Fiber.join(taking)),
            (hasNewer) => (hasNewer === true ? Effect.undefined : exchange)
          ),
        ({ own, taking }) => {
          // Goes on beyond the limit, since a lease that is granted late has to be returned as well.
          const end = Effect.uninterruptible(Effect.andThen(Fiber.interrupt(taking), Scope.close(own, Exit.void)))
          const giveBack = guard("lease", patience, () => end)
          // A closed scope starts no fiber: the layer is closing, and waits.
          return scope.state._tag === "Closed"
            ? giveBack
            : Effect.forkIn(giveBack, scope, { startImmediately: true, uninterruptible: true })
        }
      ).pipe(Semaphore.withPermit(leases)),
    removals: store.removals
  }
})
