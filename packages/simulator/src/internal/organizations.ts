/** Handlers of the routes about an organization itself and its retirements. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { RegistryApi } from "../Contract.ts"
import { notFound } from "../ErrorBody.ts"
import { opened } from "./credits/access.ts"
import * as Certificate from "./credits/certificate.ts"
import * as PresentRetirement from "./credits/presentRetirement.ts"
import * as Retirements from "./credits/retirements.ts"
import * as Present from "./present.ts"
import { World } from "./World.ts"

/** Handlers of the group `Organizations`. */
export const group = HttpApiBuilder.group(
  RegistryApi,
  "Organizations",
  Effect.fnUntraced(function* (handlers) {
    const world = yield* World

    const organization = Effect.fnUntraced(function* ({ params }: { readonly params: { readonly id: string } }) {
      const { around, record } = yield* opened(world, params.id, "organization_info:read")
      return Present.organization(record, around)
    })

    return (
      handlers
        .handle("getOrganization", organization)
        // The prose promises a list of addresses, but the printed schema is an organization and no list is shown.
        .handle("getOrganizationAddresses", organization)
        .handle(
          "listOrganizationRetirements",
          Effect.fnUntraced(function* ({ params }) {
            const { around, record, tables } = yield* opened(world, params.id, "organization_info:read")
            const own = Retirements.listed(tables, around.behaviour).filter(({ ownerId }) => ownerId === record.id)
            return { retirements: own.map((one) => PresentRetirement.ofOrganization(one, record, around)) }
          })
        )
        .handle(
          "getOrganizationCertificate",
          Effect.fnUntraced(function* ({ params }) {
            const { around, record, tables } = yield* opened(world, params.id, "organization_info:read")
            const found = Retirements.find(tables, params.retirementId)
            if (found?.ownerId !== record.id) return yield* notFound("Retirement not found")
            return Certificate.answer(PresentRetirement.certificate(found, around), `retirement-${found.number}.pdf`)
          })
        )
    )
  })
)
