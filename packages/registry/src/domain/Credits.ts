/**
 * Credits: what an organization holds in its inventory and its warehouse, and what a project has issued.
 *
 * @module
 */
import * as Schema from "effect/Schema"
import { OrganizationId } from "@effect-icr/app/domain/Ids"
import { lenient, lenientText } from "@effect-icr/app/extension"
import { FromDigits } from "../amounts/Tonnes.ts"
import { lenientLabel, lenientList, lenientTimestamp, lenientTonnes } from "./lenient.ts"
import { CreditId } from "./Ids.ts"
import { OrganizationRef, ProjectRef } from "./Project.ts"

/**
 * `exPost` (the mitigation has happened) or `exAnte` (it is expected). The documents' example has one in `id` and the
 * other in `type` of the same credit.
 *
 * ```ts
 * import type { CreditType, WarehouseCredit } from "@effect-icr/registry/domain/Credits"
 * import { Option } from "effect"
 *
 * const wanted: CreditType = "exPost"
 *
 * export const isWanted = ({ type }: WarehouseCredit) => Option.contains(type, wanted)
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export type CreditType = "exPost" | "exAnte" | (string & {})

const holding = {
  id: CreditId,
  amount: FromDigits,
  organizationId: lenient(OrganizationId),
  project: lenient(ProjectRef),
  serialization: lenientText,
  type: lenientText,
  tokenId: lenientLabel,
  tokenAddress: lenientText,
  vintage: lenientLabel,
  supply: lenientTonnes,
  unit: lenientText
}

/**
 * Credits in an organization's inventory (`Inventory`, v0.5).
 *
 * @category schemas
 * @since 0.1.0
 */
export class InventoryCredit extends Schema.Class<InventoryCredit>("@effect-icr/registry/InventoryCredit")(holding) {}

/**
 * Credits in an organization's warehouse (`Warehouse`, v0.5): an app may reserve and move these without being asked
 * about each. The documents' example has neither a token nor a vintage.
 *
 * @category schemas
 * @since 0.1.0
 */
export class WarehouseCredit extends Schema.Class<WarehouseCredit>("@effect-icr/registry/WarehouseCredit")({
  ...holding,
  inventoryId: lenientText
}) {}

/**
 * Sums of credits by what became of them (`Credits`, v0.5).
 *
 * @category schemas
 * @since 0.1.0
 */
export class CreditSummary extends Schema.Class<CreditSummary>("@effect-icr/registry/CreditSummary")({
  exPost: lenientTonnes,
  exPostCancelled: lenientTonnes,
  exAnte: lenientTonnes,
  exAnteCancelled: lenientTonnes,
  retired: lenientTonnes,
  validated: lenientTonnes
}) {}

/**
 * A file of an issuance.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CreditFile extends Schema.Class<CreditFile>("@effect-icr/registry/CreditFile")({
  id: lenientText,
  fileName: lenientText,
  size: lenient(Schema.Finite),
  url: lenientText,
  type: lenientText
}) {}

/**
 * Something that happened to the credits of a vintage, such as an `issuance`.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CreditEvent extends Schema.Class<CreditEvent>("@effect-icr/registry/CreditEvent")({
  id: lenientLabel,
  vintage: lenientLabel,
  createdAt: lenientTimestamp,
  amount: lenientTonnes,
  type: lenientText,
  creditType: lenientText,
  monitoringPeriodStart: lenientTimestamp,
  monitoringPeriodEnd: lenientTimestamp,
  files: lenientList(CreditFile),
  verificationBody: lenient(Schema.Struct({ id: lenientText, directoryUrl: lenientText, fullName: lenientText }))
}) {}

/**
 * The credits of one year of a project.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Vintage extends Schema.Class<Vintage>("@effect-icr/registry/Vintage")({
  vintage: lenientLabel,
  summary: lenient(CreditSummary),
  events: lenientList(CreditEvent)
}) {}

/**
 * What a project has issued (`Credits`, v0.5).
 *
 * @category schemas
 * @since 0.1.0
 */
export class ProjectCredits extends Schema.Class<ProjectCredits>("@effect-icr/registry/ProjectCredits")({
  summary: CreditSummary,
  vintages: lenientList(Vintage),
  project: lenient(ProjectRef)
}) {}

/**
 * What one of the registry's own accounts holds (`Credits`, v0.5). The documents' example goes on after `organization`.
 *
 * @category schemas
 * @since 0.1.0
 */
export class AccountCredits extends Schema.Class<AccountCredits>("@effect-icr/registry/AccountCredits")({
  summary: CreditSummary,
  organization: lenient(OrganizationRef)
}) {}
