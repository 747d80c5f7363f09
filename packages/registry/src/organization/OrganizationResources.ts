/**
 * The resources of one organization, with the token of the app's installation there.
 *
 * @module
 */
import type * as Effect from "effect/Effect"
import type { OrganizationId } from "@effect-icr/app/domain/Ids"
import type { Organization } from "@effect-icr/app/domain/Organization"
import type { IcrError } from "@effect-icr/app/IcrError"
import type { Certificate } from "../calls/internal/certificate.ts"
import type { Addresses } from "../domain/Addresses.ts"
import type { RetirementId } from "../domain/Ids.ts"
import type { Retirement } from "../domain/Retirement.ts"
import type { Inventory } from "../inventory/Inventory.ts"
import type { Warehouse } from "../warehouse/Warehouse.ts"

/**
 * The resources of one organization. A plain value that may be kept: every operation uses the token that is good when it
 * runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface OrganizationResources {
  /** Comes with the installation's token: no request is spent on it. */
  readonly id: Effect.Effect<OrganizationId, IcrError>
  /** What the registry says of it. */
  readonly profile: Effect.Effect<Organization, IcrError>
  /** Its public addresses on the chain. The documents contradict themselves here: see {@link Addresses}. */
  readonly addresses: Effect.Effect<Addresses, IcrError>
  /** What it retired. */
  readonly retirements: Effect.Effect<ReadonlyArray<Retirement>, IcrError>
  /** The certificate of one of its retirements. */
  readonly certificate: (id: RetirementId) => Effect.Effect<Certificate, IcrError>
  readonly inventory: Inventory
  readonly warehouse: Warehouse
}
