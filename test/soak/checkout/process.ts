/**
 * One process of the checkout, made to be killed: takes its part of the orders, a number of them at a time. What it finds
 * written down it takes to its end, then it goes on with the others.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import * as RedisReservationClaims from "@effect-icr/redis/RedisReservationClaims"
import { CreditId } from "@effect-icr/registry/domain/Ids"
import type { Reservation } from "@effect-icr/registry/domain/Reservation"
import { Registry } from "@effect-icr/registry/Registry"
import { Config, Console, Effect, Layer, Option, Schedule } from "effect"
import { amountOf, read, retirementOf, Step, write } from "./orders.ts"

const { Done, FinishUncertain, Finishing, NotDone, Reserved, ReserveUncertain, Reserving } = Step.cases

const quietPeriod = "200 millis"

const environment = Config.all({
  orders: Config.Int("ORDERS"),
  part: Config.Int("PART"),
  parts: Config.Int("PARTS"),
  concurrency: Config.Int("CONCURRENCY"),
  file: Config.NonEmptyString("JOURNAL"),
  seller: Config.NonEmptyString("SELLER"),
  buyer: Config.NonEmptyString("BUYER"),
  creditId: Config.NonEmptyString("CREDIT"),
  redis: Config.option(Config.NonEmptyString("REDIS_SOCKET"))
})

const program = Effect.gen(function* () {
  const { buyer, concurrency, creditId, file, orders, part, parts, seller } = yield* environment
  const { warehouse } = (yield* Registry).organization(InstallationId.make(seller))

  const reserve = (order: number) =>
    warehouse.reserve({ creditId: CreditId.make(creditId), amount: amountOf(order) }).pipe(
      Effect.map((reservation): Step => Reserved.make({ order, reservation })),
      // The order waits for its seller.
      Effect.retry({
        while: (error) => error._tag === "IcrError" && error.reason._tag === "InstallationSuspended",
        schedule: Schedule.spaced("50 millis")
      }),
      Effect.catchTags({
        IcrError: ({ reason }) => Effect.succeed(NotDone.make({ order, why: reason._tag })),
        ReserveUncertain: (uncertain) => Effect.succeed(ReserveUncertain.make({ order, uncertain }))
      })
    )

  const finish = (order: number, reservation: Reservation) =>
    warehouse.finish("transfer_retire", reservation, retirementOf(order, buyer)).pipe(
      Effect.as<Step>(Done.make({ order })),
      Effect.catchTags({
        IcrError: ({ reason }) => Effect.succeed(NotDone.make({ order, why: `${reason._tag} at the finish` })),
        // Only this order finishes its reservation: the process before did.
        ReservationComplete: () => Effect.succeed(Done.make({ order })),
        ReservationExpired: () => Effect.succeed(NotDone.make({ order, why: "ReservationExpired" })),
        FinishUncertain: (uncertain) => Effect.succeed(FinishUncertain.make({ order, uncertain }))
      })
    )

  /** The process before may have sent the finish: a reservation can be finished once only. */
  const finishAgain = Effect.fnUntraced(function* (order: number, { id }: Reservation) {
    // Until it is known.
    const present = yield* warehouse.reservation(id).pipe(Effect.retry(Schedule.spaced("100 millis")), Effect.orDie)
    return present.isComplete ? Done.make({ order }) : yield* finish(order, present)
  })

  /** What comes after a step; nothing after the last one. */
  const next = (step: Step, isLeft: boolean): Effect.Effect<Option.Option<Step>> => {
    const { order } = step
    switch (step._tag) {
      case "Reserving":
        return Effect.asSome(reserve(order))
      case "Reserved":
        // The buyers of every other order have gone when the process is back: no finish was sent.
        return isLeft && order % 2 === 1
          ? Effect.as(
              Effect.ignore(warehouse.release(step.reservation.id)),
              Option.some(NotDone.make({ order, why: "released" }))
            )
          : Effect.succeedSome(Finishing.make({ order, reservation: step.reservation }))
      case "Finishing":
        return Effect.asSome((isLeft ? finishAgain : finish)(order, step.reservation))
      default:
        return Effect.succeedNone
    }
  }

  const checkout = Effect.fnUntraced(function* (order: number, written: Option.Option<Step>) {
    let step = Option.getOrElse(written, (): Step => Reserving.make({ order }))
    let isLeft = Option.isSome(written)
    if (!isLeft) {
      yield* Console.log("begun")
      yield* write(file, step)
    }
    for (;;) {
      const after = yield* next(step, isLeft)
      if (Option.isNone(after)) return
      step = after.value
      isLeft = false
      yield* write(file, step)
      if (step._tag === "Reserved") {
        // While the payment is taken the process may be killed.
        yield* Console.log("reserved")
        yield* Effect.sleep("20 millis")
      }
    }
  })

  const written = yield* read(file)
  // What the process before sent may still be done.
  yield* Effect.sleep(quietPeriod)
  yield* Effect.forEach(
    Array.from({ length: orders }, (_, order) => order).filter((order) => order % parts === part),
    (order) => checkout(order, Option.fromUndefinedOr(written.get(order))),
    { concurrency, discard: true }
  )
})

/** Claims in Redis where there is one, else this is the only process. */
const registry = Layer.unwrap(
  Effect.map(environment, ({ redis }): Layer.Layer<Registry, unknown, IcrApp> =>
    Option.match(redis, {
      onNone: () => Registry.layerWith({ quietPeriod, soleProcess: true }),
      onSome: (path) =>
        Registry.layerWith({ quietPeriod }).pipe(
          Layer.provide(RedisReservationClaims.layerWith({ prefix: "soak:" })),
          Layer.provide(NodeRedis.layer({ socket: { path, tls: false } }))
        )
    })
  )
)

const app = IcrApp.layerWith({
  http: { attemptTimeout: "500 millis", retry: { base: "10 millis" }, retryBudget: 1_000_000 }
})

program.pipe(
  Effect.provide(registry.pipe(Layer.provide(app), Layer.provide(NodeHttpClient.layerUndici))),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
