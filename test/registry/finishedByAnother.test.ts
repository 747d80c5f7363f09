/** Reservations that more than one finish was asked for. */
import type { IcrError } from "@effect-icr/app/IcrError"
import { FinishUncertain } from "@effect-icr/registry"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import { buyer, creditId, makeFake, provide, sentBy } from "./support/fake.ts"
import { isFinish, warehouse } from "./support/finishes.ts"
import { failsWithin, within } from "./support/time.ts"

// oxlint-disable-next-line typescript/no-explicit-any -- what a program without types gives
type Untyped = any

const retirementData = { reason: "Testing", beneficiaryName: "Jane Doe", comment: "Order 1" }
const options = { receiverId: buyer, retirementData }
const hold = { creditId, amount: "0.5" } as const
const reserve = Effect.flatMap(warehouse, (registry) => registry.reserve(hold))

describe("a finish of a reservation that another has finished", () => {
  it.effect("is not told as done when it is refused", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish } = yield* warehouse
      const held = yield* reserve
      yield* finish("transfer", held, { receiverId: buyer })
      const error = yield* Effect.flip(finish("transfer_retire", held, options))
      assert.isTrue(error._tag === "ReservationComplete" && error.reservation.isComplete)
      assert.include(error.message, "by another finish")
      assert.deepStrictEqual(fake.finished, ["r-1 transfer"])
    }).pipe(provide(fake))
  })

  it.effect("is not told as done when it is resolved, where a refusal could not be looked at", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish, resolve } = yield* warehouse
      const held = yield* reserve
      yield* finish("transfer", held, { receiverId: buyer })
      fake.fault = ({ method }) => (method === "GET" ? "before" : undefined)
      const uncertain = yield* failsWithin(finish("transfer_retire", held, options), "1 minute")
      if (uncertain._tag !== "FinishUncertain") return assert.fail(uncertain._tag)
      fake.fault = () => undefined
      const Kept = Schema.fromJsonString(Schema.toCodecJson(FinishUncertain))
      const read = yield* Schema.decodeEffect(Kept)(yield* Schema.encodeEffect(Kept)(uncertain))
      assert.strictEqual((yield* Effect.flip(resolve(read)))._tag, "ReservationComplete")
    }).pipe(provide(fake))
  })

  it.effect("sends nothing after the hold, and says that the reservation is complete", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish } = yield* warehouse
      const written = yield* reserve
      yield* finish("transfer_retire", written, options)
      yield* TestClock.adjust("11 minutes")
      assert.strictEqual((yield* Effect.flip(finish("transfer_retire", written, options)))._tag, "ReservationComplete")
      assert.lengthOf(fake.seen.filter(isFinish), 1)
    }).pipe(provide(fake))
  })

  it.effect("is over after the hold where the reservation is gone, and uncertain where it cannot be read", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish } = yield* warehouse
      const written = yield* reserve
      yield* TestClock.adjust("11 minutes")
      fake.fault = ({ method }) => (method === "GET" ? "before" : undefined)
      const uncertain = yield* failsWithin(finish("transfer_retire", written, options), "1 minute")
      // Nothing was sent, so that a complete reservation would be another's.
      assert.isTrue(uncertain._tag === "FinishUncertain" && !uncertain.error.mayHaveHappened)
      fake.fault = () => undefined
      fake.reservations.clear()
      const over = yield* Effect.flip(finish("transfer_retire", written, options))
      assert.strictEqual(over._tag, "ReservationExpired")
      assert.lengthOf(fake.seen.filter(isFinish), 0)
    }).pipe(provide(fake))
  })

  it.effect("stays uncertain after the hold where the registry forgets what is complete", () => {
    const fake = makeFake()
    fake.fault = (request) => (isFinish(request) ? { later: 20_000 } : undefined)
    return Effect.gen(function* () {
      const { finish, resolve } = yield* warehouse
      const uncertain = yield* failsWithin(finish("transfer_retire", yield* reserve, options), "1 minute")
      if (uncertain._tag !== "FinishUncertain") return assert.fail(uncertain._tag)
      yield* TestClock.adjust("11 minutes")
      fake.reservations.clear()
      assert.strictEqual((yield* Effect.flip(resolve(uncertain)))._tag, "FinishUncertain")
    }).pipe(provide(fake))
  })
})

describe("a reservation held while it is finished more than once", () => {
  it.effect("is not released when one was done or is uncertain, and another certainly not", () =>
    Effect.forEach([undefined, "before"] as const, (first) => {
      const fake = makeFake()
      let finishes = 0
      fake.fault = (request) => {
        if (!isFinish(request)) return undefined
        return ++finishes === 1 ? first : { status: 401, body: { message: "no" } }
      }
      return Effect.gen(function* () {
        const { finish, withReservation } = yield* warehouse
        const both = withReservation(hold, (reservation) =>
          Effect.all([
            Effect.exit(finish("retire", reservation, options)),
            Effect.exit(finish("retire", reservation, options))
          ])
        )
        const [, second] = yield* within(both, "1 minute")
        assert.isTrue(Exit.isFailure(second))
        assert.lengthOf(sentBy(fake, "DELETE"), 0)
      }).pipe(provide(fake))
    })
  )

  it.effect("is not released when it was complete already", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish, withReservation } = yield* warehouse
      yield* withReservation(hold, (reservation) => {
        for (const held of fake.reservations.values()) held.complete = true
        return Effect.exit(finish("retire", reservation, options))
      })
      assert.lengthOf(sentBy(fake, "DELETE"), 0)
    }).pipe(provide(fake))
  })

  it.effect("is released when all were certainly not done", () => {
    const fake = makeFake()
    fake.fault = (request) => (isFinish(request) ? { status: 400, body: { message: "no" } } : undefined)
    return Effect.gen(function* () {
      const { finish, withReservation } = yield* warehouse
      yield* withReservation(hold, (reservation) => {
        const once = Effect.exit(finish("retire", reservation, options))
        return Effect.all([once, once], { concurrency: 2 })
      })
      assert.lengthOf(sentBy(fake, "DELETE"), 1)
    }).pipe(provide(fake))
  })
})

describe("a use that is none", () => {
  const throws = (): never => {
    throw new Error("a bug of the program")
  }

  it.effect("releases the reservation when it throws, or gives no effect", () =>
    Effect.forEach([throws, () => 7, async () => 7] as ReadonlyArray<Untyped>, (use) => {
      const fake = makeFake()
      return Effect.gen(function* () {
        const { withReservation } = yield* warehouse
        const exit = yield* Effect.exit(withReservation(hold, use) as Effect.Effect<unknown, unknown>)
        assert.strictEqual(Exit.hasDies(exit), use === throws)
        assert.strictEqual(fake.reservations.size, 0)
      }).pipe(provide(fake))
    })
  )

  it.effect("is refused before anything is reserved", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { withReservation } = yield* warehouse
      for (const use of [undefined, null, Effect.void] as ReadonlyArray<Untyped>) {
        const error = yield* Effect.flip(withReservation(hold, use) as Effect.Effect<unknown, IcrError>)
        assert.strictEqual(error.reason._tag, "InvalidRequest")
      }
      assert.lengthOf(fake.seen, 0)
    }).pipe(provide(fake))
  })
})

describe("a program that is stopped", () => {
  /** As in the README. */
  const checkout = (payments: Array<string>) =>
    Effect.gen(function* () {
      const { finish, withReservation } = yield* warehouse
      return yield* withReservation(hold, (reservation) =>
        Effect.gen(function* () {
          yield* Effect.sleep("500 millis")
          payments.push("charged")
          // The answer is on its way.
          yield* Effect.sleep("500 millis")
          const refund = Effect.sync(() => payments.push("refunded"))
          return yield* finish("transfer_retire", reservation, options).pipe(
            Effect.tapErrorTag(["IcrError", "ReservationExpired"], () => refund)
          )
        }).pipe(Effect.uninterruptible)
      )
    })

  it.effect("ends with a paid retirement, or without a charge, whenever it is stopped", () =>
    Effect.forEach([undefined, { status: 400, body: {} }, { slow: 5000 }, "after"] as const, (fault) =>
      Effect.forEach([0, 300, 700, 1500, 9000], (millis) => {
        const fake = makeFake()
        fake.fault = (request) => (isFinish(request) ? fault : undefined)
        const payments: Array<string> = []
        return Effect.gen(function* () {
          const fiber = yield* Effect.forkChild(checkout(payments), { startImmediately: true })
          yield* TestClock.adjust(millis)
          yield* within(Fiber.interrupt(fiber), "1 minute")
          const isPaid = payments.includes("charged") && !payments.includes("refunded")
          assert.strictEqual(isPaid, fake.finished.length === 1)
          assert.strictEqual(fake.reservations.size, isPaid ? 1 : 0)
        }).pipe(provide(fake))
      })
    )
  )
})
