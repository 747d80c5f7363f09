/** Using a reservation up: sent once, and looked for when the answer got lost. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { type IcrError, notDone } from "@effect-icr/app/IcrError"
import { idempotent } from "@effect-icr/app/IcrHttp"
import { clockTolerance, registryMillis } from "../../calls/internal/registryClock.ts"
import { checkId } from "../../calls/internal/input.ts"
import type { Allowed } from "../../calls/internal/organizationCalls.ts"
import { body } from "../../calls/internal/writes.ts"
import type { CreditAction } from "../../domain/CreditRequest.ts"
import type { ReservationId } from "../../domain/Ids.ts"
import type { Reservation } from "../../domain/Reservation.ts"
import { lookFor, type Restore } from "../../uncertain/internal/look.ts"
import { FinishUncertain } from "../../uncertain/Uncertain.ts"
import {
  Finished,
  type FinishError,
  ReservationComplete,
  ReservationExpired,
  type RetireOptions,
  type TransferOptions
} from "../Warehouse.ts"
import { checkFinish, type Finish } from "./finishInput.ts"
import { count, observeTimeLeft } from "./metrics.ts"
import { findReservation } from "./reads.ts"
import { canWrite, reservationPath, reservationsPath, type WarehouseContext } from "./shared.ts"

const operation = "Registry.warehouse.finish"

/** The result of a look. */
type Looked = { readonly done: Reservation } | "notDone"

/**
 * Looks at the reservation. If it is complete, the finish was done; if not, and its hold is over, it was not done and never
 * will be. Anything else tells nothing yet. A reservation that is gone tells nothing either, since the registry may forget
 * complete ones; a program that uses the fence says that it does not.
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

const failUncertain = Effect.fnUntraced(function* (
  { calls }: WarehouseContext,
  { action, certainAt, receiverId, reservation, retirementData }: Finish,
  error: IcrError
): Effect.fn.Return<never, FinishUncertain> {
  yield* count("finishUncertain")
  return yield* new FinishUncertain({
    installationId: calls.installation,
    action,
    reservation,
    receiverId,
    retirementData,
    error,
    certainAt
  })
})

const finishedOf = (
  { action, receiverId, retirementData }: Omit<Finish, "certainAt">,
  knownBy: Finished["knownBy"],
  reservation: Reservation
) => new Finished({ reservation, action, receiverId, retirementData, knownBy })

/**
 * Whether a refusal may mean that the reservation is complete: by another finish, such as one of an earlier process. The
 * status of such a refusal is not documented, so only refusals that are clearly about something else are left out: about the
 * credential, a permission that is named, or a suspended installation.
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

/**
 * Fails without sending anything, since the hold is over. An earlier finish may have been done; a look that fails leaves that
 * open.
 */
const failOver = Effect.fnUntraced(function* (
  context: WarehouseContext,
  finish: Finish,
  restore: Restore
): Effect.fn.Return<never, ReservationExpired | ReservationComplete | FinishUncertain> {
  const { id } = finish.reservation
  const looked = yield* Effect.result(restore(findReservation(context, id)))
  if (Result.isFailure(looked)) return yield* failUncertain(context, finish, looked.failure)
  const complete = Option.filter(looked.success, ({ isComplete }) => isComplete)
  return Option.isSome(complete)
    ? yield* new ReservationComplete({ reservation: complete.value })
    : yield* new ReservationExpired({ reservationId: id })
})

/** Finds out what became of a finish. After a refusal nothing changes any more, so that one look tells. */
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

/** Sends a finish that may be sent, and tells what became of it. */
const send = Effect.fnUntraced(function* (
  context: WarehouseContext,
  finish: Finish,
  { client, root }: Allowed,
  restore: Restore
): Effect.fn.Return<Finished, FinishError> {
  const { action, receiverId, reservation, retirementData } = finish
  const { id, isComplete, reservedToDate } = reservation
  if (isComplete) return yield* new ReservationComplete({ reservation })
  const left = DateTime.toEpochMillis(reservedToDate) - (yield* registryMillis(context.app))
  if (left <= 0) return yield* failOver(context, finish, restore)
  yield* observeTimeLeft(left)
  const data = Option.match(retirementData, { onNone: () => ({}), onSome: (said) => ({ retirementData: said }) })
  const answer = yield* Effect.result(
    client.post(`${root}${reservationsPath}/${id}/${action}`, { body: body({ receiverId, ...data }) })
  )
  if (Result.isSuccess(answer)) {
    yield* count("finished")
    return finishedOf(finish, "answer", reservation)
  }
  const error = answer.failure
  const looked =
    error.mayHaveHappened || mayBeComplete(error)
      ? // A look that fails tells nothing.
        yield* Effect.orElseSucceed(find(context, id, error, restore), Option.none<Looked>)
      : Option.some<Looked>("notDone")
  if (Option.isNone(looked)) return yield* failUncertain(context, finish, error)
  if (looked.value === "notDone") return yield* notDone(error)
  const { done } = looked.value
  // This finish was refused, so another one has completed the reservation.
  if (!error.mayHaveHappened) return yield* new ReservationComplete({ reservation: done })
  yield* count("finished")
  return finishedOf(finish, "look", done)
})

/** Finishes a reservation. The request is not interrupted, the looks are. */
export const finish = Effect.fnUntraced(function* (
  context: WarehouseContext,
  action: CreditAction,
  reservation: Reservation,
  options: TransferOptions | RetireOptions
) {
  const { calls, held } = context
  const wanted = yield* checkFinish(operation, action, reservation, options)
  const { id } = wanted.reservation
  return yield* Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const allowed = yield* restore(
        calls.allowed({ operation, method: "POST", path: `${reservationPath}/${action}`, permission: canWrite })
      )
      yield* held.spend(id)
      return yield* Effect.tapErrorTag(
        send(context, wanted, allowed, restore),
        ["IcrError", "ReservationExpired"],
        () => held.giveBack(id)
      )
    })
  )
})

/** One more look at a finish. Metrics have counted it as uncertain, so that what it comes to is not counted again. */
export const resolveFinish = Effect.fnUntraced(function* (
  context: WarehouseContext,
  uncertain: FinishUncertain
): Effect.fn.Return<Finished, IcrError | ReservationComplete | FinishUncertain> {
  const { error, reservation } = uncertain
  const looked = yield* Effect.mapError(look(context, reservation.id), () => uncertain)
  if (Option.isNone(looked)) return yield* uncertain
  if (looked.value === "notDone") return yield* notDone(error)
  const { done } = looked.value
  if (!error.mayHaveHappened) return yield* new ReservationComplete({ reservation: done })
  return finishedOf(uncertain, "look", done)
})
