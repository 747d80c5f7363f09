/** The rules of credit requests: an administrator decides on them, and the chain processes them (Inventory). */
import * as Seeded from "../seeded.ts"
import type { Tables } from "../Tables.ts"
import type { Seeds } from "./catalogue.ts"
import * as Ledger from "./ledger.ts"
import type { RequestRecord } from "./records.ts"

type Asked = Omit<RequestRecord, "id" | "transactionId" | "createdAt" | "updatedAt" | "state" | "dueAt" | "txId">

/** Adds a request that waits for an administrator. */
export const add = (tables: Tables, seed: number, asked: Asked, now: number): RequestRecord => {
  const record: RequestRecord = {
    ...asked,
    id: Seeded.uuid(seed, Seeded.kind.request, tables.made.requests++),
    transactionId: Seeded.uuid(seed, Seeded.kind.transaction, tables.made.transactions++),
    createdAt: now,
    updatedAt: now,
    state: "pending",
    dueAt: 0,
    txId: undefined
  }
  tables.books.requests.set(record.id, record)
  return record
}

/** Queues a pending request for processing. Returns false when it has been decided before. */
export const accept = ({ books }: Tables, record: RequestRecord, delay: number, now: number): boolean => {
  if (record.state !== "pending") return false
  record.state = "pending_queue"
  record.updatedAt = now
  record.dueAt = now + delay
  books.queue.add(record)
  return true
}

/** Declines a pending request. Returns false when it has been decided before. */
export const decline = (record: RequestRecord, now: number): boolean => {
  if (record.state !== "pending") return false
  record.state = "rejected"
  record.updatedAt = now
  return true
}

/** Processes the accepted requests that are due and returns them. One fails when its credits are gone by now. */
export const process = (tables: Tables, seeds: Seeds, now: number): ReadonlyArray<RequestRecord> => {
  const due = [...tables.books.queue].filter(({ dueAt }) => dueAt <= now)
  for (const record of due) {
    tables.books.queue.delete(record)
    const from = tables.organizations.get(record.organizationId)
    const to = record.toOrganizationId === undefined ? undefined : tables.organizations.get(record.toOrganizationId)
    const { action, credit, retirement: data, units } = record
    const isMoved =
      from !== undefined &&
      Ledger.move(tables, seeds, { action, from, to, place: "inventory", credit, units, data, at: now })
    record.state = isMoved ? "processed" : "failed"
    record.updatedAt = now
    if (isMoved) {
      const index = tables.made.transactions++
      record.txId = `0x${Seeded.hex(seeds.seed, Seeded.kind.chain, index, 8)}`
    }
  }
  return due
}
