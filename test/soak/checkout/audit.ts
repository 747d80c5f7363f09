/** What the registry did is compared with what each call said, once the holds are over by the registry's clock. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import type { CreditId } from "@effect-icr/registry/domain/Ids"
import { Registry } from "@effect-icr/registry/Registry"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import type { CreditBooks } from "@effect-icr/simulator/CreditControl"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { DateTime, Effect, Layer, Option, Stream } from "effect"
import { amountOf, orderOf, type Step } from "./orders.ts"

/** Over the simulator's socket, by an app of its own. */
export const registryOf = Layer.unwrap(
  Effect.map(Simulator, ({ app: { appId, privateKey }, baseUrl }) =>
    Registry.layer.pipe(
      Layer.provideMerge(IcrApp.layerWith({ appId, privateKey, baseUrl })),
      Layer.provide(NodeHttpClient.layerUndici)
    )
  )
)

const digits = (text: string) => Option.getOrThrow(Tonnes.fromString(text))

/** How often each order was retired. */
const retirementsByOrder = Effect.gen(function* () {
  const counts = new Map<number, number>()
  const registry = yield* Registry
  yield* Stream.runForEach(registry.public.retirements, ({ comment }) =>
    Effect.sync(() => {
      const order = orderOf(Option.getOrElse(comment, () => ""))
      if (order !== undefined) counts.set(order, (counts.get(order) ?? 0) + 1)
    })
  )
  return counts
})

/** What was there at the beginning. */
export interface Before {
  readonly seller: string
  readonly creditId: CreditId
  readonly stock: string
  readonly books: CreditBooks
}

/** Compares. */
export const audit = Effect.fnUntraced(function* (
  steps: ReadonlyMap<number, Step>,
  { books: before, creditId, seller, stock }: Before
) {
  const { control } = yield* Simulator
  const { warehouse } = (yield* Registry).organization(InstallationId.make(seller))
  yield* control.skewClock("11 minutes")
  const reservations = yield* warehouse.reservations
  const now = yield* (yield* IcrApp).registryTime
  const open = reservations.filter(
    ({ isComplete, reservedToDate }) => !isComplete && DateTime.isGreaterThan(reservedToDate, now)
  )

  /** What was said of an order in the end. */
  const said = (step: Step) => {
    switch (step._tag) {
      case "Done":
      case "NotDone":
        return Effect.succeed(step._tag)
      case "FinishUncertain":
        return warehouse.resolve(step.uncertain).pipe(
          Effect.as("Done"),
          Effect.catchTags({
            IcrError: () => Effect.succeed("NotDone"),
            // Only this order finishes its reservation.
            ReservationComplete: () => Effect.succeed("Done")
          }),
          Effect.orElseSucceed(() => "Unknown")
        )
      case "ReserveUncertain":
        return warehouse.resolve(step.uncertain).pipe(
          Effect.map((reservation) => (Option.isNone(reservation) ? "NotDone" : "Unknown")),
          Effect.orElseSucceed(() => "Unknown")
        )
      default:
        return Effect.succeed("Unknown")
    }
  }
  const ends = yield* Effect.forEach(steps, ([order, step]) => Effect.map(said(step), (end) => ({ order, end })), {
    concurrency: 16
  })
  const counts = yield* retirementsByOrder
  const why: Record<string, number> = {}
  for (const step of steps.values()) if (step._tag === "NotDone") why[step.why] = (why[step.why] ?? 0) + 1
  const count = (tag: Step["_tag"]) => [...steps.values()].filter(({ _tag }) => _tag === tag).length

  const after = yield* control.credits.books
  const retired = Tonnes.subtract(digits(after.retired), digits(before.retired))
  const expected = Tonnes.sumAll(
    [...counts].flatMap(([order, times]) => Array(times).fill(Tonnes.make(amountOf(order))))
  )
  const left = (yield* warehouse.credits).find(({ id }) => id === creditId)?.amount
  return {
    orders: steps.size,
    done: count("Done"),
    notDone: count("NotDone"),
    why,
    reserveUncertain: count("ReserveUncertain"),
    finishUncertain: count("FinishUncertain"),
    finishUncertainDone: ends.filter(({ end, order }) => end === "Done" && steps.get(order)?._tag === "FinishUncertain")
      .length,
    unresolved: ends.filter(({ end }) => end === "Unknown").length,
    reservations: reservations.length,
    open: open.length,
    retirements: counts.size,
    twice: [...counts.values()].filter((times) => times > 1).length,
    differing: ends.filter(({ end, order }) => (end === "Done") !== counts.has(order)).length,
    retired: Tonnes.format(retired),
    exact:
      after.total === before.total &&
      Tonnes.Order(retired, expected) === 0 &&
      left !== undefined &&
      // Every hold that was not finished has gone back, to the last digit.
      Tonnes.Order(left, Tonnes.subtract(digits(stock), expected)) === 0
  }
})
