/** The rules of reservations: credits of a warehouse that are held for an app for a while (Warehouse). */
import * as Duration from "effect/Duration"
import type { Behaviour } from "../../Behaviour.ts"
import * as Seeded from "../seeded.ts"
import type { OrganizationRecord, Tables, TokenRecord } from "../Tables.ts"
import type { Seeds } from "./catalogue.ts"
import * as Ledger from "./ledger.ts"
import type { ReservationRecord, RetirementData } from "./records.ts"

/** Whether a reservation holds its credits. */
const isHolding = (record: ReservationRecord, now: number) =>
  record.transactionId === undefined && !record.released && now < record.heldTo

/** The sum of an organization's holds on each credit. Ones that are over are dropped on the way. */
export const held = ({ books }: Tables, organizationId: string, now: number): ReadonlyMap<string, bigint> => {
  const sums = new Map<string, bigint>()
  const holds = books.holds.get(organizationId) ?? new Set<ReservationRecord>()
  for (const record of holds) {
    if (isHolding(record, now)) sums.set(record.credit.id, (sums.get(record.credit.id) ?? 0n) + record.units)
    // The clock may be set back, so a reservation that has expired is kept.
    else if (record.transactionId !== undefined || record.released) holds.delete(record)
  }
  return sums
}

/** Who holds a token: its app, or the organization that created it. */
export const holderOf = (tables: Tables, { appId, organizationId = "" }: TokenRecord): ReservationRecord["reserver"] =>
  appId === undefined ? { id: organizationId, name: undefined } : { id: appId, name: tables.apps.get(appId)?.appNameId }

const added = <K, K2, V>(all: Map<K, Map<K2, V>>, key: K) => {
  const found = all.get(key) ?? new Map<K2, V>()
  all.set(key, found)
  return found
}

/** Reserves credits. Returns the reason when there is none of them or too few. */
export const reserve = (
  tables: Tables,
  owner: OrganizationRecord,
  seeds: Seeds,
  asked: Pick<ReservationRecord, "reserver" | "units"> & { readonly creditId: string },
  { reservationLife }: Behaviour,
  now: number
): ReservationRecord | "absent" | "short" => {
  const holding = Ledger.holdings(tables, owner, seeds).warehouse.get(asked.creditId)
  if (holding === undefined) return "absent"
  const free = holding.units - (held(tables, owner.id, now).get(asked.creditId) ?? 0n)
  if (asked.units > free) return "short"
  const record: ReservationRecord = {
    id: Seeded.uuid(seeds.seed, Seeded.kind.reservation, tables.made.reservations++),
    organizationId: owner.id,
    reserver: asked.reserver,
    credit: holding.credit,
    units: asked.units,
    createdAt: now,
    updatedAt: now,
    heldTo: now + Duration.toMillis(reservationLife),
    transactionId: undefined,
    released: false
  }
  added(tables.books.reservations, owner.id).set(record.id, record)
  const holds = tables.books.holds.get(owner.id) ?? new Set()
  tables.books.holds.set(owner.id, holds.add(record))
  return record
}

const isListed = (record: ReservationRecord, reserver: string, behaviour: Behaviour, now: number) => {
  if (record.reserver.id !== reserver && behaviour.foreignReservations === "hidden") return false
  if (record.released) return behaviour.releasedReservations === "listed"
  if (record.transactionId !== undefined) return behaviour.completeReservations === "listed"
  return isHolding(record, now) || behaviour.expiredReservations === "listed"
}

/** Reservations of an organization that a holder of a token sees. */
export const listed = (
  { books }: Tables,
  organizationId: string,
  reserver: string,
  behaviour: Behaviour,
  now: number
): ReadonlyArray<ReservationRecord> => {
  const all = [...(books.reservations.get(organizationId)?.values() ?? [])].filter((record) =>
    isListed(record, reserver, behaviour, now)
  )
  return behaviour.creditOrder === "oldestFirst" ? all : all.toReversed()
}

/** A reservation that the holder of a token sees. */
export const find = (
  { books }: Tables,
  organizationId: string,
  id: string,
  reserver: string,
  behaviour: Behaviour,
  now: number
): ReservationRecord | undefined => {
  const record = books.reservations.get(organizationId)?.get(id)
  return record !== undefined && isListed(record, reserver, behaviour, now) ? record : undefined
}

/** Why nothing can be done with a reservation, if so: finishing and releasing are for its maker, within its time. */
const closed = (record: ReservationRecord, reserver: string, now: number): string | undefined => {
  if (record.reserver.id !== reserver) return "Reservation belongs to another app"
  if (record.transactionId !== undefined) return "Reservation is complete"
  return isHolding(record, now) ? undefined : "Reservation has expired"
}

/** Ends a hold. The credits are free again. Returns the reason when it cannot be ended. */
export const release = (record: ReservationRecord, reserver: string, now: number): string | undefined => {
  const reason = closed(record, reserver, now)
  if (reason !== undefined) return reason
  record.released = true
  record.heldTo = now
  record.updatedAt = now
  return undefined
}

/** Moves or retires the reserved credits. Returns the reason when that cannot be done. */
export const finish = (
  tables: Tables,
  owner: OrganizationRecord,
  seeds: Seeds,
  record: ReservationRecord,
  how: {
    readonly action: "transfer" | "retire" | "transfer_retire"
    readonly reserver: string
    readonly to: OrganizationRecord
    readonly data: RetirementData | undefined
  },
  now: number
): string | undefined => {
  const reason = closed(record, how.reserver, now)
  if (reason !== undefined) return reason
  const { action, data, to } = how
  const { credit, units } = record
  const isMoved = Ledger.move(tables, seeds, {
    action,
    from: owner,
    to,
    place: "warehouse",
    credit,
    units,
    data,
    at: now
  })
  if (!isMoved) return "Not enough credits"
  record.transactionId = Seeded.uuid(seeds.seed, Seeded.kind.transaction, tables.made.transactions++)
  record.updatedAt = now
  return undefined
}
