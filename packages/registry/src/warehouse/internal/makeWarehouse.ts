/** Puts the operations of one warehouse together. */
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import type * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { invalidRequest } from "@effect-icr/app/extension"
import type { IcrError } from "@effect-icr/app/IcrError"
import { FinishUncertain, ReserveUncertain } from "../../uncertain/Uncertain.ts"
import type {
  Finished,
  ReservationComplete,
  ReserveOptions,
  RetireOptions,
  TransferOptions,
  Warehouse
} from "../Warehouse.ts"
import type { CreditAction } from "../../domain/CreditRequest.ts"
import type { Reservation } from "../../domain/Reservation.ts"
import { findRetirement, type Retirements } from "./findRetirement.ts"
import { finish, release, resolveFinish } from "./finish.ts"
import { readCredits, readReservation, readReservations } from "./reads.ts"
import { reserve, resolveReserve } from "./reserve.ts"
import type { WarehouseContext } from "./shared.ts"

const isResolvable = Schema.is(Schema.Union([FinishUncertain, ReserveUncertain]))

/** One organization's warehouse. */
export const makeWarehouse = (context: WarehouseContext, retirements: Retirements): Warehouse => {
  const { held } = context

  const releaseIfHeld = Effect.fnUntraced(function* ({ id }: Reservation) {
    if (!(yield* held.end(id))) return
    yield* Effect.catch(release(context, id), (error) =>
      Effect.logWarning("A reservation could not be released; it ends by itself", error)
    )
  })

  const checkUncertain = (uncertain: FinishUncertain | ReserveUncertain): Effect.Effect<void, IcrError> => {
    const operation = "Registry.warehouse.resolve"
    if (!isResolvable(uncertain)) {
      return Effect.fail(invalidRequest(operation, "what was given is no FinishUncertain and no ReserveUncertain"))
    }
    return uncertain.installationId === context.calls.installation
      ? Effect.void
      : Effect.fail(invalidRequest(operation, "what was given is of another installation"))
  }

  function resolve(uncertain: FinishUncertain): ReturnType<typeof resolveFinish>
  function resolve(uncertain: ReserveUncertain): Effect.Effect<Option.Option<Reservation>, IcrError | ReserveUncertain>
  function resolve(
    uncertain: FinishUncertain | ReserveUncertain
  ): Effect.Effect<
    Finished | Option.Option<Reservation>,
    IcrError | ReservationComplete | FinishUncertain | ReserveUncertain
  > {
    return Effect.gen(function* () {
      yield* checkUncertain(uncertain)
      return uncertain._tag === "FinishUncertain"
        ? yield* resolveFinish(context, uncertain)
        : yield* resolveReserve(context, uncertain)
    })
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
      const operation = "Registry.warehouse.withReservation"
      if (!Predicate.isFunction(use)) return yield* invalidRequest(operation, "use must be a function")
      /** Runs `use`. One that throws, or returns a promise, must not keep the reservation. */
      const used = (reservation: Reservation) =>
        Effect.suspend((): Effect.Effect<A, E | IcrError, R> => {
          const effect = use(reservation)
          return Effect.isEffect(effect) ? effect : Effect.fail(invalidRequest(operation, "use must give an effect"))
        })
      return yield* Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          const reservation = yield* reserve(context, options, restore)
          yield* held.begin(reservation.id)
          return yield* Effect.ensuring(restore(used(reservation)), releaseIfHeld(reservation))
        })
      )
    }),
    resolve,
    findRetirement: (finished, options) => findRetirement(finished, options, retirements)
  }
}
