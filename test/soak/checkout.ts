/**
 * `pnpm soak:checkout`: ICR_CHECKOUTS checkouts (1,000 by default), 64 at a time, while 30 % of all requests fail, by one process
 * and by two with shared claims.
 *
 * Requests fail before the work, fail after it, never get an answer, or have the work done 100 ms later. Tokens expire, the
 * seller is suspended now and then, and one order in 20 ends between reserve and finish, as in a killed process. What each call
 * said is compared with what the registry did. Fails when an order was retired twice, when the two differ, when a sum is not
 * exact, or when something is left.
 */
import { makeMemory } from "@effect-icr/app/DeduplicationStore"
import { InstallationId, OrganizationId } from "@effect-icr/app/domain/Ids"
import type { IcrApp } from "@effect-icr/app/IcrApp"
import type { IcrError } from "@effect-icr/app/IcrError"
import { CreditId } from "@effect-icr/registry/domain/Ids"
import { type Options, Registry } from "@effect-icr/registry/Registry"
import { ReservationClaims } from "@effect-icr/registry/ReservationClaims"
import type { FinishUncertain } from "@effect-icr/registry/Uncertain"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import type { Fault } from "@effect-icr/simulator/Fault"
import { Simulator } from "@effect-icr/simulator/Simulator"
import * as TestRegistry from "@effect-icr/testing/TestRegistry"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import {
  Config,
  Console,
  Context,
  Data,
  Duration,
  Effect,
  Fiber,
  Layer,
  Option,
  Result,
  Schedule,
  Stream
} from "effect"

type Outcome = Data.TaggedEnum<{
  Done: {}
  NotDone: {}
  ReserveUncertain: {}
  FinishUncertain: { readonly uncertain: FinishUncertain }
  /** Ended between reserve and finish. */
  Killed: {}
}>
const Outcome = Data.taggedEnum<Outcome>()

/** 30 % of all requests together, drawn one after the other. */
const faults: ReadonlyArray<Fault> = [
  { _tag: "Status", status: 503 },
  { _tag: "Status", status: 503, handled: true },
  { _tag: "Reset" },
  { _tag: "Reset", at: "answer" },
  { _tag: "LateWork", millis: 100 },
  { _tag: "StallBeforeHead" }
]
const probability = 1 - 0.7 ** (1 / faults.length)

const amount = "0.5"

const orderIn = (comment: Option.Option<string>) => {
  const [, order] = /^Order (\d+)$/.exec(Option.getOrElse(comment, () => "")) ?? []
  return order === undefined ? undefined : Number(order)
}

const run = Effect.fnUntraced(function* (
  checkouts: number,
  processes: ReadonlyArray<Layer.Layer<Registry, IcrError, IcrApp>>
) {
  const { control, installationIds, organizationIds } = yield* Simulator
  const [seller = ""] = yield* installationIds
  const [sellerOrganization = "", buyer = ""] = yield* organizationIds
  const registries = yield* Effect.forEach(processes, (layer) =>
    Effect.map(Layer.build(layer), (services) => Context.get(services, Registry))
  )
  const [registry] = registries
  if (registry === undefined) return yield* Effect.fail("no process")
  const { warehouse } = registry.organization(InstallationId.make(seller))
  const [credit] = yield* warehouse.credits
  const creditId = CreditId.make(credit?.id ?? "")
  yield* control.credits.setHolding({
    organizationId: sellerOrganization,
    place: "warehouse",
    creditId,
    amount: `${checkouts * 2}.000000000000000001`
  })
  const before = yield* control.credits.books

  const checkout = Effect.fnUntraced(
    function* (order: number) {
      const { warehouse } = (registries[order % registries.length] ?? registry).organization(
        InstallationId.make(seller)
      )
      const reservation = yield* warehouse.reserve({ creditId, amount })
      if (order % 20 === 0) return Outcome.Killed()
      yield* warehouse.finish("transfer_retire", reservation, {
        receiverId: OrganizationId.make(buyer),
        retirementData: { reason: "Testing", beneficiaryName: "Jane Doe", comment: `Order ${order}` }
      })
      return Outcome.Done()
    },
    Effect.catchTags({
      IcrError: () => Effect.succeed<Outcome>(Outcome.NotDone()),
      ReservationExpired: () => Effect.succeed<Outcome>(Outcome.NotDone()),
      ReserveUncertain: () => Effect.succeed<Outcome>(Outcome.ReserveUncertain()),
      FinishUncertain: (uncertain) => Effect.succeed<Outcome>(Outcome.FinishUncertain({ uncertain }))
    })
  )

  // A reservation of the first 5 s may be one of the process before.
  yield* Effect.sleep("6 seconds")
  yield* Effect.forEach(faults, (fault) => control.faults.probability("*", probability, fault))
  const disturbing = yield* control.expireAllTokens.pipe(
    Effect.andThen(control.suspend(seller)),
    Effect.andThen(Effect.sleep("20 millis")),
    Effect.andThen(control.unsuspend(seller)),
    Effect.repeat(Schedule.spaced("500 millis")),
    Effect.forkChild
  )
  const [took, outcomes] = yield* Effect.timed(
    Effect.forEach(
      Array.from({ length: checkouts }, (_, order) => order),
      checkout,
      { concurrency: 64 }
    )
  )
  yield* Effect.sleep("200 millis")
  yield* Fiber.interrupt(disturbing)
  yield* control.unsuspend(seller)
  yield* control.faults.clear

  // The holds end by the registry's clock.
  yield* control.skewClock("11 minutes")
  yield* warehouse.reservations
  const resolved = yield* Effect.forEach(outcomes, (outcome) =>
    outcome._tag === "FinishUncertain"
      ? Effect.map(Effect.result(warehouse.resolve(outcome.uncertain)), (result) =>
          Result.match(result, {
            onSuccess: () => "done",
            onFailure: ({ _tag }) => (_tag === "IcrError" ? "notDone" : "unknown")
          })
        )
      : Effect.succeed(outcome._tag === "Done" ? "done" : "notDone")
  )
  const counts = new Map<number, number>()
  yield* Stream.runForEach(registry.public.retirements, ({ comment }) =>
    Effect.sync(() => {
      const order = orderIn(comment)
      if (order !== undefined) counts.set(order, (counts.get(order) ?? 0) + 1)
    })
  )
  const retirements = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const after = yield* control.credits.books
  const digits = (text: string) => Option.getOrElse(Tonnes.fromString(text), () => Tonnes.zero)
  const retired = Tonnes.subtract(digits(after.retired), digits(before.retired))
  const expected = Tonnes.sumAll(Array.from({ length: retirements }, () => Tonnes.make(amount)))
  const left = yield* Effect.map(warehouse.credits, (credits) => credits.find(({ id }) => id === creditId)?.amount)
  const free = Tonnes.subtract(digits(`${checkouts * 2}.000000000000000001`), expected)
  const count = (tag: Outcome["_tag"]) => outcomes.filter(({ _tag }) => _tag === tag).length
  return {
    processes: processes.length,
    seconds: Math.round(Duration.toMillis(took)) / 1000,
    done: count("Done"),
    notDone: count("NotDone"),
    reserveUncertain: count("ReserveUncertain"),
    finishUncertain: count("FinishUncertain"),
    killed: count("Killed"),
    retirements,
    unresolved: resolved.filter((what) => what === "unknown").length,
    twice: [...counts.values()].filter((times) => times > 1).length,
    differing: resolved.filter((what, order) => (what === "done") !== counts.has(order)).length,
    retired: String(retired),
    exact:
      after.total === before.total &&
      Tonnes.Order(retired, expected) === 0 &&
      left !== undefined &&
      // Every hold that was not finished has gone back, to the last digit.
      Tonnes.Order(left, free) === 0
  }
})

const quietPeriod = "200 millis"
const world = TestRegistry.layerWith({
  simulator: { behaviour: { creditOrder: "newestFirst" } },
  app: { http: { attemptTimeout: "1 second", retry: { base: "10 millis" }, retryBudget: 1_000_000 } }
})

const registryWith = (options: Options) => Layer.fresh(Registry.layerWith({ quietPeriod, ...options }))

const program = Effect.gen(function* () {
  const checkouts = yield* Config.withDefault(Config.Int("ICR_CHECKOUTS"), 1_000)
  const claims = Layer.succeed(ReservationClaims, yield* makeMemory())
  for (const processes of [
    [registryWith({ soleProcess: true })],
    [registryWith({}).pipe(Layer.provide(claims)), registryWith({}).pipe(Layer.provide(claims))]
  ]) {
    const tally = yield* run(checkouts, processes).pipe(Effect.scoped, Effect.provide(world))
    yield* Console.log(JSON.stringify(tally))
    if (tally.twice + tally.differing + tally.unresolved > 0 || !tally.exact) {
      return yield* Effect.fail("an order was retired twice, or the registry did something else than a call said")
    }
  }
})

program.pipe(NodeRuntime.runMain)
