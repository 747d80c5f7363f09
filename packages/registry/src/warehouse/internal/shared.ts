/** What the operations of a warehouse share: their context, permissions and paths. */
import type * as Duration from "effect/Duration"
import type { Service as App } from "@effect-icr/app/IcrApp"
import type { OrganizationCalls } from "../../calls/internal/organizationCalls.ts"
import type { Permission } from "../../permissions/internal/permissions.ts"
import type { Claims } from "./claims.ts"
import type { Held } from "./held.ts"

/** What the operations of a warehouse need. */
export interface WarehouseContext {
  readonly app: App
  readonly calls: OrganizationCalls
  readonly claims: Claims
  readonly held: Held
  readonly quietPeriod: Duration.Duration
  readonly fence: boolean
}

export const canRead: Permission = { name: "organization_warehouse", level: "VIEW" }
export const canWrite: Permission = { name: "organization_warehouse", level: "WRITE" }

export const reservationsPath = "/warehouse/inventory/reservations"
/** As a template, for errors. */
export const reservationPath = `/organizations/{id}${reservationsPath}/{id}`
