/**
 * Exchanges under way. A flight runs in the layer's scope, not in the fiber of the caller who began it, so that any caller may
 * leave without harm to the others, and closing the layer ends it.
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { IcrError } from "../IcrError.ts"
import type * as Keeping from "./keeping.ts"
import * as Slot from "./slot.ts"

/** What a flight knows about the slot it is for. */
export interface Situation<T> {
  /** The token in use, if it still lives. */
  readonly current: T | undefined
  /** The token refused or revoked last. */
  readonly refused: T | undefined
  /** Milliseconds that a token from a store has to live; `Infinity` when none will do. */
  readonly minimumLife: number
}

/** Times in milliseconds. */
export interface Options<T> extends Keeping.Options {
  readonly mint: (key: string, situation: Situation<T>) => Effect.Effect<Slot.Minted<T>, IcrError>
  readonly windows: Slot.Windows
  readonly pause: Slot.Pause
  /** Whether a failure says that the token in use is dead as well. */
  readonly isGone: (error: IcrError) => boolean
  /** For the one warning of a pause. */
  readonly name: string
}

/** What callers wait for. */
export interface Flight<T> {
  /**
   * The token. One effect for all who wait: with thousands of them, whatever each needs beyond its own fiber counts. Who gives
   * up waiting is not searched for and taken off the list: the call does nothing, and the flight ends by its deadline.
   */
  readonly landing: Effect.Effect<T, IcrError>
  /** All that it brought, once it has landed. */
  readonly minted: () => Slot.Minted<T> | undefined
  /** Another caller waits. Those in the context of the first are counted together when it ends. */
  readonly joined: (context: Context.Context<never>) => void
}

const makeFlight = <T>(own: Context.Context<never>, onEvent: Keeping.Options["onEvent"]) => {
  let joined = 0
  let waiting: Array<(exit: Exit.Exit<T, IcrError>) => void> = []
  let ended: Exit.Exit<T, IcrError> | undefined
  let minted: Slot.Minted<T> | undefined
  const flight: Flight<T> = {
    landing: Effect.callback((resume) => {
      if (ended === undefined) waiting.push(resume)
      else resume(ended)
    }),
    minted: () => minted,
    joined: (context) => {
      if (context === own) joined++
      else onEvent("joined", 1, context)
    }
  }
  const end = (exit: Exit.Exit<Slot.Minted<T>, IcrError>) => {
    const exitOfAll = Exit.map(exit, ({ value }) => value)
    const all = waiting
    waiting = []
    minted = Exit.isSuccess(exit) ? exit.value : undefined
    ended = exitOfAll
    if (joined > 0) onEvent("joined", joined, own)
    for (const resume of all) resume(exitOfAll)
  }
  return { flight, end }
}

/** The flights of one layer. */
export interface Flights<T> {
  /** To be run without interruption: from here on callers rely on its end. */
  readonly begin: (key: string, now: number, ask: Slot.Ask, context: Context.Context<never>) => Effect.Effect<Flight<T>>
  /** The flight that a slot names. */
  readonly underWay: (flight: number) => Flight<T>
}

/** They leave what they bring in these slots, and end with the scope. */
export const make = <T>(
  options: Options<T>,
  { change, slotOf, step, table }: Keeping.Keeping<T>,
  scope: Scope.Scope
): Flights<T> => {
  const flights = new Map<number, Flight<T>>()

  const warn = (pause: Slot.Slot<T>["pause"], now: number, cause: Cause.Cause<IcrError>) => {
    if (pause === undefined) return Effect.void
    const rest = Math.round((pause.until - now) / 1000)
    return Effect.logWarning(
      `${options.name} could not be refreshed; the present one stays in use, next try in ${rest} s`,
      cause
    )
  }

  const landed = (key: string, flight: number, minted: Slot.Minted<T>, refreshing: boolean) =>
    Effect.flatMap(Random.next, (draw) =>
      step((now, context) => {
        change(key, context, (slot) => Slot.landed(slot, Slot.hold(minted, flight, now, options.windows, draw)))
        if (!minted.stored) options.onEvent(refreshing ? "refreshed" : "minted", 1, context)
      })
    )

  const failed = (key: string, flight: number, cause: Cause.Cause<IcrError>, refreshing: boolean) =>
    Effect.flatten(
      step((now, context) => {
        const before = slotOf(key).pause
        const isGone = Option.exists(Cause.findErrorOption(cause), options.isGone)
        change(key, context, (slot) => {
          const next = Slot.failed(slot, flight, now, options.pause)
          return isGone ? Slot.emptied(next, flight) : next
        })
        if (!refreshing || Cause.hasInterruptsOnly(cause)) return Effect.void
        options.onEvent("refreshFailed", 1, context)
        const { pause } = slotOf(key)
        return pause === before ? Effect.void : warn(pause, now, cause)
      })
    )

  return {
    begin: (key, now, ask, context) => {
      // A closed scope never starts a fiber, so nobody would ever be told of its end.
      if (scope.state._tag === "Closed") return Effect.interrupt
      const slot = slotOf(key)
      const current = Slot.living(slot, now)?.value
      const refreshing = current !== undefined
      const minimumLife = ask.after > 0 ? Infinity : ask.minimumValidity
      const number = ++table().lastFlight
      const { end, flight } = makeFlight<T>(context, options.onEvent)
      flights.set(number, flight)
      change(key, context, (slot) => Slot.began(slot, number))
      return options.mint(key, { current, refused: slot.refused, minimumLife }).pipe(
        Effect.onExit((exit) =>
          Exit.isSuccess(exit)
            ? landed(key, number, exit.value, refreshing)
            : failed(key, number, exit.cause, refreshing)
        ),
        Effect.onExit((exit) =>
          Effect.sync(() => {
            flights.delete(number)
            end(exit)
          })
        ),
        Effect.forkIn(scope, { startImmediately: true, uninterruptible: false }),
        Effect.as(flight)
      )
    },
    underWay: (number) => {
      const flight = flights.get(number)
      // A slot names its flight exactly as long as that is under way.
      if (flight === undefined) throw new Error(`flight ${number} is not under way`)
      return flight
    }
  }
}
