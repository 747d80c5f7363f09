import { type Slot, empty } from "./slot.ts"

/** A slot at rest. */
interface Entry<T> {
  readonly slot: Slot<T>
  /** Read since it was put or last passed over. */
  used: boolean
}

/**
 * The slots of all keys. Those at rest are kept in the order they came (a `Map` keeps the order of insertion) and dropped
 * from that end beyond `capacity`, except that one read meanwhile is passed over once and goes to the other end. So a read
 * only sets a mark, where moving its slot at once would cost more than all the rest of it, and what is dropped has not
 * been read for a while. Slots with a flight stand apart, so that none is ever dropped and looking for one to drop never
 * walks past them.
 */
export interface Table<T> {
  readonly resting: Map<string, Entry<T>>
  readonly flying: Map<string, Slot<T>>
  readonly capacity: number
  /** The number of the last flight begun. Starts at 1, since "after flight 0" means "any token will do". */
  lastFlight: number
}

/** A table without keys. */
export const make = <T>(capacity: number): Table<T> => ({
  resting: new Map(),
  flying: new Map(),
  capacity,
  lastFlight: 1
})

/** The slot of a key. */
export const get = <T>({ flying, resting }: Table<T>, key: string): Slot<T> =>
  resting.get(key)?.slot ?? flying.get(key) ?? empty

/** The slot of a key, for reading what is in it: it counts as used. */
export const use = <T>({ flying, resting }: Table<T>, key: string): Slot<T> => {
  const entry = resting.get(key)
  if (entry === undefined) return flying.get(key) ?? empty
  if (!entry.used) entry.used = true
  return entry.slot
}

/** So many are passed over at the most: where all were read, any of the older ones will do, and no call pays for all. */
const mostPassedOver = 32

/** Drops slots at rest until there is room for `more`; returns how many. */
const makeRoom = <T>({ capacity, flying, resting }: Table<T>, more: number): number => {
  let dropped = 0
  let passedOver = 0
  for (const [key, entry] of resting) {
    if (resting.size + flying.size + more <= capacity) break
    resting.delete(key)
    if (entry.used && passedOver++ < mostPassedOver) resting.set(key, { ...entry, used: false })
    else dropped++
  }
  return dropped
}

/** Keeps a slot; returns how many others had to go for it. */
export const put = <T>(table: Table<T>, key: string, slot: Slot<T>): number => {
  forget(table, key)
  const dropped = makeRoom(table, 1)
  if (slot.flight === undefined) table.resting.set(key, { slot, used: false })
  else table.flying.set(key, slot)
  // With no room at all the slot itself goes, unless it has a flight.
  return dropped + makeRoom(table, 0)
}

/** Forgets a key. */
export const forget = <T>({ flying, resting }: Table<T>, key: string): void => {
  resting.delete(key)
  flying.delete(key)
}
