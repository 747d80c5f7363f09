/** Processes accepted credit requests when they are due, and notifies the apps of transactions. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type { TransactionRecord } from "../payload.ts"
import type { World } from "../World.ts"
import type { RequestRecord, ReservationRecord } from "./records.ts"
import * as Requests from "./requests.ts"

type Registry = World["Service"]

const permissionOf = {
  organizationTransaction: "organization_inventory",
  warehouseTransaction: "organization_warehouse"
} as const

/** Notifies every app that is installed on the organization and may read what has changed. */
const announce = Effect.fnUntraced(function* (
  world: Registry,
  event: keyof typeof permissionOf,
  organizationId: string,
  transaction: TransactionRecord
) {
  for (const app of (yield* Ref.get(world.tables)).apps.values()) {
    const installation = app.byOrganization.get(organizationId)
    const isTold =
      installation !== undefined &&
      !installation.suspended &&
      installation.permissions[permissionOf[event]] !== undefined
    if (isTold) yield* world.deliveries.announce(event, installation, transaction)
  }
})

/** Notifies of a finished reservation. */
export const announceFinish = (world: Registry, record: ReservationRecord, action: string) =>
  announce(world, "warehouseTransaction", record.organizationId, {
    id: record.transactionId ?? record.id,
    createdAt: record.updatedAt,
    updatedAt: record.updatedAt,
    status: "processed",
    type: action,
    amount: record.units,
    creditId: record.credit.id
  })

/** Notifies of a new state of a request. */
const announceRequest = Effect.fnUntraced(function* (world: Registry, record: RequestRecord) {
  const { transactionIds } = yield* Ref.get(world.behaviour)
  yield* announce(world, "organizationTransaction", record.organizationId, {
    id: transactionIds === "request" ? record.id : record.transactionId,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    status: record.state,
    type: record.action,
    amount: record.units,
    creditId: record.credit.id
  })
})

/** Processes what is due by the registry's clock. */
export const settle = Effect.fnUntraced(function* (world: Registry) {
  const now = yield* world.now
  const done = Requests.process(yield* Ref.get(world.tables), world, now)
  for (const record of done) yield* announceRequest(world, record)
})

/** Accepts a pending request. Returns false when it has been decided before. */
export const accept = Effect.fnUntraced(function* (world: Registry, record: RequestRecord) {
  const delay = Duration.toMillis((yield* Ref.get(world.behaviour)).processingDelay)
  if (!Requests.accept(yield* Ref.get(world.tables), record, delay, yield* world.now)) return false
  yield* announceRequest(world, record)
  if (delay === 0) yield* settle(world)
  // Whoever asks meanwhile settles, too: the registry's clock may be set ahead of this one.
  else world.later(delay, settle(world))
  return true
})
