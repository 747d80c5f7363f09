/** Moves credits. Each function is one synchronous step, so that two fibers cannot spend the same credits. */
import * as Seeded from "../seeded.ts"
import type { OrganizationRecord, Tables } from "../Tables.ts"
import * as Catalogue from "./catalogue.ts"
import type { Seeds } from "./catalogue.ts"
import type {
  Credit,
  Gone,
  Holding,
  Holdings,
  Place,
  RequestAction,
  RetirementData,
  RetirementRecord
} from "./records.ts"

/** What an organization holds, as it follows from the seed. */
const seeded = (owner: OrganizationRecord, seeds: Seeds): Holdings => {
  const at = (place: Place) =>
    new Map<string, Holding>(Catalogue.held(owner, seeds, place).map((holding) => [holding.credit.id, holding]))
  return { inventory: at("inventory"), warehouse: at("warehouse") }
}

/** What an organization holds. For reading only. */
export const holdings = ({ books }: Tables, owner: OrganizationRecord, seeds: Seeds): Holdings =>
  books.holdings.get(owner.id) ?? seeded(owner, seeds)

/** What an organization holds, kept in the books from now on. */
const changing = (tables: Tables, owner: OrganizationRecord, seeds: Seeds): Holdings => {
  const found = holdings(tables, owner, seeds)
  tables.books.holdings.set(owner.id, found)
  return found
}

/** Takes credits out of an organization's place. Returns false, and takes nothing, when there are fewer. */
export const take = (
  tables: Tables,
  owner: OrganizationRecord,
  seeds: Seeds,
  place: Place,
  { id }: Credit,
  units: bigint
): boolean => {
  const holding = changing(tables, owner, seeds)[place].get(id)
  if (holding === undefined || holding.units < units) return false
  holding.units -= units
  return true
}

/** Adds credits to an organization's place. */
export const give = (
  tables: Tables,
  owner: OrganizationRecord,
  seeds: Seeds,
  place: Place,
  credit: Credit,
  units: bigint
): void => {
  const held = changing(tables, owner, seeds)[place]
  const holding = held.get(credit.id)
  if (holding === undefined) held.set(credit.id, { credit, units })
  else holding.units += units
}

/** What is gone of a credit. */
export const goneOf = ({ books }: Tables, { id }: Credit): Gone => {
  const gone = books.gone.get(id) ?? { retired: 0n, cancelled: 0n, outside: 0n }
  books.gone.set(id, gone)
  return gone
}

/** Records a retirement of credits that were taken before. */
export const retire = (
  tables: Tables,
  seed: number,
  retirement: Omit<RetirementRecord, "id" | "number">
): RetirementRecord => {
  const number = tables.books.retirements.size + 1
  const record = { ...retirement, id: Seeded.uuid(seed, Seeded.kind.retirement, number), number }
  tables.books.retirements.set(record.id, record)
  goneOf(tables, record.credit).retired += record.units
  return record
}

/** Where the credits of an action go. */
export interface Movement {
  readonly action: RequestAction
  readonly from: OrganizationRecord
  /** Absent when an address on the chain receives them. */
  readonly to: OrganizationRecord | undefined
  readonly place: Place
  readonly credit: Credit
  readonly units: bigint
  readonly data: RetirementData | undefined
  readonly at: number
}

/** A retirement on the chain says nothing about its beneficiary until it is claimed. */
const unclaimed: RetirementData = { reason: "", beneficiaryName: "" }

/** Takes credits and moves, retires or cancels them. Returns false, and does nothing, when there are fewer. */
export const move = (tables: Tables, seeds: Seeds, movement: Movement): boolean => {
  const { action, at, credit, data = unclaimed, from, place, to, units } = movement
  if (!take(tables, from, seeds, place, credit, units)) return false
  switch (action) {
    case "transfer":
      if (to === undefined) goneOf(tables, credit).outside += units
      else give(tables, to, seeds, "inventory", credit, units)
      break
    case "retire":
      retire(tables, seeds.seed, { createdAt: at, ownerId: from.id, credit, units, data })
      break
    case "transfer_retire":
      retire(tables, seeds.seed, { createdAt: at, ownerId: to?.id, credit, units, data })
      break
    case "cancel":
      goneOf(tables, credit).cancelled += units
  }
  return true
}

/** Sets what an organization holds of a credit. */
export const set = (
  tables: Tables,
  owner: OrganizationRecord,
  seeds: Seeds,
  place: Place,
  credit: Credit,
  units: bigint
): void => {
  changing(tables, owner, seeds)[place].set(credit.id, { credit, units })
}

/** Sums over all organizations and credits. */
export const sums = (tables: Tables, seeds: Seeds): Gone & { held: bigint } => {
  const sums = { held: 0n, retired: 0n, cancelled: 0n, outside: 0n }
  for (const owner of tables.organizations.values()) {
    const { inventory, warehouse } = holdings(tables, owner, seeds)
    for (const { units } of [...inventory.values(), ...warehouse.values()]) sums.held += units
  }
  for (const { cancelled, outside, retired } of tables.books.gone.values()) {
    sums.retired += retired
    sums.cancelled += cancelled
    sums.outside += outside
  }
  return sums
}
