/**
 * Remembers which stored entries this process cannot open, such as those sealed with a key that it does not have.
 *
 * An unreadable entry counts as missing. The scripts compare with its text, since they see only when an entry ends: an
 * unreadable one that ends late would otherwise pass for a good token, deny this process the lease, and prevent its
 * replacement.
 */
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"

/** The unreadable entries of one store. */
export interface UnreadableEntries {
  readonly add: (key: string, text: string) => Effect.Effect<void>
  readonly remove: (key: string) => Effect.Effect<void>
  /** The text of the unreadable entry under a key. Empty when there is none. */
  readonly textOf: (key: string) => Effect.Effect<string>
}

const capacity = 1000

/** Drops an arbitrary entry: another attempt to read it adds it again. */
const makeRoom = (entries: HashMap.HashMap<string, string>) => {
  const [key] = HashMap.keys(entries)
  return key === undefined || HashMap.size(entries) < capacity ? entries : HashMap.remove(entries, key)
}

export const make: Effect.Effect<UnreadableEntries> = Effect.map(
  Ref.make(HashMap.empty<string, string>()),
  (entries) => ({
    add: (key, text) => Ref.update(entries, (entries) => HashMap.set(makeRoom(entries), key, text)),
    remove: (key) => Ref.update(entries, HashMap.remove(key)),
    textOf: (key) => Effect.map(Ref.get(entries), (entries) => Option.getOrElse(HashMap.get(entries, key), () => ""))
  })
)
