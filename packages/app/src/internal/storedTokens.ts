/** A token store as the cache uses it: whatever goes wrong with it is a warning and a miss, and it is not waited for long. */
import * as Cause from "effect/Cause"
import { Clock } from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type * as TokenStore from "../TokenStore.ts"
import { monotonic } from "./steadyTime.ts"

/** What reading gave; without an answer the store is away, which is not the same as empty. */
export interface Answer<T> {
  readonly token: T | undefined
  /** Milliseconds it stays in the store, where that can tell; else `Infinity`. */
  readonly timeLeft: number
  readonly isAway: boolean
}

/** Reads and writes the tokens of one kind. Nothing here fails, and nothing takes longer than a fraction of a call. */
export interface StoredTokens<T> {
  /** For who would rather mint than wait: a store that gave no answer lately is not asked. */
  readonly read: (key: string) => Effect.Effect<Answer<T>>
  /** For who has to know. */
  readonly readInAnyCase: (key: string) => Effect.Effect<Answer<T>>
  /** As `read` does, it lets a silent store be. */
  readonly write: (key: string, token: T, life: number) => Effect.Effect<void>
  /** With a token: unless the store has one that ends later. */
  readonly remove: (key: string, upTo?: T) => Effect.Effect<void>
  /** Under the lease, which is given back behind the caller; `undefined` without it when there is a newer token instead. */
  readonly underLease: <A, E>(
    key: string,
    newerThan: number,
    mint: Effect.Effect<A, E>
  ) => Effect.Effect<A | undefined, E>
}

// Milliseconds. A token can always be minted, so a store is worth less waiting than the registry; a lease waits for a whole
// exchange elsewhere. A call has 30 s by default, and reading, the lease, minting and writing have to fit into it.
const patience = 3000
const leasePatience = 10_000
/** What gave no answer is not asked for again so soon: else each new token would cost its caller the same wait. */
const rest = 10_000

/** A store is somebody else's code: its defects are its failures, and only the message it made for people is shown. */
const describe = (cause: Cause.Cause<TokenStore.TokenStoreError>) =>
  Option.match(Cause.findErrorOption(cause), {
    onNone: () => (Cause.hasInterruptsOnly(cause) ? "it interrupted itself" : "it has a defect"),
    onSome: (error) => error.message
  })

/**
 * What an effect of a store gives, or nothing. It runs in a fiber of its own: one that cannot be interrupted is not waited for,
 * and one that interrupts itself interrupts nobody else.
 */
const guard = <A, R>(
  operation: string,
  limit: number,
  self: Effect.Effect<A, TokenStore.TokenStoreError, R>,
  onSilence: () => void = constVoid
): Effect.Effect<Option.Option<A>, never, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const running = yield* Effect.forkDetach(self, { startImmediately: true })
      const ended = yield* Fiber.await(running).pipe(
        Effect.timeoutOption(limit),
        restore,
        Effect.ensuring(Effect.sync(() => running.interruptUnsafe()))
      )
      if (Option.isSome(ended) && Exit.isSuccess(ended.value)) return Option.some(ended.value.value)
      if (Option.isNone(ended)) onSilence()
      const problem = Option.match(ended, {
        onNone: () => `TokenStore.${operation} failed: no answer within ${limit / 1000} seconds`,
        onSome: (exit) => (Exit.isFailure(exit) ? describe(exit.cause) : "")
      })
      yield* Effect.logWarning("The token store failed; tokens are minted without it", problem)
      return Option.none()
    })
  )

/** Over a store, through the codec of the token class. */
export const make = <T extends { readonly expiresAt: DateTime.Utc }, I>(
  store: TokenStore.Service,
  codec: (key: string) => Schema.Codec<T, I>,
  storeKey: (key: string) => string,
  scope: Scope.Scope
): StoredTokens<T> => {
  const json = (key: string) => Schema.fromJsonString(Schema.toCodecJson(codec(key)))
  const decode = (key: string, text: Redacted.Redacted) => Schema.decodeUnknownOption(json(key))(Redacted.value(text))

  const restsUntil = new Map<string, number>()
  /** For what a call can do without. */
  const guardOrRest = <A, R>(
    operation: string,
    limit: number,
    self: Effect.Effect<A, TokenStore.TokenStoreError, R>
  ): Effect.Effect<Option.Option<A>, never, R> =>
    Effect.flatMap(Clock, (clock) =>
      monotonic(clock) < (restsUntil.get(operation) ?? -Infinity)
        ? Effect.succeedNone
        : guard(operation, limit, self, () => restsUntil.set(operation, monotonic(clock) + rest))
    )

  const underLease: StoredTokens<T>["underLease"] = (key, newerThan, mint) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const own = yield* Scope.make()
        const taking = yield* Effect.forkDetach(Scope.provide(store.lease(storeKey(key), newerThan), own), {
          startImmediately: true
        })
        // Goes on beyond the limit: a lease that comes in the end has to go back as well.
        const giveBack = guard(
          "lease",
          patience,
          Effect.uninterruptible(Effect.andThen(Fiber.interrupt(taking), Scope.close(own, Exit.void)))
        )
        const held = Effect.flatMap(guard("lease", leasePatience, Fiber.join(taking)), (isThere) =>
          Option.getOrElse(isThere, () => false) ? Effect.undefined : mint
        )
        return yield* Effect.onExit(restore(held), () =>
          // A closed scope starts no fiber: then the layer is closing, and waits.
          scope.state._tag === "Closed"
            ? giveBack
            : Effect.forkIn(giveBack, scope, { startImmediately: true, uninterruptible: true })
        )
      })
    )

  const readWith =
    (guarded: typeof guardOrRest): StoredTokens<T>["read"] =>
    (key) =>
      Effect.map(
        guarded("get", patience, store.get(storeKey(key))),
        Option.match({
          onNone: () => ({ token: undefined, timeLeft: Infinity, isAway: true }),
          onSome: (entry) => ({
            token: Option.getOrUndefined(Option.flatMap(entry, ({ value }) => decode(key, value))),
            timeLeft: Option.getOrUndefined(entry)?.timeLeft ?? Infinity,
            isAway: false
          })
        })
      )

  return {
    read: readWith(guardOrRest),
    readInAnyCase: readWith(guard),
    write: (key, token, life) =>
      Schema.encodeEffect(json(key))(token).pipe(
        // Encoding what was decoded cannot fail but by a bug in the codec.
        Effect.orDie,
        Effect.flatMap((text) => {
          const entry = { value: Redacted.make(text), expiresAt: DateTime.toEpochMillis(token.expiresAt) }
          // Of a short life, waiting takes half at the most.
          return guardOrRest(
            "set",
            Math.min(patience, life / 2),
            store.set(storeKey(key), entry, Duration.millis(life))
          )
        }),
        Effect.asVoid
      ),
    remove: (key, upTo) => {
      const end = upTo === undefined ? undefined : DateTime.toEpochMillis(upTo.expiresAt)
      return Effect.asVoid(guard("remove", patience, store.remove(storeKey(key), end)))
    },
    underLease
  }
}
