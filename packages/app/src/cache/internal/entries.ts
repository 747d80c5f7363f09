/** All entries of a cache as one immutable value, and which of them is evicted beyond the capacity. */
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as Entry from "./entry.ts"

/**
 * Entries with an exchange under way stand apart, so that none of them is ever dropped.
 *
 * The others are also kept by the minute in which they end. Beyond the capacity, one of those that end soonest is evicted. To
 * find it, some 120 minutes are searched instead of all entries: 10,000 of them took 3 to 10 ms.
 */
export interface Entries<T> {
  readonly resting: HashMap.HashMap<string, Entry.Entry<T>>
  readonly exchanging: HashMap.HashMap<string, Entry.Entry<T>>
  /** The keys of the resting entries. */
  readonly byEnd: HashMap.HashMap<number, HashSet.HashSet<string>>
}

/** Without entries. */
export const make = <T>(): Entries<T> => ({
  resting: HashMap.empty(),
  exchanging: HashMap.empty(),
  byEnd: HashMap.empty()
})

/** The entry of a key. */
export const get = <T>({ exchanging, resting }: Entries<T>, key: string): Entry.Entry<T> => {
  const found = HashMap.get(resting, key)
  return Option.isSome(found) ? found.value : Option.getOrElse(HashMap.get(exchanging, key), () => Entry.empty)
}

/** The minute in which the held token ends; 0 where none is held. */
const minuteOf = <T>({ held }: Entry.Entry<T>) => (held === undefined ? 0 : Math.floor(held.until / 60_000))

const withoutResting = <T>(entries: Entries<T>, key: string, entry: Entry.Entry<T>): Entries<T> => ({
  ...entries,
  resting: HashMap.remove(entries.resting, key),
  byEnd: HashMap.modifyAt(entries.byEnd, minuteOf(entry), (keys) =>
    Option.filter(Option.map(keys, HashSet.remove(key)), (others) => !HashSet.isEmpty(others))
  )
})

const withoutSoonest = <T>(entries: Entries<T>): Entries<T> => {
  const soonest = HashMap.reduce(entries.byEnd, Infinity, (least, _, minute) => Math.min(least, minute))
  const [key] = Option.getOrElse(HashMap.get(entries.byEnd, soonest), HashSet.empty<string>)
  return key === undefined ? entries : withoutResting(entries, key, get(entries, key))
}

/** Replaces the entry of a key; an empty one removes it. Also tells how many other entries were evicted for it. */
export const put = <T>(
  all: Entries<T>,
  key: string,
  entry: Entry.Entry<T>,
  capacity: number,
  before: Entry.Entry<T> = get(all, key)
): { readonly entries: Entries<T>; readonly evicted: number } => {
  const wasResting = before.exchange === undefined && !Entry.isEmpty(before)
  const others = wasResting ? withoutResting(all, key, before) : all
  if (entry.exchange !== undefined) {
    return { entries: { ...others, exchanging: HashMap.set(others.exchanging, key, entry) }, evicted: 0 }
  }
  const exchanging = wasResting ? others.exchanging : HashMap.remove(others.exchanging, key)
  if (Entry.isEmpty(entry)) return { entries: { ...others, exchanging }, evicted: 0 }
  const resting = HashMap.set(others.resting, key, entry)
  const byEnd = HashMap.modifyAt(others.byEnd, minuteOf(entry), (keys) =>
    Option.some(HashSet.add(Option.getOrElse(keys, HashSet.empty<string>), key))
  )
  const entries = { resting, exchanging, byEnd }
  return HashMap.size(resting) > capacity ? { entries: withoutSoonest(entries), evicted: 1 } : { entries, evicted: 0 }
}
