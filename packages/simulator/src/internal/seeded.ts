/**
 * Values determined by a seed, a kind and a number. The same seed gives the same world, and nothing that can be
 * computed again is stored.
 */

/** MurmurHash3's finaliser. Unlike a digest it derives 100,000 installations in milliseconds. */
const mix = (a: number): number => {
  let h = a | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Purposes of values. Each has its own sequence. */
export const kind = {
  app: 1,
  installation: 2,
  organization: 3,
  token: 4,
  tokenId: 5,
  project: 6,
  secret: 7,
  detail: 8,
  fault: 9,
  user: 10,
  transaction: 11,
  credit: 12,
  contract: 13,
  warehouse: 14,
  request: 15,
  reservation: 16,
  retirement: 17,
  chain: 18,
  account: 19
} as const
export type Kind = (typeof kind)[keyof typeof kind]

/** The 32-bit word at `position` for a seed, a kind and an index. */
export const word = (seed: number, of: Kind, index: number, position = 0): number =>
  mix(mix(mix(mix(seed) ^ Math.imul(of, 0x9e3779b1)) + index) ^ Math.imul(position + 1, 0x27d4eb2f))

const hexWord = (n: number) => n.toString(16).padStart(8, "0")

/** `words` times 8 lower-case hex characters. */
export const hex = (seed: number, of: Kind, index: number, words: number): string => {
  let out = ""
  for (let position = 0; position < words; position++) out += hexWord(word(seed, of, index, position))
  return out
}

/** A version 4 UUID. */
export const uuid = (seed: number, of: Kind, index: number): string => {
  const h = hex(seed, of, index, 4)
  const variant = ((word(seed, of, index, 4) & 3) | 8).toString(16)
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-${variant}${h.slice(17, 20)}-${h.slice(20)}`
}

/** One of `values`. */
export const pick = <T extends readonly [unknown, ...ReadonlyArray<unknown>]>(values: T, n: number): T[number] =>
  values[n % values.length] ?? values[0]

/** A number in [0, 1). */
export const fraction = (seed: number, of: Kind, index: number): number => word(seed, of, index) / 0x1_0000_0000
