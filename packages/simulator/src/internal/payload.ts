/** Composes the event of a delivery, as printed in the documents or as in a real payload. */
import type { Behaviour } from "../Behaviour.ts"
import * as Amount from "./credits/amount.ts"
import { iso } from "./isoTime.ts"
import * as Present from "./present.ts"
import * as Seeded from "./seeded.ts"
import type { AppRecord, InstallationRecord, OrganizationRecord } from "./Tables.ts"

export interface Surroundings {
  readonly seed: number
  readonly baseUrl: string
  readonly behaviour: Behaviour
}

export interface TransactionRecord {
  readonly id: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly status: string
  readonly type: string
  /** In units. */
  readonly amount: bigint
  readonly creditId: string
}

type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json }

/**
 * Orders keys by length, then alphabetically, as PostgreSQL's `jsonb` does. The nested keys of the real payload were
 * so.
 */
const jsonbOrder = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(jsonbOrder)
    : typeof value === "object" && value !== null && !Amount.isExact(value)
      ? Object.fromEntries(
          Object.entries(value)
            .toSorted(([a], [b]) => a.length - b.length || (a < b ? -1 : 1))
            .map(([key, inner]) => [key, jsonbOrder(inner)])
        )
      : value

const printedInstallation = (
  record: InstallationRecord,
  app: AppRecord,
  owner: OrganizationRecord,
  around: Surroundings
) => {
  const full = Present.installation(record, app, owner, around)
  return {
    ...full,
    organization: {
      id: owner.id,
      name: full.organization.fullName,
      url: `${around.baseUrl}/organizations/${owner.id}`
    }
  }
}

/** The server that sent the real payload had no base URL configured. */
const seenInstallation = (
  record: InstallationRecord,
  app: AppRecord,
  owner: OrganizationRecord,
  around: Surroundings
) => ({
  ...Present.installation(record, app, owner, around),
  accessTokensUrl: `undefined/app/installations/${record.id}/accessTokens`
})

const sender = (owner: OrganizationRecord, { behaviour, seed }: Surroundings): Json => {
  const id = Seeded.uuid(seed, Seeded.kind.user, owner.index)
  const person = { id, email: `admin${owner.index + 1}@example.com`, fullName: `Admin ${owner.index + 1}` }
  return behaviour.data === "seen"
    ? { ...person, profilePicture: null, url: `undefined/users/${id}` }
    : { ...person, profilePicture: "https://example.com/picture.png" }
}

const presentedTransaction = (record: TransactionRecord) => ({
  ...record,
  createdAt: iso(record.createdAt),
  updatedAt: iso(record.updatedAt),
  amount: Amount.toJson(record.amount)
})

/** The event object. Events about a transaction have no sender: newer pages make it optional. */
export const payload = (
  event: string,
  record: InstallationRecord,
  app: AppRecord,
  owner: OrganizationRecord,
  transaction: TransactionRecord | undefined,
  around: Surroundings
): Readonly<Record<string, unknown>> => {
  const seen = around.behaviour.data === "seen"
  const installation = (seen ? seenInstallation : printedInstallation)(record, app, owner, around)
  const whole = {
    event,
    ...(transaction === undefined
      ? { sender: sender(owner, around) }
      : { transaction: presentedTransaction(transaction) }),
    installation
  }
  return seen
    ? Object.fromEntries(Object.entries(whole).map(([key, value]) => [key, jsonbOrder(value)]))
    : { ...whole, state: "" }
}
