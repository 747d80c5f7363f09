/** What the operations of an inventory share: their context and the permissions they need. */
import type * as Duration from "effect/Duration"
import type { Service as App } from "@effect-icr/app/IcrApp"
import type { OrganizationCalls } from "../../calls/internal/organizationCalls.ts"
import type { Permission } from "../../permissions/internal/permissions.ts"
import type { Notifications } from "./notifications.ts"

/** What the operations of an inventory need. */
export interface InventoryContext {
  readonly app: App
  readonly calls: OrganizationCalls
  readonly notifications: Notifications
  readonly quietPeriod: Duration.Duration
}

export const canRead: Permission = { name: "organization_inventory", level: "VIEW" }
/** The reference demands `read_write` in one place and `request` in others: the lower one is checked here. */
export const canRequest: Permission = { name: "organization_inventory", level: "REQUEST" }
