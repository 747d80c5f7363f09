/**
 * Credits on the wire: what an organization holds and what an app may request (Inventory, Warehouse; v0.5).
 *
 * @module
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Tonnes } from "./internal/credits/amount.ts"
import { Pagination, Timestamp } from "./Wire.ts"

export {
  /**
   * An amount of credits: a number of tonnes in JSON, a whole number of units of 10⁻¹⁸ tonne when decoded. It is
   * written digit for digit.
   *
   * @since 0.1.0
   * @category schemas
   */
  Tonnes
} from "./internal/credits/amount.ts"

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
  supply: Tonnes,
  unit: Schema.String,
  amount: Tonnes,
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
  amount: Tonnes,
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
 * What a certificate of retirement says.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RetirementData = Schema.Struct({
  reason: Schema.NonEmptyString,
  beneficiaryName: Schema.NonEmptyString,
  comment: Schema.optionalKey(Schema.String)
})

/** Checked as a double, then read digit for digit. */
const PositiveAmount = Schema.Finite.check(Schema.isGreaterThan(0))

/**
 * Body of `POST /organizations/{id}/inventory/requests/{action}`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NewCreditRequest = Schema.Struct({
  creditId: Schema.NonEmptyString,
  amount: PositiveAmount,
  toOrganizationId: Schema.optionalKey(Schema.String),
  toAddress: Schema.optionalKey(Schema.String),
  retirementData: Schema.optionalKey(RetirementData)
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
  amount: Tonnes,
  fromOrganizationId: Schema.String,
  toOrganizationId: Schema.optionalKey(Schema.String),
  project: ProjectReference,
  /** Hash of the transaction once the request is processed. */
  txId: Schema.optionalKey(Schema.String),
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

/**
 * Answer of `GET /organizations/{id}/inventory/requests`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreditRequestPage = Schema.Struct({
  pagination: Pagination,
  creditRequests: Schema.Array(CreditRequest)
}).annotate({ identifier: "CreditRequestPage" })

/**
 * A hold on credits of a warehouse, as the registry's own demo app reads it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Reservation = Schema.Struct({
  id: Schema.String,
  amount: Tonnes,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  tokenId: Schema.String,
  tokenAddress: Schema.String,
  type: CreditType,
  /** End of the hold. */
  reservedToDate: Timestamp,
  serialization: Schema.String,
  isComplete: Schema.Boolean,
  project: Schema.Struct({ id: Schema.String, fullName: Schema.String }),
  reserver: Schema.Struct({ id: Schema.String, name: Schema.optionalKey(Schema.String) }),
  creditId: Schema.String
}).annotate({ identifier: "Reservation" })

/**
 * A hold on credits of a warehouse.
 *
 * @since 0.1.0
 * @category models
 */
export type Reservation = typeof Reservation.Type

/**
 * Answer of `GET /organizations/{id}/warehouse/inventory/reservations`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Reservations = Schema.Struct({
  reservations: Schema.Array(Reservation),
  pagination: Schema.optionalKey(Pagination)
}).annotate({ identifier: "Reservations" })

/**
 * Body of `POST /organizations/{id}/warehouse/inventory/reservations`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NewReservation = Schema.Struct({
  creditId: Schema.NonEmptyString,
  organizationId: Schema.optionalKey(Schema.String),
  amount: PositiveAmount
}).annotate({ identifier: "NewReservation" })

/**
 * What can be done with a reservation. First-party code offers `transfer` and `transfer_retire`; its types have `retire`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FinishAction = Schema.Literals(["transfer", "retire", "transfer_retire"])

/**
 * Body of `POST /organizations/{id}/warehouse/inventory/reservations/{reservationId}/{action}`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FinishReservation = Schema.Struct({
  receiverId: Schema.NonEmptyString,
  retirementData: Schema.optionalKey(RetirementData)
}).annotate({ identifier: "FinishReservation" })
