/** Handlers of the routes about a warehouse and its reservations. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Schema from "effect/Schema"
import { RegistryApi } from "../../Contract.ts"
import * as Credits from "../../Credits.ts"
import { badRequest, forbidden, notFound, refused } from "../../ErrorBody.ts"
import * as Paging from "../paging.ts"
import { World } from "../World.ts"
import { demandRetirementData, opened, written } from "./access.ts"
import * as Amount from "./amount.ts"
import * as Ledger from "./ledger.ts"
import * as PresentCredit from "./present.ts"
import * as Reservations from "./reservations.ts"
import { announceFinish } from "./settle.ts"

const encodeReservation = Schema.encodeSync(Schema.toCodecJson(Credits.Reservation))

/** Handlers of the group `Warehouse`. */
export const group = HttpApiBuilder.group(
  RegistryApi,
  "Warehouse",
  Effect.fnUntraced(function* (handlers) {
    const world = yield* World

    /** A reservation that the token's holder sees, with what is needed to act on it. */
    const reservation = Effect.fnUntraced(function* (
      params: { readonly id: string; readonly reservationId: string },
      scope: "organization_warehouse:read" | "organization_warehouse:write"
    ) {
      const organization = yield* opened(world, params.id, scope)
      const { around, record, tables, token } = organization
      const reserver = Reservations.holderOf(tables, token).id
      const now = yield* world.now
      const found = Reservations.find(tables, record.id, params.reservationId, reserver, around.behaviour, now)
      if (found === undefined) return yield* notFound("Reservation not found")
      return { ...organization, found, reserver, now }
    })

    return handlers
      .handle(
        "getWarehouseInventory",
        Effect.fnUntraced(function* ({ params, query: { development } }) {
          const { around, record, tables } = yield* opened(world, params.id, "organization_warehouse:read")
          const { developmentInventory, missingDevelopment, reservedAmounts } = around.behaviour
          if (development === undefined && missingDevelopment === "refuse") {
            return yield* badRequest(["development should not be empty"])
          }
          const isEmpty = development !== undefined && developmentInventory === "empty"
          const stock = isEmpty ? [] : [...Ledger.holdings(tables, record, world).warehouse.values()]
          const holds = Reservations.held(tables, record.id, yield* world.now)
          const hidden = (creditId: string) => (reservedAmounts === "included" ? 0n : (holds.get(creditId) ?? 0n))
          return {
            credits: stock.map(({ credit, units }) =>
              PresentCredit.warehouseCredit(record, { credit, units: units - hidden(credit.id) }, around)
            ),
            organizationId: record.id
          }
        })
      )
      .handle(
        "listReservations",
        Effect.fnUntraced(function* ({ params, query }) {
          const { around, record, tables, token } = yield* opened(world, params.id, "organization_warehouse:read")
          const { behaviour } = around
          const reserver = Reservations.holderOf(tables, token).id
          const all = Reservations.listed(tables, record.id, reserver, behaviour, yield* world.now)
          if (behaviour.reservationPaging === "whole") {
            return { reservations: all.map((one) => PresentCredit.reservation(one, around)) }
          }
          const { items, pagination } = Paging.cut(all, yield* Paging.read(query, behaviour), behaviour)
          return { reservations: items.map((one) => PresentCredit.reservation(one, around)), pagination }
        })
      )
      .handle(
        "createReservation",
        Effect.fnUntraced(function* ({ params, payload: { creditId, organizationId } }) {
          const { around, record, tables, token } = yield* opened(world, params.id, "organization_warehouse:write")
          if (organizationId !== undefined && organizationId !== record.id) {
            return yield* forbidden("Access token has no access to this organization")
          }
          const units = yield* Amount.ofBody
          const now = yield* world.now
          const asked = { creditId, units, reserver: Reservations.holderOf(tables, token) }
          const made = Reservations.reserve(tables, record, world, asked, around.behaviour, now)
          const { createdRequestStatus, refusedWriteStatus } = around.behaviour
          if (made === "absent") return yield* notFound("Credit not found")
          if (made === "short") return yield* refused(refusedWriteStatus, "Not enough credits")
          return written(
            around.behaviour,
            createdRequestStatus,
            encodeReservation(PresentCredit.reservation(made, around))
          )
        })
      )
      .handle(
        "getReservation",
        Effect.fnUntraced(function* ({ params }) {
          const { around, found } = yield* reservation(params, "organization_warehouse:read")
          if (!around.behaviour.singleReservation) {
            return yield* notFound(
              `Cannot GET /organizations/${params.id}/warehouse/inventory/reservations/${params.reservationId}`
            )
          }
          return PresentCredit.reservation(found, around)
        })
      )
      .handle(
        "deleteReservation",
        Effect.fnUntraced(function* ({ params }) {
          const { around, found, now, reserver } = yield* reservation(params, "organization_warehouse:write")
          const reason = Reservations.release(found, reserver, now)
          if (reason !== undefined) return yield* refused(around.behaviour.refusedWriteStatus, reason)
          return written(around.behaviour, 200, encodeReservation(PresentCredit.reservation(found, around)))
        })
      )
      .handle(
        "finishReservation",
        Effect.fnUntraced(function* ({ params, payload: { receiverId, retirementData: data } }) {
          const { action } = params
          const { around, found, now, record, reserver, tables } = yield* reservation(
            params,
            "organization_warehouse:write"
          )
          yield* demandRetirementData(action, data)
          const to = tables.organizations.get(receiverId)
          if (to === undefined) return yield* notFound("Receiving organization not found")
          const reason = Reservations.finish(tables, record, world, found, { action, reserver, to, data }, now)
          const { createdRequestStatus, refusedWriteStatus } = around.behaviour
          if (reason !== undefined) return yield* refused(refusedWriteStatus, reason)
          yield* announceFinish(world, found, action)
          return written(
            around.behaviour,
            createdRequestStatus,
            encodeReservation(PresentCredit.reservation(found, around))
          )
        })
      )
  })
)
