/** Credits on the wire: what an organization holds, and what an app may ask for (Inventory, Warehouse; v0.5). */
import * as Schema from "effect/Schema"
import { Timestamp } from "./Wire.ts"

export const ProjectReference = Schema.Struct({
  id: Schema.String,
  fullName: Schema.String,
  url: Schema.String,
  publicUrl: Schema.String,
  num: Schema.String
}).annotate({ identifier: "ProjectReference" })

export const CreditType = Schema.Literals(["exPost", "exAnte"])

export const InventoryCredit = Schema.Struct({
  organizationId: Schema.String,
  id: Schema.String,
  tokenId: Schema.String,
  tokenAddress: Schema.String,
  project: ProjectReference,
  serialization: Schema.String,
  vintage: Schema.String,
  supply: Schema.Finite,
  unit: Schema.String,
  /** In tonnes. */
  amount: Schema.Finite,
  type: CreditType
}).annotate({ identifier: "InventoryCredit" })
export type InventoryCredit = typeof InventoryCredit.Type

export const Inventory = Schema.Struct({
  credits: Schema.Array(InventoryCredit),
  organizationId: Schema.String
}).annotate({ identifier: "Inventory" })

/** The printed example has neither token, vintage, supply nor unit. */
export const WarehouseCredit = Schema.Struct({
  id: Schema.String,
  inventoryId: Schema.String,
  organizationId: Schema.String,
  project: ProjectReference,
  serialization: Schema.String,
  amount: Schema.Finite,
  type: CreditType
}).annotate({ identifier: "WarehouseCredit" })
export type WarehouseCredit = typeof WarehouseCredit.Type

export const Warehouse = Schema.Struct({
  credits: Schema.Array(WarehouseCredit),
  organizationId: Schema.String
}).annotate({ identifier: "Warehouse" })

export const CreditAction = Schema.Literals(["transfer", "retire", "transfer_retire", "cancel"])

/** Body of `POST /organizations/{id}/inventory/requests/{action}`. */
export const NewCreditRequest = Schema.Struct({
  creditId: Schema.NonEmptyString,
  amount: Schema.Finite.check(Schema.isGreaterThan(0)),
  toOrganizationId: Schema.optionalKey(Schema.String),
  toAddress: Schema.optionalKey(Schema.String),
  retirementData: Schema.optionalKey(
    Schema.Struct({
      reason: Schema.String,
      beneficiaryName: Schema.String,
      comment: Schema.optionalKey(Schema.String)
    })
  )
}).annotate({ identifier: "NewCreditRequest" })
export type NewCreditRequest = typeof NewCreditRequest.Type

export const CreditRequest = Schema.Struct({
  action: CreditAction,
  type: CreditType,
  id: Schema.String,
  toAddress: Schema.optionalKey(Schema.String),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  tokenId: Schema.String,
  tokenAddress: Schema.String,
  creditId: Schema.String,
  serialization: Schema.String,
  vintage: Schema.String,
  amount: Schema.Finite,
  fromOrganizationId: Schema.String,
  toOrganizationId: Schema.optionalKey(Schema.String),
  project: ProjectReference,
  state: Schema.String,
  retirementReason: Schema.optionalKey(Schema.String),
  retirementComment: Schema.optionalKey(Schema.String),
  beneficiaryName: Schema.optionalKey(Schema.String)
}).annotate({ identifier: "CreditRequest" })
export type CreditRequest = typeof CreditRequest.Type
