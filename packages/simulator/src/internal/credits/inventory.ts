/** Handlers of the routes about an inventory and its credit requests. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import { RegistryApi } from "../../Contract.ts"
import * as Credits from "../../Credits.ts"
import { badRequest, notFound, refused } from "../../ErrorBody.ts"
import * as Paging from "../paging.ts"
import { granted } from "../permissions.ts"
import { World } from "../World.ts"
import { demandRetirementData, opened, written } from "./access.ts"
import * as Amount from "./amount.ts"
import * as Ledger from "./ledger.ts"
import * as PresentCredit from "./present.ts"
import * as Requests from "./requests.ts"
import { accept } from "./settle.ts"

const encodeRequest = Schema.encodeSync(Schema.toCodecJson(Credits.CreditRequest))

/** Handlers of the group `Inventory`. */
export const group = HttpApiBuilder.group(
  RegistryApi,
  "Inventory",
  Effect.fnUntraced(function* (handlers) {
    const world = yield* World

    return handlers
      .handle(
        "getInventory",
        Effect.fnUntraced(function* ({ params, query }) {
          const { around, record, tables } = yield* opened(world, params.id, "organization_inventory:read")
          const isEmpty = query.development !== undefined && around.behaviour.developmentInventory === "empty"
          const held = isEmpty ? [] : [...Ledger.holdings(tables, record, world).inventory.values()]
          return {
            credits: held.map((holding) => PresentCredit.inventoryCredit(record, holding, around)),
            organizationId: record.id
          }
        })
      )
      .handle(
        "listCreditRequests",
        Effect.fnUntraced(function* ({ params, query }) {
          const { around, record, tables } = yield* opened(world, params.id, "organization_inventory:read")
          const { behaviour } = around
          const page = yield* Paging.read(query, behaviour)
          const own = [...tables.books.requests.values()].filter(({ organizationId }) => organizationId === record.id)
          const ordered = behaviour.creditOrder === "oldestFirst" ? own : own.toReversed()
          const { items, pagination } = Paging.cut(ordered, page, behaviour)
          return { pagination, creditRequests: items.map((one) => PresentCredit.request(one, around)) }
        })
      )
      .handle(
        "getCreditRequest",
        Effect.fnUntraced(function* ({ params }) {
          const { around, record, tables } = yield* opened(world, params.id, "organization_inventory:read")
          const found = tables.books.requests.get(params.requestId)
          if (found?.organizationId !== record.id) return yield* notFound("Credit request not found")
          return PresentCredit.request(found, around)
        })
      )
      .handle(
        "createCreditRequest",
        Effect.fnUntraced(function* ({ params, payload }) {
          const level = (yield* Ref.get(world.behaviour)).inventoryRequestLevel
          const { around, record, tables, token } = yield* opened(world, params.id, `organization_inventory:${level}`)
          const { behaviour } = around
          const { retirementData, toAddress, toOrganizationId } = payload
          const sends = params.action === "transfer" || params.action === "transfer_retire"
          if (sends && toOrganizationId === undefined && toAddress === undefined) {
            return yield* badRequest(["toOrganizationId or toAddress should not be empty"])
          }
          yield* demandRetirementData(params.action, retirementData)
          const units = yield* Amount.ofBody
          if (toOrganizationId !== undefined && !tables.organizations.has(toOrganizationId)) {
            return yield* notFound("Receiving organization not found")
          }
          const held = Ledger.holdings(tables, record, world).inventory.get(payload.creditId)
          if (held === undefined) return yield* notFound("Credit not found")
          if (units > held.units && behaviour.shortRequests === "refused") {
            const most = Amount.format(held.units)
            return yield* refused(behaviour.refusedWriteStatus, `amount must not be greater than ${most}`)
          }
          const made = Requests.add(
            tables,
            world.seed,
            {
              organizationId: record.id,
              action: params.action,
              credit: held.credit,
              units,
              toOrganizationId,
              toAddress,
              retirement: retirementData
            },
            yield* world.now
          )
          const isWriter = granted(token, behaviour)["organization_inventory"] === "WRITE"
          if (isWriter && !behaviour.writersNeedApproval) yield* accept(world, made)
          return written(behaviour, behaviour.createdRequestStatus, encodeRequest(PresentCredit.request(made, around)))
        })
      )
  })
)
