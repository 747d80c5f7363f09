/** Reads of a warehouse. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Pagination } from "@effect-icr/app/domain/Pagination"
import type { IcrError } from "@effect-icr/app/IcrError"
import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
import { lenient, pages } from "@effect-icr/app/extension"
import { WarehouseCredit } from "../../domain/Credits.ts"
import type { ReservationId } from "../../domain/Ids.ts"
import { Reservation } from "../../domain/Reservation.ts"
import type { HoldingsOptions } from "../Warehouse.ts"
import { canRead, reservationsPath, type WarehouseContext } from "./shared.ts"

const decodeCredits = schemaBodyJson(Schema.Struct({ credits: Schema.Array(WarehouseCredit) }))
const decodeReservation = schemaBodyJson(Reservation)
const decodeReservations = schemaBodyJson(
  Schema.Struct({ reservations: Schema.Array(Reservation), pagination: lenient(Pagination) })
)

/** What is there; `development` is sent only when it is asked for. */
export const readCredits = ({ calls }: WarehouseContext, { development = false }: HoldingsOptions = {}) =>
  Effect.map(
    calls.get(
      {
        operation: "Registry.warehouse.credits",
        permission: canRead,
        path: "/warehouse/inventory",
        query: development ? { development: "true" } : {}
      },
      decodeCredits
    ),
    ({ credits }) => credits
  )

/**
 * All reservations. The first request has no parameters, as in the registry's own demo; where the answer tells of more
 * by a `pagination`, they are read as pages of the same size.
 */
export const readReservations = ({ calls }: WarehouseContext): Effect.Effect<ReadonlyArray<Reservation>, IcrError> => {
  const operation = "Registry.warehouse.reservations"
  return Stream.runCollect(
    pages({
      operation,
      path: `/organizations/{id}${reservationsPath}`,
      field: "reservations",
      limit: undefined,
      key: ({ id }: Reservation) => id,
      fetch: ({ page, seen }) =>
        Effect.map(
          calls.get(
            {
              operation,
              permission: canRead,
              path: reservationsPath,
              query: page === 0 ? {} : { limit: Math.ceil(seen / page), page }
            },
            decodeReservations
          ),
          ({ pagination, reservations }) => ({
            items: reservations,
            total: Option.orElseSome(
              Option.flatMap(pagination, ({ total }) => total),
              () => seen + reservations.length
            )
          })
        )
    })
  )
}

/** One reservation. Its path is not printed in the documents: where it is not there, the list is asked. */
export const readReservation = (context: WarehouseContext, id: ReservationId): Effect.Effect<Reservation, IcrError> =>
  context.calls
    .get(
      { operation: "Registry.warehouse.reservation", permission: canRead, path: `${reservationsPath}/${id}` },
      decodeReservation
    )
    .pipe(
      Effect.catchReason("IcrError", "NotFound", (_, error) =>
        Effect.flatMap(readReservations(context), (all) =>
          Effect.fromOption(Option.fromUndefinedOr(all.find((reservation) => reservation.id === id)), () => error)
        )
      )
    )

/** As {@link readReservation}; one that is not there is `None`. */
export const findReservation = (context: WarehouseContext, id: ReservationId) =>
  readReservation(context, id).pipe(
    Effect.asSome,
    Effect.catchReason("IcrError", "NotFound", () => Effect.succeedNone)
  )
