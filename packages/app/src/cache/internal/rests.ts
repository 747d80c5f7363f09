/** Paths at which a refusal says nothing about the token for a while, since it was the same with a new one. */

/** One path, and one kind of refusal there. */
export interface Rest {
  readonly path: string
  /** What was refused, such as "Unauthorized"; another refusal at that path still counts. */
  readonly kind: string
  readonly until: number
  /** Milliseconds it lasts. */
  readonly length: number
}

/** The most paths that are remembered. They are templates, but a program's own endpoints may have any number of them. */
export const mostPaths = 32

// Permissions are granted by people: asking for a new token more often than this finds nothing new.
const longest = 5 * 60_000
// A token that is unauthorized may have been revoked like the one before it, so the first rest is short, and each next one twice
// as long.
const shortest = 10_000

const unauthorized = "Unauthorized"

/** The last rest of a kind at a path, which may be over. */
export const restAt = (rests: ReadonlyArray<Rest>, path: string, kind: string): Rest | undefined =>
  rests.find((one) => one.path === path && one.kind === kind)

/** Adds a rest from now on. One after a 401 is remembered for as long again when it is over: the next one is longer. */
export const addRest = (rests: ReadonlyArray<Rest>, path: string, kind: string, now: number): ReadonlyArray<Rest> => {
  const remembered = rests.filter(({ kind, length, until }) => now < until + (kind === unauthorized ? length : 0))
  const before = restAt(remembered, path, kind)
  const length =
    kind === unauthorized ? Math.min(longest, before === undefined ? shortest : 2 * before.length) : longest
  const next = { path, kind, until: now + length, length }
  return [next, ...remembered.filter((one) => one !== before)].slice(0, mostPaths)
}
