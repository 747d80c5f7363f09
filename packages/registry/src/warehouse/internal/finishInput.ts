/** What a finish is to do, checked before anything is sent, so that afterwards each of its outcomes can be told. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { OrganizationId } from "@effect-icr/app/domain/Ids"
import { callOptions, invalidRequest } from "@effect-icr/app/extension"
import type { IcrError } from "@effect-icr/app/IcrError"
import { checkId } from "../../calls/internal/input.ts"
import { clockTolerance } from "../../calls/internal/registryClock.ts"
import { checkAction } from "../../calls/internal/writes.ts"
import type { CreditAction } from "../../domain/CreditRequest.ts"
import { Reservation } from "../../domain/Reservation.ts"
import type { RetirementData } from "../../domain/Retirement.ts"
import type { RetireOptions, TransferOptions } from "../Warehouse.ts"

/** What is to be done with a reservation. */
export interface Finish {
  readonly action: CreditAction
  readonly reservation: Reservation
  readonly receiverId: OrganizationId
  readonly retirementData: Option.Option<RetirementData>
  /** From when on a look tells for certain whether it was done. */
  readonly certainAt: DateTime.Utc
}

/** The documented members, without those that are `undefined`; others are not sent. */
const documented = ({ beneficiaryName, comment, reason }: RetirementData): RetirementData => ({
  reason,
  beneficiaryName,
  ...(comment === undefined ? {} : { comment })
})

/** Checks what plain JavaScript may hand over, and drops members that the type does not have. */
export const checkFinish = Effect.fnUntraced(function* (
  operation: string,
  action: CreditAction,
  given: Reservation,
  options: TransferOptions | RetireOptions
): Effect.fn.Return<Finish, IcrError> {
  const { receiverId, retirementData }: Partial<RetireOptions> = yield* callOptions(operation, options)
  const reservation = yield* Effect.mapError(
    Reservation.makeEffect({ ...(yield* callOptions(operation, given, "the reservation")) }),
    () => invalidRequest(operation, "the reservation is none that was reserved or read")
  )
  yield* checkId(operation, "receiverId", receiverId)
  const data =
    action === "transfer" || retirementData === undefined
      ? undefined
      : documented(yield* callOptions(operation, retirementData, "retirementData"))
  yield* checkAction(operation, action, data)
  const certainAt = yield* Effect.fromOption(
    DateTime.make(DateTime.toEpochMillis(reservation.reservedToDate) + clockTolerance),
    () => invalidRequest(operation, "the reservation's reservedToDate is out of range")
  )
  return { action, reservation, receiverId, retirementData: Option.fromUndefinedOr(data), certainAt }
})
