import * as Chain from "./chain.ts"
import * as Places from "./places.ts"
import { type Slot, empty, freshUntil } from "./slot.ts"

/**
 * The slots of all keys. Those at rest are dropped beyond `capacity`, the least recently used first. Slots with a flight stand
 * apart, so that none is ever dropped and looking for one to drop never walks past them.
 *
 * Among 100,000 tokens nearly everything that a read looks at has to come from main memory, piece by piece. So a slot at rest
 * has a place, and what a read needs of it stands at that place in columns of its own; the slot itself stays untouched.
 */
export interface Table<T> {
  readonly resting: Places.Places
  readonly flying: Map<string, Slot<T>>
  readonly capacity: number
  readonly order: Chain.Chain
  readonly slots: Array<Slot<T>>
  /** The token held. */
  readonly values: Array<T | undefined>
  /** Until when it is good for whoever wants any. */
  readonly fresh: Array<number>
  /** The number of the last flight begun. Starts at 1, since "after flight 0" means "any token will do". */
  lastFlight: number
}

/** A table without keys. */
export const make = <T>(capacity: number): Table<T> => ({
  resting: Places.make(),
  flying: new Map(),
  capacity,
  order: Chain.make(),
  slots: [empty],
  values: [undefined],
  fresh: [-Infinity],
  lastFlight: 1
})

const fill = <T>(table: Table<T>, place: number, slot: Slot<T>) => {
  table.slots[place] = slot
  table.values[place] = slot.held?.value
  table.fresh[place] = freshUntil(slot)
}

/** The slot of a key for which a flight is under way. Few are: with none this costs nothing. */
export const inFlight = <T>({ flying }: Table<T>, key: string): Slot<T> | undefined =>
  flying.size === 0 ? undefined : flying.get(key)

/** The slot of a key. */
export const get = <T>(table: Table<T>, key: string): Slot<T> =>
  inFlight(table, key) ?? table.slots[Places.get(table.resting, key)] ?? empty

/** The place of a key at rest, which counts as used; 0 when it has none. */
export const use = <T>(table: Table<T>, key: string): number => {
  const place = Places.get(table.resting, key)
  Chain.use(table.order, place)
  return place
}

/** The token at a place, while no thought need be given to it. */
export const freshAt = <T>({ fresh, values }: Table<T>, place: number, now: number): T | undefined =>
  now < (fresh[place] ?? 0) ? values[place] : undefined

/** Forgets a key. */
export const forget = <T>(table: Table<T>, key: string): void => {
  table.flying.delete(key)
  const place = Places.remove(table.resting, key)
  if (place === 0) return
  Chain.remove(table.order, place)
  fill(table, place, empty)
}

/** Keeps a slot, most recently used; returns how many had to go for it, which may be itself where there is no room. */
export const put = <T>(table: Table<T>, key: string, slot: Slot<T>): number => {
  const { capacity, flying, order, resting } = table
  forget(table, key)
  if (slot.flight === undefined) {
    const place = Places.add(resting, key)
    fill(table, place, slot)
    Chain.add(order, place)
  } else {
    flying.set(key, slot)
  }
  let dropped = 0
  while (resting.size > 0 && resting.size + flying.size > capacity) {
    forget(table, resting.keys[Chain.oldest(order)] ?? "")
    dropped++
  }
  return dropped
}
