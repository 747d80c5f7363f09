/** Turns records about credits into the registry's JSON. */
import type { CreditRequest, InventoryCredit, ProjectReference, Reservation, WarehouseCredit } from "../../Credits.ts"
import { iso } from "../isoTime.ts"
import * as Present from "../present.ts"
import * as Seeded from "../seeded.ts"
import type { OrganizationRecord } from "../Tables.ts"
import * as Amount from "./amount.ts"
import * as Catalogue from "./catalogue.ts"
import type { Holding, RequestRecord, ReservationRecord } from "./records.ts"

/** How other resources refer to a project. */
export const projectReference = (index: number, around: Present.Surroundings): typeof ProjectReference.Type => {
  const { fullName, id, num } = Present.project(index, around)
  return {
    id,
    fullName,
    url: `${around.baseUrl}/projects/${id}`,
    publicUrl: `https://carbonregistry.com/explore/projects/${id}`,
    num
  }
}

/** A credit in the inventory. */
export const inventoryCredit = (
  owner: OrganizationRecord,
  { credit, units }: Holding,
  around: Present.Surroundings
): InventoryCredit => ({
  organizationId: owner.id,
  id: credit.id,
  tokenId: credit.tokenId,
  tokenAddress: credit.tokenAddress,
  project: projectReference(credit.project, around),
  serialization: credit.serialization,
  vintage: credit.vintage,
  supply: Catalogue.supply,
  unit: "tonne",
  amount: units,
  type: credit.type
})

/** A credit in the warehouse. */
export const warehouseCredit = (
  owner: OrganizationRecord,
  { credit, units }: Holding,
  around: Present.Surroundings
): WarehouseCredit => ({
  id: credit.id,
  inventoryId: Seeded.uuid(around.seed, Seeded.kind.warehouse, owner.index),
  organizationId: owner.id,
  project: projectReference(credit.project, around),
  serialization: credit.serialization,
  amount: units,
  type: credit.type
})

const shownAmount = (units: bigint, { behaviour }: Present.Surroundings) =>
  behaviour.shownAmounts === "rounded" ? Amount.rounded(units) : units

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

/** A credit request. */
export const request = (record: RequestRecord, around: Present.Surroundings): CreditRequest => {
  const { credit, retirement, toAddress, toOrganizationId, txId } = record
  return {
    action: record.action,
    type: credit.type,
    id: record.id,
    ...(toAddress === undefined ? {} : { toAddress }),
    createdAt: iso(record.createdAt),
    updatedAt: iso(record.updatedAt),
    tokenId: credit.tokenId,
    tokenAddress: credit.tokenAddress,
    creditId: credit.id,
    serialization: credit.serialization,
    vintage: credit.vintage,
    amount: shownAmount(record.units, around),
    fromOrganizationId: record.organizationId,
    ...(toOrganizationId === undefined ? {} : { toOrganizationId }),
    project: projectReference(credit.project, around),
    ...(txId === undefined ? {} : { txId }),
    state: around.behaviour.requestStates === "capital" ? capital(record.state) : record.state,
    ...(retirement === undefined
      ? {}
      : { retirementReason: retirement.reason, beneficiaryName: retirement.beneficiaryName }),
    ...(retirement?.comment === undefined ? {} : { retirementComment: retirement.comment })
  }
}

/** A reservation. */
export const reservation = (record: ReservationRecord, around: Present.Surroundings): Reservation => {
  const { credit, reserver } = record
  const { fullName, id } = projectReference(credit.project, around)
  return {
    id: record.id,
    amount: shownAmount(record.units, around),
    createdAt: iso(record.createdAt),
    updatedAt: iso(record.updatedAt),
    tokenId: credit.tokenId,
    tokenAddress: credit.tokenAddress,
    type: credit.type,
    reservedToDate: iso(record.heldTo),
    serialization: credit.serialization,
    isComplete: record.transactionId !== undefined,
    project: { id, fullName },
    reserver: { id: reserver.id, ...(reserver.name === undefined ? {} : { name: reserver.name }) },
    creditId: credit.id
  }
}
