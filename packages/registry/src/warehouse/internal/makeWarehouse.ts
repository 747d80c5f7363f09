import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type { FinishUncertain, ReserveUncertain } from "../../uncertain/Uncertain.ts"
import type { ReserveOptions, RetireOptions, TransferOptions, Warehouse } from "../Warehouse.ts"
import type { CreditAction } from "../../domain/CreditRequest.ts"
import type { Reservation } from "../../domain/Reservation.ts"
import { findRetirement, type Retirements } from "./findRetirement.ts"
import { finish, release, resolveFinish } from "./finish.ts"
import { readCredits, readReservation, readReservations } from "./reads.ts"
import { reserve, resolveReserve } from "./reserve.ts"
import type { WarehouseContext } from "./shared.ts"

/** One organization's warehouse. */
export const makeWarehouse = (context: WarehouseContext, retirements: Retirements): Warehouse => {
  const { held } = context

  const releaseIfHeld = Effect.fnUntraced(function* ({ id }: Reservation) {
    if (!(yield* held.end(id))) return
    yield* Effect.catch(release(context, id), (error) =>
      Effect.logWarning("A reservation could not be released; it ends by itself", error)
    )
  })

  function resolve(uncertain: FinishUncertain): ReturnType<typeof resolveFinish>
  function resolve(uncertain: ReserveUncertain): ReturnType<typeof resolveReserve>
  function resolve(uncertain: FinishUncertain | ReserveUncertain) {
    return uncertain._tag === "FinishUncertain" ? resolveFinish(context, uncertain) : resolveReserve(context, uncertain)
  }

  return {
    credits: readCredits(context, {}),
    creditsWith: (options) => readCredits(context, options),
    reservations: readReservations(context),
    reservation: (id) => readReservation(context, id),
    reserve: (options) => reserve(context, options, identity),
    finish: (action: CreditAction, reservation: Reservation, options: TransferOptions | RetireOptions) =>
      finish(context, action, reservation, options),
    release: (id) => release(context, id),
    withReservation: Effect.fn("Registry.warehouse.withReservation")(function* <A, E, R>(
      options: ReserveOptions,
      use: (reservation: Reservation) => Effect.Effect<A, E, R>
    ) {
      return yield* Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const reservation = yield* reserve(context, options, restore)
          yield* held.begin(reservation.id)
          return yield* Effect.ensuring(restore(use(reservation)), releaseIfHeld(reservation))
        })
      )
    }),
    resolve,
    findRetirement: (finished, options) => findRetirement(finished, options, retirements)
  }
}
