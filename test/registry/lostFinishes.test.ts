/** A finish whose answer got lost: done, not done or uncertain, with a fence and in another process. */
import { FinishUncertain } from "@effect-icr/registry"
import { Registry } from "@effect-icr/registry/Registry"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Fiber, Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import { makeFake, provide, retirementData, sentBy } from "./support/fake.ts"
import { failsWithin, within } from "./support/time.ts"
import { isFinish, options, reserve, retire, warehouse, withFault } from "./support/finishes.ts"

const uncertainOf = Effect.gen(function* () {
  const error = yield* failsWithin(retire, "1 minute")
  return error._tag === "FinishUncertain" ? error : yield* Effect.die(error)
})

describe("a finish whose answer got lost", () => {
  for (const fault of ["after", "resetAfter", "never", { later: 9000 }] as const) {
    it.effect(`is done when its reservation is complete (${JSON.stringify(fault)})`, () => {
      const fake = withFault(fault)
      return Effect.gen(function* () {
        const finished = yield* within(retire, "1 minute")
        assert.strictEqual(finished.knownBy, "look")
        assert.isTrue(finished.reservation.isComplete)
        assert.deepStrictEqual(fake.finished, ["r-1 transfer_retire"])
        assert.strictEqual(sentBy(fake, "POST").length, 2)
      }).pipe(provide(fake))
    })
  }

  it.effect("is found in the list where a reservation cannot be read by itself", () => {
    const fake = withFault("after")
    fake.readsOne = false
    return Effect.gen(function* () {
      assert.strictEqual((yield* within(retire, "1 minute")).knownBy, "look")
    }).pipe(provide(fake))
  })

  it.effect(
    "is uncertain when the reservation is not complete after the quiet period: it is known when the hold is over",
    () => {
      const fake = withFault("before")
      return Effect.gen(function* () {
        const uncertain = yield* uncertainOf
        assert.strictEqual(DateTime.toEpochMillis(uncertain.certainAt), 605_000)
        assert.include(uncertain.message, "1970-01-01T00:10:05.000Z")
        assert.deepStrictEqual(fake.finished, [])
        assert.strictEqual(sentBy(fake, "DELETE").length, 0)
      }).pipe(provide(fake))
    }
  )

  it.effect("is uncertain when the reservation is gone: the registry may forget complete ones", () => {
    const fake = withFault("before")
    return Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Effect.flip(retire), { startImmediately: true })
      yield* TestClock.adjust("100 millis")
      fake.reservations.clear()
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "FinishUncertain")
    }).pipe(provide(fake))
  })

  it.effect("is uncertain when the looks fail", () => {
    const fake = makeFake()
    fake.fault = (request) => (isFinish(request) || request.method === "GET" ? "after" : undefined)
    return Effect.gen(function* () {
      assert.strictEqual((yield* failsWithin(retire, "5 minutes"))._tag, "FinishUncertain")
    }).pipe(provide(fake))
  })

  it.effect("is certainly not done when the hold ends during the looks", () => {
    const fake = withFault("before")
    return Effect.gen(function* () {
      const held = yield* reserve
      yield* TestClock.adjust("598 seconds")
      const { finish } = yield* warehouse
      const error = yield* failsWithin(finish("transfer_retire", held, options), "1 minute")
      assert.strictEqual(error._tag, "IcrError")
      assert.strictEqual(error._tag === "IcrError" && error.mayHaveHappened, false)
    }).pipe(provide(fake))
  })
})

describe("a fence", () => {
  it.effect("makes a finish that was not done certain at once: the reservation is released", () => {
    const fake = withFault("before")
    return Effect.gen(function* () {
      const error = yield* failsWithin(retire, "1 minute")
      assert.strictEqual(error._tag, "IcrError")
      assert.strictEqual(fake.reservations.size, 0)
    }).pipe(provide(fake, { fence: true }))
  })

  it.effect("finds that it was done after all", () => {
    const fake = withFault({ later: 15_001 })
    return Effect.gen(function* () {
      // The work comes between the last look and the release.
      fake.answer = (request) => {
        if (request.method !== "DELETE") return undefined
        for (const job of fake.pending.splice(0)) job.run()
        return undefined
      }
      assert.strictEqual((yield* within(retire, "1 minute")).knownBy, "look")
    }).pipe(provide(fake, { fence: true }))
  })

  it.effect("is enough where its own answer gets lost: what is gone was not done", () => {
    const fake = makeFake()
    fake.fault = (request) => (isFinish(request) ? "before" : request.method === "DELETE" ? "after" : undefined)
    return Effect.gen(function* () {
      const error = yield* failsWithin(retire, "5 minutes")
      assert.strictEqual(error._tag === "IcrError" && error.mayHaveHappened, false)
      assert.strictEqual(fake.reservations.size, 0)
    }).pipe(provide(fake, { fence: true }))
  })

  it.effect("leaves it uncertain when the release fails", () => {
    const fake = makeFake()
    fake.fault = (request) => (isFinish(request) || request.method === "DELETE" ? "before" : undefined)
    return Effect.gen(function* () {
      assert.strictEqual((yield* failsWithin(retire, "5 minutes"))._tag, "FinishUncertain")
    }).pipe(provide(fake, { fence: true }))
  })
})

describe("an uncertain finish", () => {
  const Kept = Schema.fromJsonString(Schema.toCodecJson(FinishUncertain))

  it.effect("survives as JSON, without a secret, and is resolved in another process", () => {
    const fake = withFault({ later: 20_000 })
    return Effect.gen(function* () {
      const text = yield* Effect.flatMap(uncertainOf, Schema.encodeEffect(Kept)).pipe(provide(fake))
      assert.notInclude(text, "crs_")
      assert.include(text, '"amount":"0.5"')
      const uncertain = yield* Schema.decodeEffect(Kept)(text)
      const finished = yield* Effect.flatMap(Registry, (registry) =>
        registry.organization(uncertain.installationId).warehouse.resolve(uncertain)
      ).pipe(provide(fake))
      assert.strictEqual(finished.knownBy, "look")
      assert.deepStrictEqual(finished.retirementData, Option.some(retirementData))
      assert.strictEqual(Tonnes.format(finished.reservation.amount), "0.5")
    })
  })

  it.effect("stays uncertain until its time, and is certainly not done from then on", () => {
    const fake = withFault("before")
    return Effect.gen(function* () {
      const uncertain = yield* uncertainOf
      const { resolve } = yield* warehouse
      yield* TestClock.setTime(DateTime.toEpochMillis(uncertain.certainAt) - 1)
      assert.strictEqual((yield* Effect.flip(resolve(uncertain)))._tag, "FinishUncertain")
      yield* TestClock.adjust("1 millis")
      const error = yield* Effect.flip(resolve(uncertain))
      assert.strictEqual(error._tag === "IcrError" && error.mayHaveHappened, false)
    }).pipe(provide(fake))
  })

  it.effect("stays uncertain when the look fails, whatever the failure is", () => {
    const fake = withFault("before")
    return Effect.gen(function* () {
      const uncertain = yield* uncertainOf
      fake.fault = () => ({ status: 403, body: { message: "the installation is suspended" } })
      const { resolve } = yield* warehouse
      assert.strictEqual((yield* failsWithin(resolve(uncertain), "1 minute"))._tag, "FinishUncertain")
    }).pipe(provide(fake))
  })
})

describe("interrupting a finish", () => {
  it.effect("waits for its answer, and not for its looks", () => {
    const fake = withFault("never")
    return Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(retire, { startImmediately: true })
      yield* TestClock.adjust("1 second")
      const stopping = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.isUndefined(stopping.pollUnsafe())
      // The limit of an attempt: 10 s.
      yield* TestClock.adjust("8 seconds")
      yield* Fiber.join(stopping)
      assert.strictEqual(sentBy(fake, "GET").length, 0)
    }).pipe(provide(fake))
  })
})
