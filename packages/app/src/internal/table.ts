import { type Slot, empty } from "./slot.ts"

/** A slot at rest, between the one used before it and the one used after it. */
interface Entry<T> {
  readonly key: string
  readonly slot: Slot<T>
  older: Entry<T> | undefined
  newer: Entry<T> | undefined
}

/**
 * The slots of all keys. Those at rest form a chain from the least to the most recently used, and are dropped from its old
 * end beyond `capacity`: a read only moves a link, where taking its key out of a large `Map` and putting it back would cost
 * more than all the rest of the read. Slots with a flight stand apart, so that none is ever dropped and looking for one to
 * drop never walks past them.
 */
export interface Table<T> {
  readonly resting: Map<string, Entry<T>>
  readonly flying: Map<string, Slot<T>>
  readonly capacity: number
  oldest: Entry<T> | undefined
  newest: Entry<T> | undefined
  /** The number of the last flight begun. Starts at 1, since "after flight 0" means "any token will do". */
  lastFlight: number
}

/** A table without keys. */
export const make = <T>(capacity: number): Table<T> => ({
  resting: new Map(),
  flying: new Map(),
  capacity,
  oldest: undefined,
  newest: undefined,
  lastFlight: 1
})

const unlink = <T>(table: Table<T>, { newer, older }: Entry<T>): void => {
  if (older === undefined) table.oldest = newer
  else older.newer = newer
  if (newer === undefined) table.newest = older
  else newer.older = older
}

const append = <T>(table: Table<T>, entry: Entry<T>): void => {
  entry.older = table.newest
  entry.newer = undefined
  if (table.newest === undefined) table.oldest = entry
  else table.newest.newer = entry
  table.newest = entry
}

/** The slot of a key. */
export const get = <T>({ flying, resting }: Table<T>, key: string): Slot<T> =>
  resting.get(key)?.slot ?? flying.get(key) ?? empty

/** The slot of a key, for reading what is in it: it counts as used. */
export const use = <T>(table: Table<T>, key: string): Slot<T> => {
  const entry = table.resting.get(key)
  if (entry === undefined) return table.flying.get(key) ?? empty
  if (entry !== table.newest) {
    unlink(table, entry)
    append(table, entry)
  }
  return entry.slot
}

/** Forgets a key. */
export const forget = <T>(table: Table<T>, key: string): void => {
  const entry = table.resting.get(key)
  if (entry !== undefined) unlink(table, entry)
  table.resting.delete(key)
  table.flying.delete(key)
}

/** Keeps a slot, most recently used; returns how many had to go for it, which may be itself where there is no room. */
export const put = <T>(table: Table<T>, key: string, slot: Slot<T>): number => {
  const { capacity, flying, resting } = table
  forget(table, key)
  if (slot.flight === undefined) {
    const entry: Entry<T> = { key, slot, older: undefined, newer: undefined }
    append(table, entry)
    resting.set(key, entry)
  } else {
    flying.set(key, slot)
  }
  let dropped = 0
  while (table.oldest !== undefined && resting.size + flying.size > capacity) {
    forget(table, table.oldest.key)
    dropped++
  }
  return dropped
}
