/**
 * Does what `slot.ts` decides: the one interpreter of the state machine, used by the token cache and by the signer.
 */
import { Clock } from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { IcrError } from "../IcrError.ts"
import * as Flights from "./flights.ts"
import * as Keeping from "./keeping.ts"
import * as Slot from "./slot.ts"
import * as Table from "./table.ts"

// A registry that is slow must not use up what a living token has left; half of that leaves its caller the other half.
const patience = 5000

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
  options: Flights.Options<T>
): Effect.fn.Return<Slots<T>, never, Scope.Scope> {
  const keeping = yield* Keeping.make<T>(options)
  const { change, slotOf, step, table, time } = keeping
  const { begin, underWay } = Flights.make(options, keeping, yield* Effect.scope)

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

  const join = (
    key: string,
    { fallback, flight }: Extract<Slot.Decision<T>, { _tag: "Join" }>,
    ask: Slot.Ask,
    now: number,
    context: Context.Context<never>
  ) => {
    const { joined, landing, minted } = underWay(flight)
    joined(context)
    if (ask === Slot.anyToken && !fallback) return landing
    const enough = Effect.flatMap(landing, (value) => {
      const brought = minted()
      return brought === undefined || Slot.isEnough(brought, ask) ? Effect.succeed(value) : get(key, ask)
    })
    return fallback ? orHeld(key, ask, now, enough) : enough
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
          case "Mint":
            return Effect.flatMap(begin(key, now, ask, context), ({ landing }) =>
              restore(decision.fallback ? orHeld(key, ask, now, landing) : landing)
            )
          case "Join":
            return restore(join(key, decision, ask, now, context))
          case "Queue":
            return restore(Effect.andThen(Effect.exit(underWay(decision.flight).landing), get(key, ask)))
        }
      })
    )

  /** What begins nothing needs no protection: the thousands that read or join do only that. */
  const get = (key: string, ask: Slot.Ask): Effect.Effect<T, IcrError> =>
    Effect.withFiber((fiber) => {
      const all = table()
      const flying = Table.inFlight(all, key)
      const place = flying === undefined ? Table.use(all, key) : 0
      const slot = place === 0 ? (flying ?? Slot.empty) : undefined
      // Where nothing is held nothing ends: the thousands that wait for a first token need not look at the clock.
      const now = slot !== undefined && slot.held === undefined ? 0 : time(fiber.getRef(Clock))
      const value = ask === Slot.anyToken ? Table.freshAt(all, place, now) : undefined
      if (value !== undefined) {
        options.onEvent("served", 1, fiber.context)
        return Effect.succeed(value)
      }
      const decision = Slot.decide(slot ?? slotOf(key), now, ask)
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
              after: given.fresh ? table().lastFlight : 0
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
      step((_, context) => change(key, context, (slot) => Slot.outdated(slot, table().lastFlight, isMeant))),
    take: (key) =>
      step((now, context) => {
        const held = Slot.living(slotOf(key), now)
        change(key, context, (slot) => ({
          ...Slot.emptied(slot, table().lastFlight),
          refused: held?.value ?? slot.refused
        }))
        return held?.value
      })
  }
})
