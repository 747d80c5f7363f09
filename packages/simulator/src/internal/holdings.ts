/** An organization's credits. None is stored: they follow from the seed and the organization's number. */
import type { CreditRequest, InventoryCredit, NewCreditRequest, WarehouseCredit } from "../Credits.ts"
import * as Present from "./present.ts"
import * as Seeded from "./seeded.ts"
import type { OrganizationRecord } from "./Tables.ts"
import { iso } from "./tokens.ts"

interface Surroundings extends Present.Surroundings {
  /** How many projects there are to hold credits of. */
  readonly projects: number
}

const inInventory = 3
const inWarehouse = 2

/** Credit number `position` of an organization; the warehouse's come after the inventory's. */
const credit = (owner: OrganizationRecord, position: number, around: Surroundings): InventoryCredit => {
  const index = owner.index * (inInventory + inWarehouse) + position
  const word = (at: number) => Seeded.word(around.seed, Seeded.kind.credit, index, at)
  const projectIndex = word(0) % around.projects
  const project = Present.project(projectIndex, around)
  const tokenAddress = `0x${Seeded.hex(around.seed, Seeded.kind.contract, projectIndex, 5)}`
  const tokenId = String(position)
  const type = position === 1 ? "exAnte" : "exPost"
  const vintage = String(2018 + (word(1) % 6))
  const amount = 1 + (word(2) % 1000)
  return {
    organizationId: owner.id,
    id: `${type}-${tokenId}-${tokenAddress}`,
    tokenId,
    tokenAddress,
    project: {
      id: project.id,
      fullName: project.fullName,
      url: `${around.baseUrl}/projects/${project.id}`,
      publicUrl: `https://carbonregistry.com/explore/projects/${project.id}`,
      num: project.num
    },
    serialization: `ICR-ISL-354-${project.num}-14-R-0-${vintage}`,
    vintage,
    supply: amount * 10,
    unit: "tonne",
    amount,
    type
  }
}

export const inventory = (owner: OrganizationRecord, around: Surroundings): ReadonlyArray<InventoryCredit> =>
  Array.from({ length: around.projects === 0 ? 0 : inInventory }, (_, position) => credit(owner, position, around))

export const warehouse = (owner: OrganizationRecord, around: Surroundings): ReadonlyArray<WarehouseCredit> =>
  Array.from({ length: around.projects === 0 ? 0 : inWarehouse }, (_, position) => {
    const { amount, id, organizationId, project, serialization, type } = credit(owner, inInventory + position, around)
    const inventoryId = Seeded.uuid(around.seed, Seeded.kind.warehouse, owner.index)
    return { id, inventoryId, organizationId, project, serialization, amount, type }
  })

/** A request as it is before an administrator of the organization has said anything to it. */
export const request = (
  action: CreditRequest["action"],
  asked: NewCreditRequest,
  held: InventoryCredit,
  made: { readonly index: number; readonly at: number; readonly seed: number }
): CreditRequest => {
  const { retirementData, toAddress, toOrganizationId } = asked
  return {
    action,
    type: held.type,
    id: Seeded.uuid(made.seed, Seeded.kind.request, made.index),
    ...(toAddress === undefined ? {} : { toAddress }),
    createdAt: iso(made.at),
    updatedAt: iso(made.at),
    tokenId: held.tokenId,
    tokenAddress: held.tokenAddress,
    creditId: held.id,
    serialization: held.serialization,
    vintage: held.vintage,
    amount: asked.amount,
    fromOrganizationId: held.organizationId,
    ...(toOrganizationId === undefined ? {} : { toOrganizationId }),
    project: held.project,
    state: "pending",
    ...(retirementData === undefined
      ? {}
      : { retirementReason: retirementData.reason, beneficiaryName: retirementData.beneficiaryName }),
    ...(retirementData?.comment === undefined ? {} : { retirementComment: retirementData.comment })
  }
}
