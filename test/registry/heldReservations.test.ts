/** A reservation held while something is done: when it is released, and when not. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { creditId, makeFake, provide, registryLayer, sentBy } from "./support/fake.ts"
import { exitWithin, within } from "./support/time.ts"
import { isFinish, options, reserve, warehouse, withFault } from "./support/finishes.ts"

describe("a reservation held while something is done", () => {
  const hold = <A, E, R>(use: Effect.Effect<A, E, R>) =>
    Effect.flatMap(warehouse, ({ withReservation }) => withReservation({ creditId, amount: "0.5" }, () => use))

  it.effect("is released when the use ends without a finish, fails, or is interrupted", () =>
    Effect.forEach([Effect.void, Effect.fail("no money"), Effect.never], (use) => {
      const fake = makeFake()
      return Effect.gen(function* () {
        yield* exitWithin(Effect.timeoutOption(hold(use), "1 second"), "2 seconds")
        assert.strictEqual(fake.reservations.size, 0)
        assert.strictEqual(sentBy(fake, "DELETE").length, 1)
      }).pipe(provide(fake))
    })
  )

  const finishHeld = Effect.flatMap(warehouse, ({ finish, withReservation }) =>
    withReservation({ creditId, amount: "0.5" }, (reservation) =>
      Effect.exit(finish("transfer_retire", reservation, options))
    )
  )

  it.effect("is not released when a finish of it was done, or is uncertain, also where the use catches that", () =>
    Effect.forEach([undefined, "after", "before"] as const, (fault) => {
      const fake = makeFake()
      fake.fault = (request) => (isFinish(request) ? fault : undefined)
      return Effect.gen(function* () {
        yield* within(finishHeld, "1 minute")
        assert.strictEqual(sentBy(fake, "DELETE").length, 0)
      }).pipe(provide(fake))
    })
  )

  it.effect("is released when a finish of it was certainly not done", () => {
    const fake = withFault({ status: 400, body: { message: "no" } })
    return Effect.gen(function* () {
      yield* finishHeld
      assert.strictEqual(fake.reservations.size, 0)
    }).pipe(provide(fake))
  })

  it.effect("is not released when a finish was interrupted while its answer was looked for", () => {
    const fake = withFault("before")
    return Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(finishHeld, { startImmediately: true })
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(sentBy(fake, "DELETE").length, 0)
    }).pipe(provide(fake))
  })

  it.effect("is released when it was interrupted while it was reserved: the answer is awaited", () => {
    const fake = makeFake()
    fake.fault = (request) => (isFinish(request) || request.method !== "POST" ? undefined : { slow: 5000 })
    return Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(hold(Effect.void), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      yield* within(Fiber.interrupt(fiber), "4 seconds")
      assert.deepStrictEqual(
        fake.seen.map(({ method }) => method),
        ["POST", "DELETE"]
      )
      assert.strictEqual(fake.reservations.size, 0)
    }).pipe(provide(fake))
  })

  it.effect("does not keep an interruption waiting while a lost answer is looked for", () => {
    const fake = makeFake()
    fake.fault = (request) => (isFinish(request) || request.method !== "POST" ? undefined : "after")
    return Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(hold(Effect.void), { startImmediately: true })
      yield* TestClock.adjust("100 millis")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(sentBy(fake, "GET").length, 0)
    }).pipe(provide(fake, { soleProcess: true }))
  })

  it.effect("says in the log that a release failed, and ends as the use ended", () => {
    const fake = makeFake()
    fake.fault = (request) => (request.method === "DELETE" ? "before" : undefined)
    return Effect.gen(function* () {
      assert.strictEqual(yield* within(hold(Effect.succeed("done")), "1 minute"), "done")
      assert.strictEqual(fake.reservations.size, 1)
    }).pipe(provide(fake))
  })
})

describe("releasing", () => {
  it.effect("counts what is not there as released, and is repeated where it may not have been done", () => {
    const fake = makeFake()
    let deletes = 0
    fake.fault = (request) => (request.method === "DELETE" && ++deletes === 1 ? "resetAfter" : undefined)
    return Effect.gen(function* () {
      const { release } = yield* warehouse
      const { id } = yield* reserve
      yield* within(release(id), "1 minute")
      assert.strictEqual(fake.reservations.size, 0)
      assert.strictEqual(deletes, 2)
      yield* release(id)
    }).pipe(Effect.provide(registryLayer(fake, {}, {})))
  })
})
