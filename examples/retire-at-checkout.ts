/**
 * A shop retires half a tonne for each order. Whatever fails on the way, a restart of the process included, an order ends as a
 * paid retirement, or as a released reservation without a charge.
 *
 * Each step is written down before the next one begins, and every step may be taken again: a reservation can be finished
 * once only, and the payment provider knows an order by its number. A restart therefore calls `checkout` for the order again.
 *
 * It retires credits, so it runs against a simulator of its own and ignores `ICR_…` variables.
 */
import { InstallationId, OrganizationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import type { Reservation } from "@effect-icr/registry/domain/Reservation"
import { Registry } from "@effect-icr/registry/Registry"
import { Finished } from "@effect-icr/registry/Warehouse"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { Simulator } from "@effect-icr/simulator/Simulator"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Stream from "effect/Stream"
import { Folder, inTemporaryFolder, type Order, Orders, Payments, Progress } from "./support/orders.ts"
import { printTable } from "./support/printTable.ts"
import { simulated } from "./support/registry.ts"

const { Cancelled, Cancelling, Done, Paid, Reserved, Retired, Uncertain } = Progress.cases

// ---------------------------------------------------------------------------------------------------------------------
// The checkout
// ---------------------------------------------------------------------------------------------------------------------

const retirementOf = ({ buyer, buyerName, id }: Order) => ({
  receiverId: buyer,
  // The order's number is what the certificate is found by.
  retirementData: { reason: "Voluntary purposes", beneficiaryName: buyerName, comment: `Order ${id}` }
})

/** A finish of this order that was found afterwards: only its order finishes a reservation. */
const foundRetired = (order: Order, reservation: Reservation) => {
  const { receiverId, retirementData } = retirementOf(order)
  const finished = new Finished({
    reservation,
    action: "transfer_retire",
    receiverId,
    retirementData: Option.some(retirementData),
    knownBy: "look"
  })
  return Retired.make({ order, finished })
}

/** What the registry shows of a reservation; nothing where it shows the reservation no more. */
const shown = Effect.fnUntraced(function* (order: Order, { id }: Reservation) {
  const { warehouse } = (yield* Registry).organization(order.seller)
  return yield* warehouse.reservation(id).pipe(
    Effect.asSome,
    Effect.catchReason("IcrError", "NotFound", () => Effect.succeedNone)
  )
})

/** Whether a hold is over, with some seconds for the difference between the clocks. */
const isOver = Effect.fnUntraced(function* ({ reservedToDate }: Reservation) {
  const now = yield* (yield* IcrApp).registryTime
  return DateTime.isGreaterThan(now, DateTime.add(reservedToDate, { seconds: 5 }))
})

const reserve = Effect.fnUntraced(function* (order: Order) {
  const { warehouse } = (yield* Registry).organization(order.seller)
  const orders = yield* Orders
  const reservation = yield* (
    warehouse
      .reserve({ creditId: order.creditId, amount: "0.5" })
      // At the worst something is held for 10 minutes: reserving again moves no credit.
      .pipe(Effect.retry({ while: ({ _tag }) => _tag === "ReserveUncertain", times: 3 }))
  )
  const progress = Reserved.make({ order, reservation })
  yield* Effect.onError(orders.set(order.id, progress), () => Effect.ignore(warehouse.release(reservation.id)))
  return progress
})

const pay = Effect.fnUntraced(function* ({ order, reservation }: typeof Reserved.Type) {
  if (yield* isOver(reservation)) return Cancelling.make({ order, reservation })
  return yield* (yield* Payments).charge(order).pipe(
    Effect.as(Paid.make({ order, reservation })),
    Effect.catchTag("CardDeclined", () => Effect.succeed(Cancelling.make({ order, reservation })))
  )
})

const retire = Effect.fnUntraced(function* ({ order, reservation }: typeof Paid.Type) {
  const { warehouse } = (yield* Registry).organization(order.seller)
  // This process may not be the first to try.
  const present = yield* shown(order, reservation)
  if (Option.isNone(present)) return Cancelling.make({ order, reservation })
  const notDone = () => Effect.succeed(Cancelling.make({ order, reservation }))
  return yield* warehouse.finish("transfer_retire", present.value, retirementOf(order)).pipe(
    Effect.map((finished) => Retired.make({ order, finished })),
    Effect.catchTags({
      IcrError: notDone,
      ReservationExpired: notDone,
      ReservationComplete: ({ reservation: complete }) => Effect.succeed(foundRetired(order, complete)),
      FinishUncertain: (uncertain) => Effect.succeed(Uncertain.make({ order, uncertain }))
    })
  )
})

/** Fails with `FinishUncertain` while it cannot be known: neither refund nor repeat it, look again later. */
const resolve = Effect.fnUntraced(function* ({ order, uncertain }: typeof Uncertain.Type) {
  const { warehouse } = (yield* Registry).organization(order.seller)
  const { reservation } = uncertain
  const cancelling = Cancelling.make({ order, reservation })
  return yield* warehouse.resolve(uncertain).pipe(
    Effect.map((finished) => Retired.make({ order, finished })),
    Effect.catchTags({
      IcrError: () => Effect.succeed(cancelling),
      ReservationComplete: ({ reservation: complete }) => Effect.succeed(foundRetired(order, complete)),
      // One that is gone can be finished no more; whether it was, `cancel` finds out.
      FinishUncertain: (still) =>
        Effect.flatMap(shown(order, reservation), (present) =>
          Option.isSome(present) ? Effect.fail(still) : Effect.succeed(cancelling)
        )
    })
  )
})

const cancel = Effect.fnUntraced(function* ({ order, reservation }: typeof Cancelling.Type) {
  const { warehouse } = (yield* Registry).organization(order.seller)
  const present = yield* shown(order, reservation)
  if (Option.isNone(present)) {
    // Released already, over, or complete and forgotten: then the public list has the order's number.
    const retired = foundRetired(order, reservation)
    const all = { among: Number.MAX_SAFE_INTEGER }
    if (Option.isSome(yield* warehouse.findRetirement(retired.finished, all))) return retired
  } else {
    // The request of a process that was ended may have been done late.
    if (present.value.isComplete) return foundRetired(order, present.value)
    if (!(yield* isOver(reservation))) yield* warehouse.release(reservation.id)
  }
  yield* (yield* Payments).refund(order)
  return Cancelled.make({ order })
})

const saveCertificate = Effect.fnUntraced(function* ({ finished, order }: typeof Retired.Type) {
  const registry = yield* Registry
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const retirement = yield* registry.organization(order.seller).warehouse.findRetirement(finished)
  const id = Option.flatMap(retirement, ({ id }) => id)
  if (Option.isNone(id)) return Done.make({ order, certificate: Option.none() })
  const { content } = yield* registry.public.certificate(id.value)
  const file = path.join(yield* Folder, `${order.id}.pdf`)
  yield* Stream.run(content, fs.sink(file))
  return Done.make({ order, certificate: Option.some(file) })
})

const next = (progress: Exclude<Progress, { readonly _tag: "Done" | "Cancelled" }>) => {
  switch (progress._tag) {
    case "Reserved":
      return pay(progress)
    case "Paid":
      return retire(progress)
    case "Uncertain":
      return resolve(progress)
    case "Cancelling":
      return cancel(progress)
    case "Retired":
      return saveCertificate(progress)
  }
}

/** Takes an order from where it is to its end. Where it fails, call it again later, in this process or another. */
const checkout = Effect.fn("checkout")(function* (order: Order) {
  const orders = yield* Orders
  const written = yield* orders.get(order.id)
  let progress: Progress = Option.isSome(written) ? written.value : yield* reserve(order)
  while (progress._tag !== "Done" && progress._tag !== "Cancelled") {
    progress = yield* next(progress)
    yield* orders.set(order.id, progress)
  }
  return progress
})

// ---------------------------------------------------------------------------------------------------------------------
// Eight orders
// ---------------------------------------------------------------------------------------------------------------------

const reading = "GET /organizations/{id}/warehouse/inventory/reservations/{reservationId}"
const finishing = "POST /organizations/{id}/warehouse/inventory/reservations/{reservationId}/{action}"

/** A process of its own, ended before it can write something down. */
const endedBefore = (order: Order, tag: Progress["_tag"]) =>
  Effect.exit(Effect.provide(checkout(order), Orders.endingBefore(tag)))

const program = Effect.gen(function* () {
  const { control, installationIds, organizationIds } = yield* Simulator
  const seller = InstallationId.make((yield* installationIds)[0] ?? "")
  const buyer = OrganizationId.make((yield* organizationIds)[1] ?? "")
  const { warehouse } = (yield* Registry).organization(seller)
  const { isCharged } = yield* Payments
  const [credit] = yield* warehouse.credits
  if (credit === undefined) return yield* Effect.fail("the warehouse is empty")
  const orderOf = (id: string, buyerName = "Jane Doe"): Order => ({ id, seller, creditId: credit.id, buyer, buyerName })

  const stories = [
    { order: orderOf("1001"), story: "all goes well", before: () => Effect.void },
    { order: orderOf("1002", "Nobody"), story: "the card is declined", before: () => Effect.void },
    {
      order: orderOf("1003"),
      story: "restarted after the payment was taken",
      before: (order: Order) => endedBefore(order, "Paid")
    },
    {
      order: orderOf("1004"),
      story: "restarted after the retirement was made",
      before: (order: Order) => endedBefore(order, "Retired")
    },
    {
      order: orderOf("1005"),
      story: "the registry retires and answers 503",
      before: () => control.faults.script(finishing, [{ _tag: "Status", status: 503, handled: true }])
    },
    {
      order: orderOf("1006"),
      story: "the registry refuses to retire",
      before: () => control.faults.script(finishing, [{ _tag: "Status", status: 400 }])
    },
    {
      order: orderOf("1007"),
      story: "the registry cannot be read until it has forgotten what is over",
      before: (order: Order) =>
        Effect.gen(function* () {
          yield* control.faults.script(reading, [{ _tag: "Status", status: 400 }])
          yield* Effect.exit(checkout(order))
          yield* control.setBehaviour({ expiredReservations: "gone", completeReservations: "gone" })
          yield* control.skewClock("11 minutes")
        })
    },
    {
      order: orderOf("1008"),
      story: "restarted after the retirement was made and forgotten",
      before: (order: Order) => endedBefore(order, "Retired")
    }
  ]
  const ends = yield* Effect.forEach(stories, ({ before, order, story }) =>
    Effect.gen(function* () {
      yield* before(order)
      const end = yield* checkout(order)
      return { id: order.id, story, end, charged: yield* isCharged(order.id) }
    })
  )
  yield* printTable(
    ["order", "what happens", "ends as", "charged"],
    ends.map(({ charged, end, id, story }) => [
      id,
      story,
      end._tag === "Done" ? "retired" : "cancelled",
      charged ? "yes" : "no"
    ])
  )
  const done = ends.filter(({ end }) => end._tag === "Done")
  const certificates = ends.filter(({ end }) => end._tag === "Done" && Option.isSome(end.certificate))
  yield* control.setBehaviour({ completeReservations: "listed" })
  const reservations = yield* warehouse.reservations
  const complete = reservations.filter(({ isComplete }) => isComplete)
  const retired = Tonnes.sumAll(complete.map(({ amount }) => amount))
  yield* Console.log(
    `${done.length} paid retirements with ${certificates.length} certificates, ${ends.length - done.length} cancelled, ` +
      `${reservations.length - complete.length} reservations left, ${retired} retired`
  )
  if (ends.some(({ charged, end }) => charged !== (end._tag === "Done"))) {
    return yield* Effect.fail("an order was charged and not retired, or retired and not charged")
  }
})

program.pipe(
  Effect.provide([
    Registry.layer.pipe(Layer.provideMerge(simulated({ installations: 3 }))),
    Payments.layer,
    inTemporaryFolder
  ]),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
