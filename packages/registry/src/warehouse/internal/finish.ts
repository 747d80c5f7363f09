/** Using a reservation up: sent once, and looked for when the answer got lost. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { OrganizationId } from "@effect-icr/app/domain/Ids"
import { callOptions, invalidRequest } from "@effect-icr/app/extension"
import { type IcrError, notDone } from "@effect-icr/app/IcrError"
import { idempotent } from "@effect-icr/app/IcrHttp"
import { clockTolerance, registryMillis } from "../../calls/internal/registryClock.ts"
import { checkId } from "../../calls/internal/input.ts"
import { body, checkAction } from "../../calls/internal/writes.ts"
import type { CreditAction } from "../../domain/CreditRequest.ts"
import type { ReservationId } from "../../domain/Ids.ts"
import type { Reservation } from "../../domain/Reservation.ts"
import type { RetirementData } from "../../domain/Retirement.ts"
import { lookFor, type Restore } from "../../uncertain/internal/look.ts"
import { FinishUncertain } from "../../uncertain/Uncertain.ts"
import { Finished, ReservationExpired, type RetireOptions, type TransferOptions } from "../Warehouse.ts"
import { count, observeTimeLeft } from "./metrics.ts"
import { findReservation } from "./reads.ts"
import { canWrite, reservationPath, reservationsPath, type WarehouseContext } from "./shared.ts"

const operation = "Registry.warehouse.finish"

/** What is to be done with a reservation. */
interface Finish {
  readonly action: CreditAction
  readonly reservation: Reservation
  readonly receiverId: OrganizationId
  readonly retirementData?: RetirementData | undefined
}

/** What a look came to. */
type Looked = { readonly done: Reservation } | "notDone"

/**
 * Looks at the reservation. Complete: done. Not complete, and its hold over: not done, now and for ever. Anything else
 * tells nothing yet. Nor does one that is gone, since the registry may forget complete ones; where the program uses the
 * fence, it says that the registry does not.
 */
const look = Effect.fnUntraced(function* (context: WarehouseContext, id: ReservationId) {
  const reservation = yield* findReservation(context, id)
  if (Option.isNone(reservation)) return context.fence ? Option.some<Looked>("notDone") : Option.none<Looked>()
  const { isComplete, reservedToDate } = reservation.value
  if (isComplete) return Option.some<Looked>({ done: reservation.value })
  const isOver = (yield* registryMillis(context.app)) >= DateTime.toEpochMillis(reservedToDate) + clockTolerance
  return isOver ? Option.some<Looked>("notDone") : Option.none<Looked>()
})

const sendRelease = Effect.fnUntraced(function* ({ calls }: WarehouseContext, id: ReservationId) {
  const { client, root } = yield* calls.allowed({
    operation: "Registry.warehouse.release",
    method: "DELETE",
    path: reservationPath,
    permission: canWrite
  })
  yield* client.del(`${root}${reservationsPath}/${id}`).pipe(
    idempotent,
    Effect.asVoid,
    Effect.catchReason("IcrError", "NotFound", () => Effect.void)
  )
})

/** Gives back what a reservation holds. */
export const release = Effect.fnUntraced(function* (context: WarehouseContext, id: ReservationId) {
  yield* checkId("Registry.warehouse.release", "the reservation's id", id)
  yield* sendRelease(context, id)
  yield* count("released")
})

/**
 * Releases the reservation, so that a finish that comes late finds nothing, and looks once more. Right only where a
 * released reservation cannot be finished and a complete one is not removed.
 */
const fenced = Effect.fnUntraced(function* (context: WarehouseContext, id: ReservationId) {
  // A complete reservation refuses to be released: the look tells.
  const released = yield* Effect.result(sendRelease(context, id))
  const looked = yield* look(context, id)
  // The registry may go on listing what was released.
  return Option.isNone(looked) && Result.isSuccess(released) ? Option.some<Looked>("notDone") : looked
})

const uncertainOf = ({ calls }: WarehouseContext, finish: Finish, error: IcrError) =>
  new FinishUncertain({
    installationId: calls.installation,
    action: finish.action,
    reservation: finish.reservation,
    receiverId: finish.receiverId,
    retirementData: Option.fromUndefinedOr(finish.retirementData),
    error,
    certainAt: DateTime.makeUnsafe(DateTime.toEpochMillis(finish.reservation.reservedToDate) + clockTolerance)
  })

const finishedOf = (finish: Finish, knownBy: Finished["knownBy"], reservation = finish.reservation) =>
  new Finished({
    reservation,
    action: finish.action,
    receiverId: finish.receiverId,
    retirementData: Option.fromUndefinedOr(finish.retirementData),
    knownBy
  })

/**
 * The registry refused, as it does for a reservation that is complete: this finish may be the second of the same order.
 * With which status it does so is not documented, so that only a refusal of something else is none: of the credential, of
 * a permission that it names, of a suspended installation.
 */
const mayBeComplete = ({ reason }: IcrError) => {
  switch (reason._tag) {
    case "BadRequest":
    case "Conflict":
    case "NotFound":
    case "UnexpectedStatus":
      return true
    default:
      return reason._tag === "Forbidden" && Option.isNone(reason.permission)
  }
}

/** Refused before anything is sent: what plain JavaScript may hand over. */
const checkInput = Effect.fnUntraced(function* ({ action, receiverId, reservation, retirementData }: Finish) {
  const { id, reservedToDate } = yield* callOptions(operation, reservation, "the reservation")
  yield* checkId(operation, "the reservation's id", id)
  if (!DateTime.isDateTime(reservedToDate)) {
    return yield* invalidRequest(operation, "the reservation has no reservedToDate")
  }
  yield* checkId(operation, "receiverId", receiverId)
  yield* checkAction(operation, action, retirementData)
})

/** Refused before it is sent: what the types cannot tell. */
const checkHold = Effect.fnUntraced(function* ({ app }: WarehouseContext, finish: Finish) {
  const { id, isComplete, reservedToDate } = finish.reservation
  if (isComplete) return yield* invalidRequest(operation, "the reservation is complete already")
  const left = DateTime.toEpochMillis(reservedToDate) - (yield* registryMillis(app))
  if (left <= 0) return yield* new ReservationExpired({ reservationId: id })
  yield* observeTimeLeft(left)
})

/** Finds out what became of a finish. What was refused is as it is, so that one look tells. */
const find = Effect.fnUntraced(function* (
  context: WarehouseContext,
  id: ReservationId,
  { mayHaveHappened }: IcrError,
  restore: Restore
) {
  const lookNow = restore(look(context, id))
  if (!mayHaveHappened) return Option.orElseSome(yield* lookNow, (): Looked => "notDone")
  const looked = yield* lookFor(lookNow, context.quietPeriod, restore)
  return Option.isNone(looked) && context.fence ? yield* restore(fenced(context, id)) : looked
})

const finishWith = Effect.fnUntraced(function* (
  context: WarehouseContext,
  finish: Finish,
  restore: Restore
): Effect.fn.Return<Finished, IcrError | ReservationExpired | FinishUncertain> {
  const { calls, held } = context
  yield* checkInput(finish)
  const { action, receiverId, reservation, retirementData } = finish
  const { id } = reservation
  const { client, root } = yield* restore(
    calls.allowed({ operation, method: "POST", path: `${reservationPath}/${action}`, permission: canWrite })
  )
  yield* checkHold(context, finish)
  yield* held.mark(id, "spent")
  const answer = yield* Effect.result(
    client.post(`${root}${reservationsPath}/${id}/${action}`, {
      body: body({ receiverId, ...(retirementData === undefined ? {} : { retirementData }) })
    })
  )
  if (Result.isSuccess(answer)) {
    yield* count("finished")
    return finishedOf(finish, "answer")
  }
  const error = answer.failure
  const looked =
    error.mayHaveHappened || mayBeComplete(error)
      ? // A look that fails tells nothing.
        yield* Effect.orElseSucceed(find(context, id, error, restore), Option.none<Looked>)
      : Option.some<Looked>("notDone")
  if (Option.isNone(looked)) {
    yield* count("finishUncertain")
    return yield* uncertainOf(context, finish, error)
  }
  if (looked.value === "notDone") {
    yield* held.mark(id, "held")
    return yield* notDone(error)
  }
  yield* count("finished")
  return finishedOf(finish, "look", looked.value.done)
})

/** Finishes a reservation. The request is not interrupted, the looks are. */
export const finish = Effect.fnUntraced(function* (
  context: WarehouseContext,
  action: CreditAction,
  reservation: Reservation,
  given: TransferOptions | RetireOptions
) {
  const options = yield* callOptions(operation, given)
  return yield* Effect.uninterruptibleMask((restore) =>
    finishWith(context, { action, reservation, ...options }, restore)
  )
})

/** One more look at a finish. */
export const resolveFinish = Effect.fnUntraced(function* (
  context: WarehouseContext,
  uncertain: FinishUncertain
): Effect.fn.Return<Finished, IcrError | FinishUncertain> {
  const looked = yield* Effect.mapError(look(context, uncertain.reservation.id), () => uncertain)
  if (Option.isNone(looked)) return yield* uncertain
  if (looked.value === "notDone") return yield* notDone(uncertain.error)
  yield* count("finished")
  return new Finished({ ...uncertain, reservation: looked.value.done, knownBy: "look" })
})
