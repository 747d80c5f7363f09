/**
 * Does what `slot.ts` decides: the one interpreter of the state machine, used by the token cache and by the signer.
 *
 * One `Ref` holds all slots; every change happens in one synchronous step. A flight runs in the layer's scope, not in the
 * caller's fiber, so that any caller may leave without harm to the others, and closing the layer ends it.
 */
import * as Cause from "effect/Cause"
import { Clock } from "effect/Clock"
import type * as Context from "effect/Context"
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

// A registry that is slow must not use up what a living token has left; half of that leaves its caller the other half.
const patience = 5000

/** What a flight knows about the slot it is for. */
export interface Situation<T> {
  /** The token in use, if it still lives. */
  readonly current: T | undefined
  /** The token refused or revoked last. */
  readonly refused: T | undefined
  /** Milliseconds that a token from a store has to live; `Infinity` when none will do. */
  readonly minimumLife: number
}

/** What happens in the slots, for metrics. */
export type Event = "served" | "joined" | "minted" | "refreshed" | "refreshFailed" | "evicted"

/** Times in milliseconds. */
export interface Options<T> {
  readonly mint: (key: string, situation: Situation<T>) => Effect.Effect<Slot.Minted<T>, IcrError>
  readonly capacity: number
  readonly windows: Slot.Windows
  readonly pause: Slot.Pause
  /** Whether a failure says that the token in use is dead as well. */
  readonly isGone: (error: IcrError) => boolean
  /** Synchronous, since it is called for every token handed out. */
  readonly onEvent: (event: Event, count: number, context: Context.Context<never>) => void
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

/** What is held. */
export interface Peek<T> {
  readonly value: T
  /** Milliseconds since it was minted; one from a store counts as old. */
  readonly age: number
  /** Whether a 403 without a reason leaves it alone. */
  readonly isSpared: boolean
}

/** The slots of one layer. */
export interface Slots<T> {
  readonly get: (key: string, options?: GetOptions) => Effect.Effect<T, IcrError>
  /** How `get` would come by a token if it were called now: one held, one of a flight under way, or a new one. */
  readonly outlook: (key: string) => Effect.Effect<Outlook>
  /** What is held now, without minting. */
  readonly peek: (key: string) => Effect.Effect<Peek<T> | undefined>
  /** For a while no 403 without a reason drops the token. */
  readonly spare: (key: string) => Effect.Effect<void>
  /** Drops this token and no other. */
  readonly refuse: (key: string, isRefused: (value: T) => boolean) => Effect.Effect<void>
  /** Another process says that this token is dead: drops it and no newer one. */
  readonly outdate: (key: string, isMeant: (value: T) => boolean) => Effect.Effect<void>
  /** Empties the slot and hands out what was in it. */
  readonly take: (key: string) => Effect.Effect<T | undefined>
}

/** An empty set of slots; flights end with the scope. */
export const make = Effect.fnUntraced(function* <T>(
  options: Options<T>
): Effect.fn.Return<Slots<T>, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const state = yield* Ref.make(Table.make<T>(options.capacity))
  const waiting = new Map<number, Deferred.Deferred<Slot.Minted<T>, IcrError>>()
  const time = makeSteadyTime()

  const slotOf = (key: string) => Table.get(Ref.getUnsafe(state), key)

  /** One synchronous step, at one moment. */
  const step = <A>(f: (now: number, context: Context.Context<never>) => A): Effect.Effect<A> =>
    Effect.withFiber((fiber) => Effect.succeed(f(time(fiber.getRef(Clock)), fiber.context)))

  /** The one way to change a slot. */
  const change = (key: string, context: Context.Context<never>, f: (slot: Slot.Slot<T>) => Slot.Slot<T>) => {
    const table = Ref.getUnsafe(state)
    const slot = f(Table.get(table, key))
    if (Slot.isEmpty(slot)) return Table.forget(table, key)
    const evicted = Table.put(table, key, slot)
    if (evicted > 0) options.onEvent("evicted", evicted, context)
  }

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

  /** Begins a flight in the layer's scope. To be run without interruption: from here on callers rely on its end. */
  const begin = (key: string, now: number, ask: Slot.Ask, context: Context.Context<never>) => {
    // A closed scope never starts a fiber, so nobody would ever be told of its end.
    if (scope.state._tag === "Closed") return Effect.interrupt
    const slot = slotOf(key)
    const current = Slot.living(slot, now)?.value
    const refreshing = current !== undefined
    const minimumLife = ask.after > 0 ? Infinity : ask.minimumValidity
    const flight = ++Ref.getUnsafe(state).lastFlight
    const done = Deferred.makeUnsafe<Slot.Minted<T>, IcrError>()
    waiting.set(flight, done)
    change(key, context, (slot) => Slot.began(slot, flight))
    return options.mint(key, { current, refused: slot.refused, minimumLife }).pipe(
      Effect.onExit((exit) =>
        Exit.isSuccess(exit) ? landed(key, flight, exit.value, refreshing) : failed(key, flight, exit.cause, refreshing)
      ),
      Effect.onExit((exit) =>
        Effect.sync(() => {
          waiting.delete(flight)
          Deferred.doneUnsafe(done, exit)
        })
      ),
      Effect.forkIn(scope, { startImmediately: true, uninterruptible: false }),
      Effect.as(done)
    )
  }

  /** The held token, if it lives, and long enough for the caller; else what is done without it. */
  const heldOr = (key: string, ask: Slot.Ask, otherwise: Effect.Effect<T, IcrError>) =>
    Effect.flatten(
      step((now) => {
        const held = Slot.living(slotOf(key), now)
        return held !== undefined && Slot.livesEnough(held, now, ask) ? Effect.succeed(held.value) : otherwise
      })
    )

  /** Waits for a flight as long as that endangers nobody; the held token will do should it fail, or not have ended by then. */
  const orHeld = (key: string, ask: Slot.Ask, now: number, landing: Effect.Effect<T, IcrError>) => {
    const left = (slotOf(key).held?.until ?? now) - now
    return landing.pipe(
      Effect.timeoutOrElse({
        duration: Math.min(patience, left / 2),
        orElse: () => heldOr(key, ask, landing)
      }),
      Effect.catch((error) => heldOr(key, ask, Effect.fail(error)))
    )
  }

  const landing = (flight: number) => {
    const done = waiting.get(flight)
    // A slot names its flight exactly as long as that is waited for.
    return done === undefined ? Effect.die(new Error(`flight ${flight} is not under way`)) : Deferred.await(done)
  }

  const join = (
    key: string,
    { fallback, flight }: Extract<Slot.Decision<T>, { _tag: "Join" }>,
    ask: Slot.Ask,
    now: number,
    context: Context.Context<never>
  ) => {
    options.onEvent("joined", 1, context)
    const joined = Effect.flatMap(landing(flight), (minted) =>
      Slot.isEnough(minted, ask) ? Effect.succeed(minted.value) : get(key, ask)
    )
    return fallback ? orHeld(key, ask, now, joined) : joined
  }

  /** Decides and begins what was decided in one synchronous step; waiting can be interrupted, beginning cannot. */
  const act = (key: string, ask: Slot.Ask): Effect.Effect<T, IcrError> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.withFiber((fiber) => {
        const { context } = fiber
        const now = time(fiber.getRef(Clock))
        const decision = Slot.decide(slotOf(key), now, ask)
        switch (decision._tag) {
          case "Serve":
            options.onEvent("served", 1, context)
            return Effect.succeed(decision.held.value)
          case "ServeAndRefresh":
            options.onEvent("served", 1, context)
            return Effect.as(begin(key, now, ask, context), decision.held.value)
          case "Mint": {
            const done = begin(key, now, ask, context)
            return Effect.flatMap(done, (done) => {
              const minted = Effect.map(Deferred.await(done), valueOf)
              return restore(decision.fallback ? orHeld(key, ask, now, minted) : minted)
            })
          }
          case "Join":
            return restore(join(key, decision, ask, now, context))
          case "Queue":
            return restore(Effect.andThen(Effect.exit(landing(decision.flight)), get(key, ask)))
        }
      })
    )

  /** What begins nothing needs no protection: the thousands that read or join do only that. */
  const get = (key: string, ask: Slot.Ask): Effect.Effect<T, IcrError> =>
    Effect.withFiber((fiber) => {
      const now = time(fiber.getRef(Clock))
      const decision = Slot.decide(Table.use(Ref.getUnsafe(state), key), now, ask)
      if (decision._tag === "Join") return join(key, decision, ask, now, fiber.context)
      if (decision._tag !== "Serve") return act(key, ask)
      options.onEvent("served", 1, fiber.context)
      return Effect.succeed(decision.held.value)
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
    outlook: (key) => step((now) => outlooks[Slot.decide(slotOf(key), now, Slot.anyToken)._tag]),
    peek: (key) =>
      step((now) => {
        const slot = slotOf(key)
        const held = Slot.living(slot, now)
        if (held === undefined) return undefined
        const age = held.stored ? Infinity : now - held.since
        return { value: held.value, age, isSpared: now < slot.sparedUntil }
      }),
    spare: (key) => step((now, context) => change(key, context, (slot) => Slot.spared(slot, now))),
    refuse: (key, isRefused) => step((_, context) => change(key, context, (slot) => Slot.refused(slot, isRefused))),
    outdate: (key, isMeant) =>
      step((_, context) =>
        change(key, context, (slot) => Slot.outdated(slot, Ref.getUnsafe(state).lastFlight, isMeant))
      ),
    take: (key) =>
      step((now, context) => {
        const held = Slot.living(slotOf(key), now)
        change(key, context, (slot) => ({
          ...Slot.emptied(slot, Ref.getUnsafe(state).lastFlight),
          refused: held?.value ?? slot.refused
        }))
        return held?.value
      })
  }
})

const valueOf = <T>({ value }: Slot.Minted<T>) => value
