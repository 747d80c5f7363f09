import * as Chain from "./chain.ts"
import { type Slot, empty, freshUntil } from "./slot.ts"

/**
 * The slots of all keys. Those at rest are dropped beyond `capacity`, the least recently used first. Slots with a flight stand
 * apart, so that none is ever dropped and looking for one to drop never walks past them.
 *
 * Among 100,000 tokens nearly everything that a read looks at has to come from main memory, piece by piece. So a slot at rest
 * has a place, and what a read needs of it stands at that place in columns of its own; the slot itself stays untouched.
 */
export interface Table<T> {
  /** The place of a key. Place 0 is nobody's. */
  readonly resting: Map<string, number>
  readonly flying: Map<string, Slot<T>>
  readonly capacity: number
  readonly order: Chain.Chain
  readonly keys: Array<string>
  readonly slots: Array<Slot<T>>
  /** The token held. */
  readonly values: Array<T | undefined>
  /** Until when it is good for whoever wants any. */
  readonly fresh: Array<number>
  /** Places to be used again. */
  readonly vacant: Array<number>
  /** The number of the last flight begun. Starts at 1, since "after flight 0" means "any token will do". */
  lastFlight: number
}

/** A table without keys. */
export const make = <T>(capacity: number): Table<T> => ({
  resting: new Map(),
  flying: new Map(),
  capacity,
  order: Chain.make(),
  keys: [""],
  slots: [empty],
  values: [undefined],
  fresh: [-Infinity],
  vacant: [],
  lastFlight: 1
})

const fill = <T>(table: Table<T>, place: number, key: string, slot: Slot<T>) => {
  table.keys[place] = key
  table.slots[place] = slot
  table.values[place] = slot.held?.value
  table.fresh[place] = freshUntil(slot)
}

/** The slot of a key that has no place, since a flight is under way for it or it was never asked for. */
export const away = <T>({ flying }: Table<T>, key: string): Slot<T> => flying.get(key) ?? empty

/** The slot of a key. */
export const get = <T>(table: Table<T>, key: string): Slot<T> => {
  const place = table.resting.get(key)
  return (place === undefined ? undefined : table.slots[place]) ?? away(table, key)
}

/** The place of a key, which counts as used; 0 when it has none. */
export const use = <T>(table: Table<T>, key: string): number => {
  const place = table.resting.get(key) ?? 0
  Chain.use(table.order, place)
  return place
}

/** The token at a place, while no thought need be given to it. */
export const freshAt = <T>({ fresh, values }: Table<T>, place: number, now: number): T | undefined =>
  now < (fresh[place] ?? 0) ? values[place] : undefined

/** Forgets a key. */
export const forget = <T>(table: Table<T>, key: string): void => {
  const place = table.resting.get(key)
  if (place !== undefined) {
    Chain.remove(table.order, place)
    fill(table, place, "", empty)
    table.vacant.push(place)
  }
  table.resting.delete(key)
  table.flying.delete(key)
}

/** Keeps a slot, most recently used; returns how many had to go for it, which may be itself where there is no room. */
export const put = <T>(table: Table<T>, key: string, slot: Slot<T>): number => {
  const { capacity, flying, keys, order, resting, vacant } = table
  forget(table, key)
  if (slot.flight === undefined) {
    const place = vacant.pop() ?? keys.length
    fill(table, place, key, slot)
    Chain.add(order, place)
    resting.set(key, place)
  } else {
    flying.set(key, slot)
  }
  let dropped = 0
  while (resting.size > 0 && resting.size + flying.size > capacity) {
    forget(table, keys[Chain.oldest(order)] ?? "")
    dropped++
  }
  return dropped
}
