import { FinishUncertain } from "@effect-icr/registry"
import { Registry, type Options } from "@effect-icr/registry/Registry"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Fiber, Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import {
  buyer,
  creditId,
  type Fake,
  type Fault,
  makeFake,
  registryLayer,
  type Seen,
  seller,
  sent,
  sentBy
} from "./support/fake.ts"
import { exitWithin, failsWithin, within } from "./support/time.ts"

const retirementData = { reason: "Voluntary purposes", beneficiaryName: "Jane Doe", comment: "Order 1" }
const options = { receiverId: buyer, retirementData }
const isFinish = ({ method, path }: Seen) => method === "POST" && !path.endsWith("/reservations")

/** Finishes fail; everything else works. */
const withFault = (fault: Fault) => {
  const fake = makeFake()
  fake.fault = (request) => (isFinish(request) ? fault : undefined)
  return fake
}

const provide = (fake: Fake, given?: Options) => Effect.provide(registryLayer(fake, given))

const warehouse = Effect.map(Registry, (registry) => registry.organization(seller).warehouse)
const reserve = Effect.flatMap(warehouse, ({ reserve: hold }) => hold({ creditId, amount: "0.5" }))
const retire = Effect.gen(function* () {
  const { finish } = yield* warehouse
  return yield* finish("transfer_retire", yield* reserve, options)
})
const uncertainOf = Effect.gen(function* () {
  const error = yield* failsWithin(retire, "1 minute")
  return error._tag === "FinishUncertain" ? error : yield* Effect.die(error)
})

describe("finishing a reservation", () => {
  it.effect("sends the receiver and what the certificate is to say, once", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const finished = yield* retire
      assert.strictEqual(finished.knownBy, "answer")
      assert.strictEqual(finished.action, "transfer_retire")
      assert.deepStrictEqual(sent(fake).slice(1), [
        `POST /organizations/seller-organization/warehouse/inventory/reservations/r-1/transfer_retire {"receiverId":"buyer-organization","retirementData":{"reason":"Voluntary purposes","beneficiaryName":"Jane Doe","comment":"Order 1"}}`
      ])
      assert.deepStrictEqual(fake.finished, ["r-1 transfer_retire"])
    }).pipe(provide(fake))
  })

  it.effect("sends no data with a transfer", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish } = yield* warehouse
      yield* finish("transfer", yield* reserve, { receiverId: buyer })
      assert.match(sent(fake)[1] ?? "", /\/transfer \{"receiverId":"buyer-organization"\}$/)
    }).pipe(provide(fake))
  })

  it("demands by its types what the registry demands together", () => {
    const program = Effect.gen(function* () {
      const { finish: complete, reserve: hold } = yield* warehouse
      const reservation = yield* hold({ creditId, amount: "0.5" })
      // @ts-expect-error a retirement without data
      yield* complete("retire", reservation, { receiverId: buyer })
      // @ts-expect-error a transfer with data
      yield* complete("transfer", reservation, options)
      // @ts-expect-error not documented
      yield* complete("cancel", reservation, options)
      // @ts-expect-error no receiver
      yield* complete("transfer", reservation, {})
      // @ts-expect-error a number has lost its digits
      yield* hold({ creditId, amount: 0.5 })
    })
    assert.isTrue(Effect.isEffect(program))
  })

  it.effect("is not sent when the hold is over by the registry's clock", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const reservation = yield* reserve
      yield* TestClock.adjust("10 minutes")
      const { finish } = yield* warehouse
      const error = yield* Effect.flip(finish("transfer_retire", reservation, options))
      assert.strictEqual(error._tag, "ReservationExpired")
      assert.include(error.message, "this call sent nothing")
      assert.strictEqual(sentBy(fake, "POST").length, 1)
    }).pipe(provide(fake))
  })

  it.effect("is not sent for a complete reservation, nor without a beneficiary", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish, reservation: read } = yield* warehouse
      const held = yield* reserve
      const blank = { receiverId: buyer, retirementData: { reason: "Testing", beneficiaryName: " " } }
      const nobody = yield* Effect.flip(finish("retire", held, blank))
      assert.strictEqual(nobody._tag === "IcrError" && nobody.reason._tag, "InvalidRequest")
      yield* finish("retire", held, options)
      const again = yield* Effect.flip(finish("retire", yield* read(held.id), options))
      assert.strictEqual(again._tag, "ReservationComplete")
      assert.strictEqual(sentBy(fake, "POST").length, 2)
    }).pipe(provide(fake))
  })

  it.effect("is certainly not done when the registry refuses it", () => {
    const fake = withFault({ status: 422, body: { statusCode: 422, message: "unknown receiver", error: "" } })
    return Effect.gen(function* () {
      const error = yield* Effect.flip(retire)
      assert.strictEqual(error._tag === "IcrError" && error.reason._tag, "BadRequest")
      assert.strictEqual(error._tag === "IcrError" && error.mayHaveHappened, false)
    }).pipe(provide(fake))
  })

  it.effect("is told from the one before it when the registry refuses it, as after a restart", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish } = yield* warehouse
      const held = yield* reserve
      yield* finish("transfer_retire", held, options)
      const error = yield* Effect.flip(finish("transfer_retire", held, options))
      assert.isTrue(error._tag === "ReservationComplete" && error.reservation.isComplete)
      assert.deepStrictEqual(fake.finished, ["r-1 transfer_retire"])
    }).pipe(provide(fake))
  })

  it.effect("is uncertain when it is refused and nothing tells whether it was done before", () => {
    const fake = makeFake()
    fake.fault = (request) =>
      isFinish(request) ? { status: 409, body: {} } : request.method === "GET" ? "before" : undefined
    return Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(retire))._tag, "FinishUncertain")
    }).pipe(provide(fake))
  })

  it.effect("needs no body in the answer", () =>
    Effect.forEach(["emptyBody", "strangeBody"] as const, (fault) =>
      Effect.map(retire, ({ knownBy }) => assert.strictEqual(knownBy, "answer")).pipe(provide(withFault(fault)))
    )
  )
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
