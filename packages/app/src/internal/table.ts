import { type Slot, empty } from "./slot.ts"

/**
 * The slots of all keys. Those at rest are kept least recently used first (a `Map` keeps the order of insertion) and
 * dropped from that end beyond `capacity`; those with a flight stand apart, so that none is ever dropped and looking for
 * one to drop never walks past them.
 */
export interface Table<T> {
  readonly resting: Map<string, Slot<T>>
  readonly flying: Map<string, Slot<T>>
  readonly capacity: number
  /** The most recently used key, to spare a hot key the move to the end at every read. */
  newest: string | undefined
  /** The number of the last flight begun. Starts at 1, since "after flight 0" means "any token will do". */
  lastFlight: number
}

/** A table without keys. */
export const make = <T>(capacity: number): Table<T> => ({
  resting: new Map(),
  flying: new Map(),
  capacity,
  newest: undefined,
  lastFlight: 1
})

/** The slot of a key. */
export const get = <T>(table: Table<T>, key: string): Slot<T> =>
  table.resting.get(key) ?? table.flying.get(key) ?? empty

/** Keeps a slot, most recently used; returns how many others had to go for it. */
export const put = <T>(table: Table<T>, key: string, slot: Slot<T>): number => {
  table.resting.delete(key)
  table.flying.delete(key)
  table.newest = key
  const { flying, resting } = table
  const map = slot.flight === undefined ? resting : flying
  map.set(key, slot)
  let evicted = 0
  for (const other of resting.keys()) {
    if (resting.size + flying.size <= table.capacity) break
    resting.delete(other)
    evicted++
  }
  return evicted
}

/** Marks a slot at rest as used just now. */
export const touch = <T>(table: Table<T>, key: string, slot: Slot<T>): void => {
  if (table.newest === key || slot.flight !== undefined) return
  table.resting.delete(key)
  table.resting.set(key, slot)
  table.newest = key
}

/** Forgets a key. */
export const forget = <T>(table: Table<T>, key: string): void => {
  table.resting.delete(key)
  table.flying.delete(key)
  if (table.newest === key) table.newest = undefined
}
