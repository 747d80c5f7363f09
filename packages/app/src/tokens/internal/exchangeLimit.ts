/**
 * How many exchanges run at a time: a process that starts with 500 installations must not ask the registry for 500 tokens at
 * once. Half as many after an attempt that the registry turned down, one more after as many successes.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { IcrError } from "../../errors/IcrError.ts"
import type { Credential } from "../../http/Credential.ts"

/** Runs an exchange with a credential whose first value waits for its turn, so that waiting is within the call's deadline. */
export type ExchangeLimit = <A>(
  credential: Credential,
  exchange: (credential: Credential) => Effect.Effect<A, IcrError>
) => Effect.Effect<A, IcrError>

interface State {
  /** With fractions of the next one. */
  readonly permits: number
  /** How often the number went down. Exchanges that began before a decrease cause no other one. */
  readonly decreases: number
}

interface Turn {
  readonly scope: Scope.Closeable
  /** How often the number had gone down when it began; `Infinity` while it waits. */
  readonly since: number
}

/** At most this many at a time. */
export const make = Effect.fnUntraced(function* (most: number): Effect.fn.Return<ExchangeLimit> {
  const semaphore = yield* Semaphore.make(most)
  const state = yield* Ref.make<State>({ permits: most, decreases: 0 })

  const resize = (change: (state: State) => State) =>
    Effect.flatMap(Ref.updateAndGet(state, change), ({ permits }) => Semaphore.resize(semaphore, Math.floor(permits)))
  const more = resize((now) => ({ ...now, permits: Math.min(most, now.permits + 1 / now.permits) }))
  // A semaphore that is resized looks at all who wait, which no success in quiet times is to cost.
  const grow = Effect.flatMap(Ref.get(state), ({ permits }) => (permits < most ? more : Effect.void))
  const shrink = (since: number) =>
    resize((now) =>
      now.decreases === since ? { permits: Math.max(1, now.permits / 2), decreases: now.decreases + 1 } : now
    )

  return Effect.fnUntraced(function* (credential, exchange) {
    const turn = yield* Ref.make<Turn | undefined>(undefined)
    const ifBegun = (f: (turn: Turn) => Effect.Effect<void>) =>
      Effect.flatMap(Ref.get(turn), (turn) => (turn === undefined ? Effect.void : f(turn)))
    const end = ifBegun(({ scope }) => Scope.close(scope, Exit.void))
    const begin = Effect.gen(function* () {
      const scope = yield* Scope.make()
      yield* Ref.set(turn, { scope, since: Infinity })
      yield* Scope.provide(Semaphore.takeScoped(semaphore, 1), scope)
      yield* Ref.set(turn, { scope, since: (yield* Ref.get(state)).decreases })
    })
    const turnedDown = ifBegun(({ since }) => shrink(since))
    // A value that is asked for again is for an attempt after one that the registry turned down: it waits for another turn.
    const get = Effect.andThen(Effect.andThen(turnedDown, end), Effect.andThen(begin, credential.get))
    return yield* exchange({ ...credential, get }).pipe(
      Effect.tap(grow),
      Effect.tapError(({ isRetryable }) => (isRetryable ? turnedDown : Effect.void)),
      Effect.onExit(() => end)
    )
  })
})
