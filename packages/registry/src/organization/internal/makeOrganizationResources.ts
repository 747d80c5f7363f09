/** Puts the resources of one organization together. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { InstallationId } from "@effect-icr/app/domain/Ids"
import { Organization } from "@effect-icr/app/domain/Organization"
import type { IcrError } from "@effect-icr/app/IcrError"
import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
import { certificate } from "../../calls/internal/certificate.ts"
import { checkId } from "../../calls/internal/input.ts"
import type { OrganizationCalls } from "../../calls/internal/organizationCalls.ts"
import { Addresses } from "../../domain/Addresses.ts"
import { Retirement } from "../../domain/Retirement.ts"
import { makeInventory } from "../../inventory/internal/makeInventory.ts"
import type { InventoryContext } from "../../inventory/internal/shared.ts"
import type { Permission } from "../../permissions/internal/permissions.ts"
import { makeWarehouse } from "../../warehouse/internal/makeWarehouse.ts"
import type { WarehouseContext } from "../../warehouse/internal/shared.ts"
import type { OrganizationResources } from "../OrganizationResources.ts"

const canRead: Permission = { name: "organization_info", level: "VIEW" }

const decodeOrganization = schemaBodyJson(Organization)
const decodeAddresses = schemaBodyJson(Addresses)
const decodeRetirements = schemaBodyJson(Schema.Struct({ retirements: Schema.Array(Retirement) }))

/** What the resources of all organizations share, and what belongs to one. */
export interface OrganizationContext extends Omit<WarehouseContext & InventoryContext, "calls"> {
  readonly calls: (id: InstallationId) => OrganizationCalls
  /** Every retirement, to find one in. */
  readonly retirements: Stream.Stream<Retirement, IcrError>
}

/** Makes the resources of the organization behind an installation. */
export const makeOrganizationResources = (
  { calls: callsOf, retirements: all, ...shared }: OrganizationContext,
  installation: InstallationId
): OrganizationResources => {
  const calls = callsOf(installation)
  const context = { ...shared, calls }
  const retirements = Effect.map(
    calls.get(
      { operation: "Registry.organization.retirements", permission: canRead, path: "/retirements" },
      decodeRetirements
    ),
    (answer) => answer.retirements
  )
  return {
    id: Effect.map(shared.app.installationToken(installation), ({ organizationId }) => organizationId),
    profile: calls.get(
      { operation: "Registry.organization.profile", permission: canRead, path: "" },
      decodeOrganization
    ),
    addresses: calls.get(
      { operation: "Registry.organization.addresses", permission: canRead, path: "/addresses" },
      decodeAddresses
    ),
    retirements,
    certificate: Effect.fnUntraced(function* (id) {
      const operation = "Registry.organization.certificate"
      yield* checkId(operation, "the retirement's id", id)
      const path = "/organizations/{id}/retirements/{id}/pdf"
      const { client, root } = yield* calls.allowed({ operation, method: "GET", path, permission: canRead })
      return yield* certificate(client, operation, `${root}/retirements/${id}/pdf`, path)
    }),
    inventory: makeInventory(context),
    warehouse: makeWarehouse(context, { own: retirements, all })
  }
}
