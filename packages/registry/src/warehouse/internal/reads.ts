/** Reads of a warehouse. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Pagination } from "@effect-icr/app/domain/Pagination"
import type { IcrError } from "@effect-icr/app/IcrError"
import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
import { callOptions, invalidRequest, lenient, pages } from "@effect-icr/app/extension"
import { checkId } from "../../calls/internal/input.ts"
import { WarehouseCredit } from "../../domain/Credits.ts"
import type { ReservationId } from "../../domain/Ids.ts"
import { Reservation } from "../../domain/Reservation.ts"
import { isPast, mostPagesOfLook } from "../../uncertain/internal/look.ts"
import type { HoldingsOptions } from "../Warehouse.ts"
import { canRead, reservationsPath, type WarehouseContext } from "./shared.ts"

const decodeCredits = schemaBodyJson(Schema.Struct({ credits: Schema.Array(WarehouseCredit) }))
const decodeReservation = schemaBodyJson(Reservation)
const decodeReservations = schemaBodyJson(
  Schema.Struct({ reservations: Schema.Array(Reservation), pagination: lenient(Pagination) })
)

/** What is there; `development` is sent only when it is asked for. */
export const readCredits = Effect.fnUntraced(function* ({ calls }: WarehouseContext, options: HoldingsOptions) {
  const operation = "Registry.warehouse.credits"
  const { development = false } = yield* callOptions(operation, options)
  if (!Predicate.isBoolean(development)) return yield* invalidRequest(operation, "development must be true or false")
  const query = development ? { development: "true" } : {}
  return (yield* calls.get({ operation, permission: canRead, path: "/warehouse/inventory", query }, decodeCredits))
    .credits
})

/** The largest page the registry is known to give. */
const pageSize = 50

/**
 * Reservations: all of them, or at least those made from `since` on. The first request has no parameters, as in the
 * registry's own demo; where the answer tells of more by a `pagination`, or refuses, they are read 50 at a time. Where the list
 * shows its newest first, pages that are older than `since` are not read: the list never forgets.
 */
export const readReservations = Effect.fnUntraced(function* (
  { calls }: WarehouseContext,
  since = Number.NEGATIVE_INFINITY
): Effect.fn.Return<ReadonlyArray<Reservation>, IcrError> {
  const operation = "Registry.warehouse.reservations"
  const read = (query: { readonly limit: number; readonly page: number } | undefined) =>
    Effect.map(
      calls.get({ operation, permission: canRead, path: reservationsPath, query }, decodeReservations),
      ({ pagination, reservations }) => ({
        items: reservations,
        total: Option.flatMap(pagination, ({ total }) => total)
      })
    )
  const first = yield* read(undefined).pipe(
    // The documents call both parameters required where they print them.
    Effect.catchReason("IcrError", "BadRequest", () => Effect.succeed({ items: [], total: Option.some(Infinity) }))
  )
  const isWhole = Option.getOrElse(first.total, () => 0) <= first.items.length
  if (isWhole || isPast(first.items, since)) return first.items
  return yield* Stream.runCollect(
    pages({
      operation,
      path: `/organizations/{id}${reservationsPath}`,
      field: "reservations",
      limit: pageSize,
      key: ({ id }: Reservation) => id,
      mostPages: Number.isFinite(since) ? mostPagesOfLook : undefined,
      fetch: ({ page, seen }) =>
        Effect.map(read({ limit: pageSize, page }), ({ items, total }) => ({
          items,
          total: isPast(items, since) ? Option.some(seen + items.length) : total
        }))
    })
  )
})

/** One reservation. Its path is not printed in the documents: where it is not there, the list is asked. */
export const readReservation = (context: WarehouseContext, id: ReservationId): Effect.Effect<Reservation, IcrError> => {
  const operation = "Registry.warehouse.reservation"
  return checkId(operation, "the reservation's id", id).pipe(
    Effect.andThen(
      context.calls.get({ operation, permission: canRead, path: `${reservationsPath}/${id}` }, decodeReservation)
    ),
    Effect.catchReason("IcrError", "NotFound", (_, error) =>
      Effect.flatMap(readReservations(context), (all) =>
        Effect.fromOption(Option.fromUndefinedOr(all.find((reservation) => reservation.id === id)), () => error)
      )
    )
  )
}

/** As {@link readReservation}; one that is not there is `None`. */
export const findReservation = (context: WarehouseContext, id: ReservationId) =>
  readReservation(context, id).pipe(
    Effect.asSome,
    Effect.catchReason("IcrError", "NotFound", () => Effect.succeedNone)
  )
