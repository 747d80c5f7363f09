/** Holding credits: sent once, and looked for when the answer got lost. */
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Option from "effect/Option"
import * as Order from "effect/Order"
import * as Result from "effect/Result"
import type { AppId } from "@effect-icr/app/domain/Ids"
import { callOptions } from "@effect-icr/app/extension"
import { type IcrError, notDone } from "@effect-icr/app/IcrError"
import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
import type { Tonnes } from "../../amounts/Tonnes.ts"
import { mayShow } from "../../amounts/internal/mayShow.ts"
import { checkId } from "../../calls/internal/input.ts"
import { clockTolerance, registryMillis, registryTimeAt } from "../../calls/internal/registryClock.ts"
import { bodyWithAmount, checkAmount, isSameText } from "../../calls/internal/writes.ts"
import type { CreditId } from "../../domain/Ids.ts"
import { Reservation } from "../../domain/Reservation.ts"
import { lookFor, type Restore } from "../../uncertain/internal/look.ts"
import { ReserveUncertain } from "../../uncertain/Uncertain.ts"
import type { ReserveOptions } from "../Warehouse.ts"
import { count } from "./metrics.ts"
import { readReservations } from "./reads.ts"
import { canRead, canWrite, reservationsPath, type WarehouseContext } from "./shared.ts"

const operation = "Registry.warehouse.reserve"
const decodeReservation = schemaBodyJson(Reservation)
const holdLasts = Duration.toMillis("10 minutes")

/** A reserve, as it was sent. */
interface Sent {
  readonly appId: AppId
  readonly creditId: CreditId
  readonly amount: Tonnes
  /** When it was sent, by this machine's clock. */
  readonly at: number
}

/**
 * The result of a look: a reservation for this call, some that may be for it, or some that may be for it only if the list
 * rounds amounts.
 */
type Looked =
  | { readonly mine: Reservation }
  | { readonly unknown: ReadonlyArray<Reservation> }
  | { readonly rounded: ReadonlyArray<Reservation> }

/** Reservations of this app, as far as they tell, made from `since` on and not yet finished, the oldest first. */
const openIn = (reservations: ReadonlyArray<Reservation>, { appId, creditId }: Omit<Sent, "at">, since: number) =>
  Arr.sort(
    reservations.filter(
      (reservation) =>
        !reservation.isComplete &&
        isSameText(reservation.creditId, creditId) &&
        Option.match(reservation.reserver, { onNone: () => true, onSome: ({ id }) => id === appId }) &&
        DateTime.toEpochMillis(reservation.createdAt) >= since
    ),
    Order.mapInput(DateTime.Order, ({ createdAt }: Reservation) => createdAt)
  )

/** Claims the first candidate that nobody has. One that does not say who made it may be anybody's. */
const claimOne = Effect.fnUntraced(function* ({ claims }: WarehouseContext, candidates: ReadonlyArray<Reservation>) {
  for (const candidate of candidates) {
    const claim = Option.isNone(candidate.reserver) ? "unknown" : yield* claims.found(candidate)
    if (claim === "mine") return Option.some<Looked>({ mine: candidate })
    if (claim === "unknown") return Option.some<Looked>({ unknown: candidates })
  }
  return Option.none<Looked>()
})

/**
 * Equal reservations are interchangeable: which call gets which does not matter, only that each is handed out once. Where
 * none is free, those that show a rounded or trimmed amount may be the one.
 */
const pick = Effect.fnUntraced(function* (
  context: WarehouseContext,
  reservations: ReadonlyArray<Reservation>,
  sent: Omit<Sent, "at">,
  since: number
) {
  const open = openIn(reservations, sent, since)
  const isEqual = ({ amount }: Reservation) => Equal.equals(amount, sent.amount)
  const claimed = yield* claimOne(context, open.filter(isEqual))
  if (Option.isSome(claimed)) return claimed
  const rounded = open.filter((reservation) => !isEqual(reservation) && mayShow(reservation.amount, sent.amount))
  return rounded.length > 0 ? Option.some<Looked>({ rounded }) : claimed
})

/** The earliest time of the reservation: one made before the call began is another. */
const sinceOf = ({ app }: WarehouseContext, { at }: Sent) =>
  Effect.map(registryTimeAt(app, at), (start) => start - clockTolerance)

const look = Effect.fnUntraced(function* (context: WarehouseContext, sent: Sent, restore: Restore) {
  const reservations = yield* restore(readReservations(context, yield* sinceOf(context, sent)))
  return yield* pick(context, reservations, sent, yield* sinceOf(context, sent))
})

const failUncertain = Effect.fnUntraced(function* (
  context: WarehouseContext,
  sent: Sent,
  found: ReadonlyArray<Reservation>,
  error: Option.Option<IcrError>
): Effect.fn.Return<never, ReserveUncertain> {
  yield* count("reserveUncertain")
  return yield* new ReserveUncertain({
    installationId: context.calls.installation,
    creditId: sent.creditId,
    amount: sent.amount,
    since: DateTime.makeUnsafe(yield* sinceOf(context, sent)),
    found,
    error,
    certainAt: DateTime.makeUnsafe((yield* registryMillis(context.app)) + holdLasts + clockTolerance)
  })
})

const handOut = (reservation: Reservation) => Effect.as(count("reserved"), reservation)

/** Finds a reserve that was done, or may have been. `error` is none where the registry said yes. */
const find = Effect.fnUntraced(function* (
  context: WarehouseContext,
  sent: Sent,
  error: Option.Option<IcrError>,
  restore: Restore
) {
  const looked = yield* Effect.result(
    lookFor(look(context, sent, restore), context.quietPeriod, restore, (result) => !("rounded" in result))
  )
  if (Result.isFailure(looked)) return yield* failUncertain(context, sent, [], error)
  if (Option.isSome(looked.success)) {
    const result = looked.success.value
    if ("mine" in result) return yield* handOut(result.mine)
    return yield* failUncertain(context, sent, "rounded" in result ? result.rounded : result.unknown, error)
  }
  return Option.isSome(error) ? yield* notDone(error.value) : yield* failUncertain(context, sent, [], error)
})

/** Reserves credits. */
export const reserve = Effect.fnUntraced(function* (
  context: WarehouseContext,
  options: ReserveOptions,
  restore: Restore
): Effect.fn.Return<Reservation, IcrError | ReserveUncertain> {
  const { amount: input, creditId } = yield* callOptions(operation, options)
  yield* checkId(operation, "creditId", creditId)
  const amount = yield* checkAmount(operation, input)
  const { client, root, token } = yield* restore(
    context.calls.allowed({
      operation,
      method: "POST",
      path: `/organizations/{id}${reservationsPath}`,
      permission: canWrite
    })
  )
  const sent: Sent = { appId: token.appId, creditId, amount, at: yield* Clock.currentTimeMillis }
  const answer = yield* Effect.result(
    client.post(root + reservationsPath, {
      body: bodyWithAmount(amount, { creditId, organizationId: token.organizationId })
    })
  )
  if (Result.isFailure(answer)) {
    const error = answer.failure
    return error.mayHaveHappened ? yield* find(context, sent, Option.some(error), restore) : yield* error
  }
  const named = yield* Effect.option(decodeReservation(answer.success))
  if (Option.isNone(named)) return yield* find(context, sent, Option.none(), restore)
  switch (yield* context.claims.answered(named.value)) {
    case "mine":
      return yield* handOut(named.value)
    case "unknown":
      return yield* failUncertain(context, sent, [named.value], Option.none())
    case "taken":
      // Another call found it first: there is an equal one for this call.
      return yield* find(context, sent, Option.none(), restore)
  }
})

/** One more look: a reservation that this call may use, or none when nothing of it is held any more. */
export const resolveReserve = Effect.fnUntraced(function* (
  context: WarehouseContext,
  uncertain: ReserveUncertain
): Effect.fn.Return<Option.Option<Reservation>, ReserveUncertain> {
  const { app, calls, quietPeriod } = context
  const { amount, creditId } = uncertain
  const now = yield* registryMillis(app)
  if (now >= DateTime.toEpochMillis(uncertain.certainAt)) return Option.none()
  const since = DateTime.toEpochMillis(uncertain.since)
  const look = Effect.gen(function* () {
    const { token } = yield* calls.allowed({
      operation,
      method: "GET",
      path: `/organizations/{id}${reservationsPath}`,
      permission: canRead
    })
    const held = (yield* readReservations(context, since)).filter(
      ({ reservedToDate }) => DateTime.toEpochMillis(reservedToDate) > now
    )
    return yield* pick(context, held, { amount, appId: token.appId, creditId }, since)
  })
  const looked = yield* Effect.mapError(look, () => uncertain)
  if (Option.isSome(looked)) {
    const result = looked.value
    if ("mine" in result) return Option.some(result.mine)
    return yield* new ReserveUncertain({
      installationId: calls.installation,
      creditId,
      amount,
      since: uncertain.since,
      found: "rounded" in result ? result.rounded : result.unknown,
      error: uncertain.error,
      certainAt: uncertain.certainAt
    })
  }
  // Nothing yet: a write that got lost may still come until the quiet period is over.
  const quietUntil = DateTime.toEpochMillis(uncertain.certainAt) - holdLasts + Duration.toMillis(quietPeriod)
  return now >= quietUntil ? Option.none() : yield* uncertain
})
