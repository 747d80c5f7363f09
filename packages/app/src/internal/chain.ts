/**
 * Places (whole numbers from 1 on) in the order in which they were last used.
 *
 * Each is linked to the one used before it and to the one used after it, so that using a place moves it to the end in a few
 * steps, however long the chain is. The links are numbers in one array: with links between objects, each step would touch
 * another corner of the memory, and 100,000 of those are too many for any processor's cache.
 */
export interface Chain {
  /** Two for each place: the older neighbour and the newer one. Place 0 stands before the first and after the last. */
  links: Int32Array<ArrayBuffer>
}

/** Without places. */
export const make = (): Chain => ({ links: new Int32Array(32) })

const older = (place: number) => 2 * place
const newer = (place: number) => 2 * place + 1

/** The place used least recently; 0 when there is none. */
export const oldest = ({ links }: Chain): number => links[newer(0)] ?? 0

/** Adds a place, most recently used. */
export const add = (chain: Chain, place: number): void => {
  if (newer(place) >= chain.links.length) {
    const { links } = chain
    chain.links = new Int32Array(2 * Math.max(links.length, newer(place)))
    chain.links.set(links)
  }
  const { links } = chain
  const newest = links[older(0)] ?? 0
  links[older(place)] = newest
  links[newer(place)] = 0
  links[newer(newest)] = place
  links[older(0)] = place
}

/** Takes a place out. */
export const remove = ({ links }: Chain, place: number): void => {
  const before = links[older(place)] ?? 0
  const after = links[newer(place)] ?? 0
  links[newer(before)] = after
  links[older(after)] = before
}

/** A place is used now. */
export const use = (chain: Chain, place: number): void => {
  if (place === 0 || place === chain.links[older(0)]) return
  remove(chain, place)
  add(chain, place)
}
