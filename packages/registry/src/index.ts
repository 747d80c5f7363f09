/**
 * The resources of the International Carbon Registry, typed and exact, as Effect services.
 *
 * Every module is also a subpath, such as `@effect-icr/registry/Registry`. Prefer those: a bundler then takes only what
 * is used.
 *
 * @module
 */
/** Exact amounts. */
export * as Tonnes from "./amounts/Tonnes.ts"
export type { Certificate } from "./calls/internal/certificate.ts"
export { Address, type Addresses } from "./domain/Addresses.ts"
export {
  CreditAction,
  CreditRequest,
  CreditRequestPage,
  type RequestState as CreditRequestState
} from "./domain/CreditRequest.ts"
export {
  AccountCredits,
  CreditEvent,
  CreditFile,
  CreditSummary,
  type CreditType,
  InventoryCredit,
  ProjectCredits,
  Vintage,
  WarehouseCredit
} from "./domain/Credits.ts"
export { CreditId, CreditRequestId, ProjectId, ReservationId, RetirementId } from "./domain/Ids.ts"
export {
  Benefit,
  Classification,
  Location,
  OrganizationRef,
  Project,
  ProjectFile,
  ProjectPage,
  ProjectRef
} from "./domain/Project.ts"
export { Reservation, Reserver } from "./domain/Reservation.ts"
export { Retirement, RetirementData, type RetirementReason } from "./domain/Retirement.ts"
/** Serials, read by a heuristic. */
export * as Serial from "./domain/Serial.ts"
export {
  type CreditRequests,
  type Inventory,
  type Receiver,
  type RequestOptions,
  type SettledOptions,
  StillPending
} from "./inventory/Inventory.ts"
export type { OrganizationResources } from "./organization/OrganizationResources.ts"
export type { PageOptions, Projects, PublicResources, RegistryAccount } from "./public/PublicResources.ts"
export {
  type Notification,
  type Options as RegistryOptions,
  Registry,
  type Service as RegistryService,
  type TestDouble as RegistryTestDouble
} from "./registry/Registry.ts"
export {
  FinishUncertain,
  isUncertain,
  RequestUncertain,
  ReserveUncertain,
  type Uncertain
} from "./uncertain/Uncertain.ts"
export { ReservationClaims } from "./warehouse/ReservationClaims.ts"
export {
  type FindRetirementOptions,
  Finished,
  type FinishError,
  type HoldingsOptions,
  ReservationComplete,
  ReservationExpired,
  type ReserveOptions,
  type RetireOptions,
  type TransferOptions,
  type Warehouse
} from "./warehouse/Warehouse.ts"
