/** Handlers of the routes that an organization's token gives access to. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Ref from "effect/Ref"
import { CurrentToken, RegistryApi } from "../Contract.ts"
import { badRequest, forbidden, notFound } from "../ErrorBody.ts"
import * as Holdings from "./holdings.ts"
import * as Permissions from "./permissions.ts"
import * as Present from "./present.ts"
import { World } from "./World.ts"

/** Handlers of the group `Organizations`. */
export const group = HttpApiBuilder.group(
  RegistryApi,
  "Organizations",
  Effect.fnUntraced(function* (handlers) {
    const world = yield* World

    /** The organization `id`, if the token belongs to it and has the permission. */
    const opened = Effect.fnUntraced(function* (id: string, scope: Permissions.Scope) {
      const token = yield* CurrentToken
      const behaviour = yield* Ref.get(world.behaviour)
      // Another organization and an unknown one get the same answer, so that trying ids reveals nothing.
      if (token.organizationId !== id) {
        return yield* forbidden("Access token has no access to this organization")
      }
      yield* Permissions.demand(scope, token, behaviour)
      const record = (yield* Ref.get(world.tables)).organizations.get(id)
      return record === undefined
        ? yield* notFound("Organization not found")
        : { record, around: { ...world, behaviour } }
    })

    const organization = Effect.fnUntraced(function* ({ params }: { readonly params: { readonly id: string } }) {
      const { around, record } = yield* opened(params.id, "organization_info:read")
      return Present.organization(record, around)
    })

    return (
      handlers
        .handle("getOrganization", organization)
        // The prose promises a list of addresses, but the printed schema is an organization and no list is shown.
        .handle("getOrganizationAddresses", organization)
        .handle(
          "getInventory",
          Effect.fnUntraced(function* ({ params }) {
            const { around, record } = yield* opened(params.id, "organization_inventory:read")
            return { credits: Holdings.inventory(record, around), organizationId: record.id }
          })
        )
        .handle(
          "getWarehouseInventory",
          Effect.fnUntraced(function* ({ params }) {
            const { around, record } = yield* opened(params.id, "organization_warehouse:read")
            return { credits: Holdings.warehouse(record, around), organizationId: record.id }
          })
        )
        .handle(
          "createCreditRequest",
          Effect.fnUntraced(function* ({ params, payload }) {
            const { around, record } = yield* opened(params.id, "organization_inventory:request")
            const sends = params.action === "transfer" || params.action === "transfer_retire"
            if (sends && payload.toOrganizationId === undefined && payload.toAddress === undefined) {
              return yield* badRequest(["toOrganizationId or toAddress should not be empty"])
            }
            const held = Holdings.inventory(record, around).find(({ id }) => id === payload.creditId)
            if (held === undefined) return yield* notFound("Credit not found")
            if (payload.amount > held.amount) {
              return yield* badRequest([`amount must not be greater than ${held.amount}`])
            }
            const tables = yield* Ref.get(world.tables)
            const made = { seed: world.seed, index: tables.made.requests++, at: yield* world.now }
            return HttpServerResponse.jsonUnsafe(Holdings.request(params.action, payload, held, made), {
              status: around.behaviour.createdRequestStatus
            })
          })
        )
    )
  })
)
