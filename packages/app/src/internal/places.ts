/**
 * Keys, each at a place: a whole number from 1 on, used again once its key is gone.
 *
 * Not a `Map`: that hangs its entries on chains and looks into the text of every key it passes, and among 100,000 nearly each
 * of those looks goes to main memory. Here the hash of a key stands beside its place, and the next cell to be tried is the
 * neighbour of the last. Only keys that were given a token get in, so nobody can fill it with keys made to collide.
 */
export interface Places {
  /** The key at each place; empty where there is none. */
  readonly keys: Array<string>
  readonly vacant: Array<number>
  /** Two numbers for each cell: the hash of a key, and its place or 0. At least half of the cells are empty. */
  cells: Int32Array<ArrayBuffer>
  size: number
}

/** Without keys. */
export const make = (): Places => ({ keys: [""], vacant: [], cells: new Int32Array(32), size: 0 })

const hashOf = (key: string): number => {
  let hash = key.length
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01_00_01_93)
  return hash ^ (hash >>> 15)
}

// Both numbers of cells are powers of two.
const first = (cells: Int32Array, hash: number) => (2 * hash) & (cells.length - 1)
const after = (cells: Int32Array, cell: number) => (cell + 2) & (cells.length - 1)

/** The cell of a key, or the empty one where it would be. */
const cellOf = ({ cells, keys }: Places, key: string, hash: number): number => {
  let cell = first(cells, hash)
  while (true) {
    const place = cells[cell + 1] ?? 0
    if (place === 0 || (cells[cell] === hash && keys[place] === key)) return cell
    cell = after(cells, cell)
  }
}

const write = (cells: Int32Array, cell: number, hash: number, place: number) => {
  cells[cell] = hash
  cells[cell + 1] = place
}

const grow = (places: Places) => {
  const { cells, keys } = places
  places.cells = new Int32Array(2 * cells.length)
  for (let cell = 0; cell < cells.length; cell += 2) {
    const hash = cells[cell] ?? 0
    const place = cells[cell + 1] ?? 0
    if (place !== 0) write(places.cells, cellOf(places, keys[place] ?? "", hash), hash, place)
  }
}

/** The place of a key; 0 when it has none. */
export const get = (places: Places, key: string): number => places.cells[cellOf(places, key, hashOf(key)) + 1] ?? 0

/** Gives a place to a key that has none. */
export const add = (places: Places, key: string): number => {
  const { keys, vacant } = places
  if (4 * (places.size + 1) > places.cells.length) grow(places)
  const place = vacant.pop() ?? keys.length
  const hash = hashOf(key)
  write(places.cells, cellOf(places, key, hash), hash, place)
  keys[place] = key
  places.size++
  return place
}

/** Takes a key out and tells the place that it had, or 0. */
export const remove = (places: Places, key: string): number => {
  const { cells, keys, vacant } = places
  let gap = cellOf(places, key, hashOf(key))
  const place = cells[gap + 1] ?? 0
  if (place === 0) return 0
  keys[place] = ""
  vacant.push(place)
  places.size--
  write(cells, gap, 0, 0)
  // Those behind it that could not have this cell, or one before it, move up: nothing is looked for beyond an empty cell.
  for (let cell = after(cells, gap); cells[cell + 1] !== 0; cell = after(cells, cell)) {
    const hash = cells[cell] ?? 0
    const mask = cells.length - 1
    const fromWanted = (cell - first(cells, hash)) & mask
    const fromGap = (cell - gap) & mask
    if (fromWanted < fromGap) continue
    write(cells, gap, hash, cells[cell + 1] ?? 0)
    write(cells, cell, 0, 0)
    gap = cell
  }
  return place
}
