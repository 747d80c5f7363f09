/** The retirement of a finish, by what it says: the registry links the two nowhere. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { callOptions, invalidRequest } from "@effect-icr/app/extension"
import type { IcrError } from "@effect-icr/app/IcrError"
import { clockTolerance } from "../../calls/internal/registryClock.ts"
import type { Retirement } from "../../domain/Retirement.ts"
import { type FindRetirementOptions, Finished } from "../Warehouse.ts"

/** Where the retirement of a finish may be found. */
export interface Retirements {
  readonly own: Effect.Effect<ReadonlyArray<Retirement>, IcrError>
  readonly all: Stream.Stream<Retirement, IcrError>
}

const operation = "Registry.warehouse.findRetirement"
const isFinished = Schema.is(Finished)

const says = (field: Option.Option<string>, text: string | undefined) =>
  text === undefined || text === "" ? Option.isNone(field) : Option.contains(field, text)

const matches =
  ({ reservation, retirementData }: Finished) =>
  (retirement: Retirement) =>
    Option.exists(
      retirementData,
      (data) =>
        says(retirement.beneficiary, data.beneficiaryName) &&
        says(retirement.reason, data.reason) &&
        says(retirement.comment, data.comment)
    ) &&
    Equal.equals(retirement.amount, reservation.amount) &&
    (Option.isNone(reservation.serialization) || Equal.equals(retirement.serialization, reservation.serialization)) &&
    Option.match(retirement.createdAt, {
      // The list of an organization has no dates.
      onNone: () => true,
      onSome: (createdAt) =>
        DateTime.toEpochMillis(createdAt) >= DateTime.toEpochMillis(reservation.createdAt) - clockTolerance
    })

/** Exactly one that matches: among the organization's own, else in the public list. */
export const findRetirement = Effect.fnUntraced(function* (
  finished: Finished,
  options: FindRetirementOptions = {},
  { all, own }: Retirements
) {
  const { among = 500 } = yield* callOptions(operation, options)
  if (!(Number.isInteger(among) && among >= 0)) return yield* invalidRequest(operation, "among must be a whole number")
  if (!isFinished(finished)) return yield* invalidRequest(operation, "what was given is not a finished reservation")
  const isIt = matches(finished)
  const exactlyOne = (found: ReadonlyArray<Retirement>) =>
    found.length === 1 ? Option.fromUndefinedOr(found[0]) : Option.none()
  const owned = (yield* own).filter(isIt)
  if (owned.length > 0) return exactlyOne(owned)
  return exactlyOne(yield* Stream.runCollect(Stream.filter(Stream.take(all, among), isIt)))
})
