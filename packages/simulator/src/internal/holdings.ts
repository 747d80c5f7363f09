/** Derives an organization's credits from the seed and the organization's number. None is stored. */
import type { CreditRequest, InventoryCredit, NewCreditRequest, WarehouseCredit } from "../Credits.ts"
import { iso } from "./isoTime.ts"
import * as Present from "./present.ts"
import * as Seeded from "./seeded.ts"
import type { OrganizationRecord } from "./Tables.ts"

interface Surroundings extends Present.Surroundings {
  /** Number of projects whose credits can be held. */
  readonly projects: number
}

const inInventory = 3
const inWarehouse = 2

/** The credit at `position` of an organization. Those of the warehouse follow those of the inventory. */
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

/** Credits in the organization's inventory. */
export const inventory = (owner: OrganizationRecord, around: Surroundings): ReadonlyArray<InventoryCredit> =>
  Array.from({ length: around.projects === 0 ? 0 : inInventory }, (_, position) => credit(owner, position, around))

/** Credits in the organization's warehouse. */
export const warehouse = (owner: OrganizationRecord, around: Surroundings): ReadonlyArray<WarehouseCredit> =>
  Array.from({ length: around.projects === 0 ? 0 : inWarehouse }, (_, position) => {
    const { amount, id, organizationId, project, serialization, type } = credit(owner, inInventory + position, around)
    const inventoryId = Seeded.uuid(around.seed, Seeded.kind.warehouse, owner.index)
    return { id, inventoryId, organizationId, project, serialization, amount, type }
  })

/** A pending credit request: no administrator of the organization has decided on it. */
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
