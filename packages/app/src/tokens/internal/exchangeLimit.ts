/**
 * How many exchanges run at a time: a process that starts with 500 installations must not ask the registry for 500 tokens at
 * once. The number halves after an attempt that the registry turned down, and grows by one after twice as many successes.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { IcrError } from "../../errors/IcrError.ts"
import type { Credential } from "../../http/Credential.ts"

/** What an exchange brought, and when the registry was asked. */
export interface Asked<A> {
  readonly value: A
  readonly askedAt: number
}

/** Runs an exchange with a credential whose value waits for its turn, so that waiting is within the call's deadline. */
export type ExchangeLimit = <A>(
  exchange: (credential: Credential) => Effect.Effect<A, IcrError>
) => Effect.Effect<Asked<A>, IcrError>

interface State {
  /** How many exchanges may run at a time. May be fractional. */
  readonly permits: number
  /** How often the number went down. Exchanges that began before a decrease cause no other one. */
  readonly decreases: number
}

/** The turn of one attempt. */
interface Turn {
  /** Gives the permit back; after an attempt that the registry turned down, with fewer permits from then on. */
  readonly end: (isTurnedDown: boolean) => Effect.Effect<void>
  readonly askedAt: number
}

/** Where nothing was sent, the registry turned nothing down. */
const wasTurnedDown = ({ isRetryable, reason }: IcrError) => isRetryable && "attempts" in reason && reason.attempts > 0

const noTurn: Turn = { end: () => Effect.void, askedAt: -Infinity }

/** Makes a limit of at most `most` exchanges at a time. */
export const make = Effect.fnUntraced(function* (
  most: number,
  jwt: Credential,
  now: Effect.Effect<number>
): Effect.fn.Return<ExchangeLimit> {
  const semaphore = yield* Semaphore.make(most)
  const takePermit = Semaphore.takeScoped(semaphore, 1)
  const state = yield* Ref.make<State>({ permits: most, decreases: 0 })

  // Resizing a semaphore looks at all who wait, so it is skipped where the number does not change.
  const adapt = (change: (state: State) => State) =>
    Effect.flatten(
      Ref.modify(state, (before) => {
        const after = change(before)
        return [after === before ? Effect.void : Semaphore.resize(semaphore, Math.floor(after.permits)), after]
      })
    )
  const grow = adapt((now) =>
    now.permits < most ? { ...now, permits: Math.min(most, now.permits + 0.5 / now.permits) } : now
  )
  const shrink = (since: number) =>
    adapt((now) =>
      now.decreases === since ? { permits: Math.max(1, now.permits / 2), decreases: now.decreases + 1 } : now
    )

  return (exchange) =>
    Effect.flatMap(Ref.make(noTurn), (turn) => {
      const end = (isTurnedDown: boolean) => Effect.flatMap(Ref.get(turn), (now) => now.end(isTurnedDown))
      const get = Effect.gen(function* () {
        // The call asks again only after the registry turned down its last attempt.
        yield* end(true)
        const scope = yield* Scope.make()
        const close = Scope.close(scope, Exit.void)
        yield* Ref.set(turn, { ...noTurn, end: () => close })
        yield* Scope.provide(takePermit, scope)
        const presented = yield* jwt.get
        const { decreases } = yield* Ref.get(state)
        const endTurn = (isTurnedDown: boolean) => (isTurnedDown ? Effect.andThen(shrink(decreases), close) : close)
        yield* Ref.set(turn, { end: endTurn, askedAt: yield* now })
        return presented
      })
      return exchange({ ...jwt, get }).pipe(
        Effect.tap(grow),
        Effect.flatMap((value) => Effect.map(Ref.get(turn), ({ askedAt }) => ({ value, askedAt }))),
        Effect.tapError((error) => (wasTurnedDown(error) ? end(true) : Effect.void)),
        Effect.onExit(() => end(false))
      )
    })
})
