/** All slots in one `Ref`, and the one way to change them: each change is one synchronous step at one moment. */
import { Clock } from "effect/Clock"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Slot from "./slot.ts"
import { makeSteadyTime } from "./steadyTime.ts"
import * as Table from "./table.ts"

/** What happens in the slots, for metrics. */
export type Event = "served" | "joined" | "minted" | "refreshed" | "refreshFailed" | "evicted"

/** How much is kept, and who counts. */
export interface Options {
  readonly capacity: number
  /** Synchronous, since it is called for every token handed out. */
  readonly onEvent: (event: Event, count: number, context: Context.Context<never>) => void
}

/** The slots, and the time they go by. */
export interface Keeping<T> {
  readonly table: () => Table.Table<T>
  readonly slotOf: (key: string) => Slot.Slot<T>
  /** Milliseconds, see `steadyTime.ts`. */
  readonly time: (clock: Clock) => number
  /** One synchronous step, at one moment. */
  readonly step: <A>(f: (now: number, context: Context.Context<never>) => A) => Effect.Effect<A>
  readonly change: (key: string, context: Context.Context<never>, f: (slot: Slot.Slot<T>) => Slot.Slot<T>) => void
}

/** Keeps nothing yet. */
export const make = <T>({ capacity, onEvent }: Options): Effect.Effect<Keeping<T>> =>
  Effect.map(Ref.make(Table.make<T>(capacity)), (state) => {
    const table = () => Ref.getUnsafe(state)
    const time = makeSteadyTime()
    return {
      table,
      slotOf: (key) => Table.get(table(), key),
      time,
      step: (f) => Effect.withFiber((fiber) => Effect.succeed(f(time(fiber.getRef(Clock)), fiber.context))),
      change: (key, context, f) => {
        const slot = f(Table.get(table(), key))
        if (Slot.isEmpty(slot)) return Table.forget(table(), key)
        const evicted = Table.put(table(), key, slot)
        if (evicted > 0) onEvent("evicted", evicted, context)
      }
    }
  })
