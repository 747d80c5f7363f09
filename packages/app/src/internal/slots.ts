/**
 * Does what `slot.ts` decides: the one interpreter of the state machine, used by the token cache and by the signer.
 *
 * One `Ref` holds all slots; every change happens in one synchronous step. A flight runs in the layer's scope, not in the
 * caller's fiber, so that any caller may leave without harm to the others, and closing the layer ends it.
 */
import * as Cause from "effect/Cause"
import { Clock } from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import type { IcrError } from "../IcrError.ts"
import * as Slot from "./slot.ts"
import { makeSteadyTime } from "./steadyTime.ts"
import * as Table from "./table.ts"

/** A token just got, with the milliseconds it still lives. */
export interface Minted<T> {
  readonly value: T
  readonly life: number
}

/** What a flight knows about the slot it is for. */
export interface Situation<T> {
  /** The token in use, if it still lives. */
  readonly current: T | undefined
  /** The token the registry refused last. */
  readonly refused: T | undefined
  /** Whether a token from elsewhere (a store) will not do. */
  readonly mustMint: boolean
}

/** What happens in the slots, for metrics. */
export type Event = "served" | "joined" | "minted" | "refreshed" | "refreshFailed" | "evicted"

/** Times in milliseconds. */
export interface Options<T> {
  readonly mint: (key: string, situation: Situation<T>) => Effect.Effect<Minted<T>, IcrError>
  readonly capacity: number
  readonly windows: Slot.Windows
  readonly pause: Slot.Pause
  /** Whether a failure says that the token in use is dead as well. */
  readonly isGone: (error: IcrError) => boolean
  readonly onEvent: (event: Event, count: number) => Effect.Effect<void>
  /** For the one warning of a pause. */
  readonly name: string
}

/** What a caller may ask for. */
export interface GetOptions {
  /** Milliseconds. */
  readonly minimumValidity: number
  /** A token minted after this call. */
  readonly fresh: boolean
}

/** Where a token comes from, as seen by its caller. */
export type Outlook = "hit" | "joined" | "miss"

const outlooks: { readonly [Tag in Slot.Decision<unknown>["_tag"]]: Outlook } = {
  Serve: "hit",
  ServeAndRefresh: "hit",
  Join: "joined",
  Queue: "joined",
  Mint: "miss"
}

/** The slots of one layer. */
export interface Slots<T> {
  readonly get: (key: string, options?: GetOptions) => Effect.Effect<T, IcrError>
  /** How `get` would come by a token if it were called now: one held, one of a flight under way, or a new one. */
  readonly outlook: (key: string) => Effect.Effect<Outlook>
  /** What is held now, without minting, and how long ago it came. */
  readonly peek: (key: string) => Effect.Effect<{ readonly value: T; readonly age: number } | undefined>
  /** Drops this token and no other. */
  readonly refuse: (key: string, isRefused: (value: T) => boolean) => Effect.Effect<void>
  /** Empties the slot and hands out what was in it. */
  readonly take: (key: string) => Effect.Effect<T | undefined>
}

/** An empty set of slots; flights end with the scope. */
export const make = Effect.fnUntraced(function* <T>(
  options: Options<T>
): Effect.fn.Return<Slots<T>, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const state = yield* Ref.make(Table.make<T>(options.capacity))
  const waiting = new Map<number, Deferred.Deferred<T, IcrError>>()
  const time = makeSteadyTime()
  const steadyNow = Effect.withFiber<number>((fiber) => Effect.succeed(time(fiber.getRef(Clock))))

  /** The one way to change a slot. Returns how many others were evicted for it. */
  const change = (key: string, f: (slot: Slot.Slot<T>) => Slot.Slot<T>): number => {
    const table = Ref.getUnsafe(state)
    const slot = f(Table.get(table, key))
    if (!Slot.isEmpty(slot)) return Table.put(table, key, slot)
    Table.forget(table, key)
    return 0
  }

  const changed = (key: string, f: (slot: Slot.Slot<T>) => Slot.Slot<T>) =>
    Effect.suspend(() => {
      const evicted = change(key, f)
      return evicted === 0 ? Effect.void : options.onEvent("evicted", evicted)
    })

  const warn = (key: string, now: number, cause: Cause.Cause<IcrError>) =>
    Effect.suspend(() => {
      const { pause } = Table.get(Ref.getUnsafe(state), key)
      if (pause === undefined) return Effect.void
      const rest = Math.round((pause.until - now) / 1000)
      return Effect.logWarning(
        `${options.name} could not be refreshed; the present one stays in use, next try in ${rest} s`,
        cause
      )
    })

  const land = Effect.fnUntraced(function* (
    key: string,
    flight: number,
    exit: Exit.Exit<Minted<T>, IcrError>,
    refreshing: boolean
  ) {
    const now = yield* steadyNow
    if (Exit.isSuccess(exit)) {
      const draw = yield* Random.next
      const { life, value } = exit.value
      yield* changed(key, (slot) => Slot.landed(slot, Slot.hold(value, flight, now, life, options.windows, draw)))
      return yield* options.onEvent(refreshing ? "refreshed" : "minted", 1)
    }
    const isGone = Option.exists(Cause.findErrorOption(exit.cause), options.isGone)
    yield* changed(key, (slot) => {
      const next = Slot.failed(slot, flight, now, options.pause)
      return isGone ? Slot.emptied(next, flight) : next
    })
    if (!refreshing || Cause.hasInterruptsOnly(exit.cause)) return
    yield* options.onEvent("refreshFailed", 1)
    yield* warn(key, now, exit.cause)
  })

  /** Begins a flight in the layer's scope. To be run without interruption: from here on callers rely on its end. */
  const begin = (key: string, now: number, mustMint: boolean): Effect.Effect<Deferred.Deferred<T, IcrError>> =>
    Effect.suspend(() => {
      const table = Ref.getUnsafe(state)
      const slot = Table.get(table, key)
      const current = Slot.living(slot, now)?.value
      const flight = ++table.lastFlight
      const done = Deferred.makeUnsafe<T, IcrError>()
      waiting.set(flight, done)
      change(key, (slot) => Slot.began(slot, flight))
      return options.mint(key, { current, refused: slot.refused, mustMint }).pipe(
        Effect.onExit((exit) => land(key, flight, exit, current !== undefined)),
        Effect.onExit((exit) =>
          Effect.sync(() => {
            waiting.delete(flight)
            Deferred.doneUnsafe(
              done,
              Exit.map(exit, ({ value }) => value)
            )
          })
        ),
        Effect.forkIn(scope, { startImmediately: true, uninterruptible: false }),
        Effect.as(done)
      )
    })

  /** A token that still lives, should the flight fail. */
  const orHeld = (key: string) =>
    Effect.catch((error: IcrError) =>
      Effect.flatMap(steadyNow, (now) => {
        const held = Slot.living(Table.get(Ref.getUnsafe(state), key), now)
        return held === undefined ? Effect.fail(error) : Effect.succeed(held.value)
      })
    )

  const landing = (flight: number): Effect.Effect<T, IcrError> => {
    const done = waiting.get(flight)
    return done === undefined ? Effect.interrupt : Deferred.await(done)
  }

  /** Decides and begins what was decided in one synchronous step; waiting can be interrupted, beginning cannot. */
  const act = (key: string, ask: Slot.Ask): Effect.Effect<T, IcrError> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.withFiber((fiber) => {
        const now = time(fiber.getRef(Clock))
        const mustMint = ask.after > 0
        const decision = Slot.decide(Table.get(Ref.getUnsafe(state), key), now, ask)
        switch (decision._tag) {
          case "Serve":
            return Effect.as(options.onEvent("served", 1), decision.held.value)
          case "ServeAndRefresh":
            return Effect.as(
              Effect.andThen(begin(key, now, mustMint), options.onEvent("served", 1)),
              decision.held.value
            )
          case "Mint": {
            const minted = Effect.flatMap(begin(key, now, mustMint), (done) => restore(Deferred.await(done)))
            return decision.fallback ? orHeld(key)(minted) : minted
          }
          case "Join": {
            const joined = Effect.andThen(options.onEvent("joined", 1), restore(landing(decision.flight)))
            return decision.fallback ? orHeld(key)(joined) : joined
          }
          case "Queue":
            return Effect.andThen(restore(Effect.exit(landing(decision.flight))), restore(get(key, ask)))
        }
      })
    )

  const get = (key: string, ask: Slot.Ask): Effect.Effect<T, IcrError> =>
    Effect.withFiber((fiber) => {
      const table = Ref.getUnsafe(state)
      const slot = Table.get(table, key)
      const decision = Slot.decide(slot, time(fiber.getRef(Clock)), ask)
      if (decision._tag !== "Serve") return act(key, ask)
      Table.touch(table, key, slot)
      return Effect.as(options.onEvent("served", 1), decision.held.value)
    })

  return {
    get: (key, given) =>
      given === undefined
        ? get(key, Slot.anyToken)
        : Effect.suspend(() =>
            get(key, {
              minimumValidity: given.minimumValidity,
              after: given.fresh ? Ref.getUnsafe(state).lastFlight : 0
            })
          ),
    outlook: (key) =>
      Effect.map(
        steadyNow,
        (now) => outlooks[Slot.decide(Table.get(Ref.getUnsafe(state), key), now, Slot.anyToken)._tag]
      ),
    peek: (key) =>
      Effect.map(steadyNow, (now) => {
        const held = Slot.living(Table.get(Ref.getUnsafe(state), key), now)
        return held === undefined ? undefined : { value: held.value, age: now - held.since }
      }),
    refuse: (key, isRefused) => changed(key, (slot) => Slot.refused(slot, isRefused)),
    take: (key) =>
      Effect.flatMap(steadyNow, (now) => {
        const table = Ref.getUnsafe(state)
        const held = Slot.living(Table.get(table, key), now)
        return Effect.as(
          changed(key, (slot) => Slot.emptied(slot, table.lastFlight)),
          held?.value
        )
      })
  }
})
