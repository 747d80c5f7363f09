/**
 * Credits on the wire: what an organization holds and what an app may request (Inventory, Warehouse; v0.5).
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Timestamp } from "./Wire.ts"

/**
 * The project that a credit belongs to.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ProjectReference = Schema.Struct({
  id: Schema.String,
  fullName: Schema.String,
  url: Schema.String,
  publicUrl: Schema.String,
  num: Schema.String
}).annotate({ identifier: "ProjectReference" })

/**
 * Kinds of credits.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreditType = Schema.Literals(["exPost", "exAnte"])

/**
 * A credit in an organization's inventory.
 *
 * @since 0.1.0
 * @category schemas
 */
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

/**
 * A credit in an organization's inventory.
 *
 * @since 0.1.0
 * @category models
 */
export type InventoryCredit = typeof InventoryCredit.Type

/**
 * Answer of `GET /organizations/{id}/inventory`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Inventory = Schema.Struct({
  credits: Schema.Array(InventoryCredit),
  organizationId: Schema.String
}).annotate({ identifier: "Inventory" })

/**
 * A credit in a warehouse. The printed example has no token, vintage, supply or unit.
 *
 * @since 0.1.0
 * @category schemas
 */
export const WarehouseCredit = Schema.Struct({
  id: Schema.String,
  inventoryId: Schema.String,
  organizationId: Schema.String,
  project: ProjectReference,
  serialization: Schema.String,
  amount: Schema.Finite,
  type: CreditType
}).annotate({ identifier: "WarehouseCredit" })

/**
 * A credit in a warehouse.
 *
 * @since 0.1.0
 * @category models
 */
export type WarehouseCredit = typeof WarehouseCredit.Type

/**
 * Answer of `GET /organizations/{id}/warehouse/inventory`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Warehouse = Schema.Struct({
  credits: Schema.Array(WarehouseCredit),
  organizationId: Schema.String
}).annotate({ identifier: "Warehouse" })

/**
 * Actions that an app can request on credits.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreditAction = Schema.Literals(["transfer", "retire", "transfer_retire", "cancel"])

/**
 * Body of `POST /organizations/{id}/inventory/requests/{action}`.
 *
 * @since 0.1.0
 * @category schemas
 */
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

/**
 * The body of a credit request.
 *
 * @since 0.1.0
 * @category models
 */
export type NewCreditRequest = typeof NewCreditRequest.Type

/**
 * A requested action on credits, as answered to its creation.
 *
 * @since 0.1.0
 * @category schemas
 */
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

/**
 * A requested action on credits.
 *
 * @since 0.1.0
 * @category models
 */
export type CreditRequest = typeof CreditRequest.Type
