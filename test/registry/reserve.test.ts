import { DeduplicationStoreError, makeMemory } from "@effect-icr/app/DeduplicationStore"
import { ReservationClaims } from "@effect-icr/registry"
import { Registry } from "@effect-icr/registry/Registry"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Duration, Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import {
  addReservation,
  creditId,
  type Fake,
  type Fault,
  makeFake,
  makeFaulty,
  provide,
  registryLayer,
  type Seen,
  seller,
  sent,
  sentBy
} from "./support/fake.ts"
import { failsWithin, within } from "./support/time.ts"

const amount = "0.5"
const isReserve = ({ method, path }: Seen) => method === "POST" && path.endsWith("/reservations")
/** Reserves fail; everything else works. */
const withFault = (fault: Fault) => makeFaulty(isReserve, fault)

const reserve = Effect.flatMap(Registry, (registry) =>
  registry.organization(seller).warehouse.reserve({ creditId, amount })
)

/** In a process that has been up for a while. */
const later = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.andThen(TestClock.adjust("1 minute"), effect)

const withClaims = (fake: Fake, store: Layer.Layer<ReservationClaims>) =>
  Effect.provide(registryLayer(fake).pipe(Layer.provide(store)))

const memoryClaims = Layer.effect(ReservationClaims, makeMemory())
const brokenClaims = Layer.succeed(ReservationClaims, {
  claim: () => Effect.fail(new DeduplicationStoreError({ operation: "claim", detail: "away" })),
  release: () => Effect.void
})

describe("reserving", () => {
  it.effect("sends the amount digit for digit, with the organization of the installation", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { warehouse } = (yield* Registry).organization(seller)
      const reservation = yield* warehouse.reserve({ creditId, amount: "0.000000000000000001" })
      assert.strictEqual(Tonnes.format(reservation.amount), "0.000000000000000001")
      assert.deepStrictEqual(sent(fake), [
        `POST /organizations/seller-organization/warehouse/inventory/reservations {"creditId":"${creditId}","organizationId":"seller-organization","amount":0.000000000000000001}`
      ])
    }).pipe(provide(fake))
  })

  it.effect("refuses an amount that cannot be moved before anything is sent", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { warehouse } = (yield* Registry).organization(seller)
      for (const wrong of ["0", "-1", "0.0000000000000000001", "1e99"] as const) {
        const error = yield* Effect.flip(warehouse.reserve({ creditId, amount: wrong }))
        assert.strictEqual(error._tag === "IcrError" && error.reason._tag, "InvalidRequest", wrong)
      }
      assert.deepStrictEqual(sent(fake), [])
    }).pipe(provide(fake))
  })

  it.effect("is certainly not done when the registry refuses it: an IcrError, and no look", () => {
    const fake = makeFake()
    fake.fault = () => ({ status: 400, body: { statusCode: 400, message: "not enough credits", error: "Bad Request" } })
    return Effect.gen(function* () {
      const error = yield* Effect.flip(reserve)
      assert.strictEqual(error._tag === "IcrError" && error.reason._tag, "BadRequest")
      assert.include(error.message, "not enough credits")
      assert.strictEqual(fake.seen.length, 1)
    }).pipe(provide(fake))
  })
})

describe("a reserve whose answer got lost", () => {
  for (const fault of ["after", "resetAfter", "never"] as const) {
    it.effect(`is found and handed out where it can be claimed (${fault})`, () => {
      const fake = withFault(fault)
      return Effect.gen(function* () {
        const reservation = yield* within(later(reserve), "3 minutes")
        assert.deepStrictEqual([...fake.reservations.keys()], [reservation.id])
        assert.strictEqual(sentBy(fake, "POST").length, 1)
      }).pipe(provide(fake, { soleProcess: true }))
    })
  }

  for (const fault of ["before", "resetBefore"] as const) {
    it.effect(`is certainly not done when nothing is there at the end of the quiet period (${fault})`, () => {
      const fake = withFault(fault)
      return Effect.gen(function* () {
        const error = yield* failsWithin(reserve, "1 minute")
        assert.strictEqual(error._tag === "IcrError" && error.mayHaveHappened, false)
        assert.strictEqual(sentBy(fake, "POST").length, 1)
        assert.strictEqual(sentBy(fake, "GET").length, 5)
      }).pipe(provide(fake))
    })
  }

  it.effect("is looked for after 0.5, 1.5, 3.5, 7.5 and 15 seconds", () => {
    const fake = makeFake()
    const times: Array<number> = []
    fake.fault = (request) => (isReserve(request) ? "before" : undefined)
    return Effect.gen(function* () {
      const clock = yield* Clock.Clock
      fake.answer = (request) => {
        if (request.method === "GET") times.push(clock.currentTimeMillisUnsafe())
        return undefined
      }
      yield* failsWithin(reserve, "14999 millis").pipe(Effect.timeoutOption("1 minute"), Effect.forkChild)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(times, [500, 1500, 3500, 7500, 15_000])
    }).pipe(provide(fake))
  })

  it.effect("is found when it is done late, within the quiet period", () => {
    const fake = withFault({ later: 9000 })
    return Effect.gen(function* () {
      const reservation = yield* within(later(reserve), "2 minutes")
      assert.strictEqual(fake.reservations.get(reservation.id)?.createdAt, 69_000)
    }).pipe(provide(fake, { soleProcess: true }))
  })

  it.effect("is uncertain, with what was found, where nothing tells whose it is", () => {
    const fake = withFault("after")
    return Effect.gen(function* () {
      const error = yield* failsWithin(later(reserve), "2 minutes")
      assert.strictEqual(error._tag, "ReserveUncertain")
      const found = error._tag === "ReserveUncertain" ? error.found.map(({ id }): string => id) : []
      assert.deepStrictEqual(found, [...fake.reservations.keys()])
    }).pipe(provide(fake))
  })

  it.effect("is uncertain when the last look fails: a look that fails tells nothing", () => {
    const fake = makeFake()
    fake.fault = () => "before"
    return Effect.gen(function* () {
      const error = yield* failsWithin(reserve, "2 minutes")
      assert.strictEqual(error._tag, "ReserveUncertain")
    }).pipe(provide(fake, { soleProcess: true }))
  })

  it.effect("is not one of another app, another credit, another amount, an earlier time, or complete", () => {
    const fake = withFault("before")
    return Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      addReservation(fake, { createdAt: 61_000, reserver: "another-app" })
      addReservation(fake, { createdAt: 61_000, creditId: "exPost-3-0x1" })
      addReservation(fake, { createdAt: 61_000, amount: Tonnes.make("0.51") })
      addReservation(fake, { createdAt: 54_999 })
      addReservation(fake, { createdAt: 61_000, complete: true })
      const error = yield* failsWithin(reserve, "1 minute")
      assert.strictEqual(error._tag, "IcrError")
    }).pipe(provide(fake, { soleProcess: true }))
  })

  it.effect("is one whose credit is written in another case", () => {
    const fake = withFault("before")
    return Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      const { id } = addReservation(fake, { createdAt: 61_000, creditId: creditId.toUpperCase() })
      assert.strictEqual((yield* within(reserve, "1 minute")).id, id)
    }).pipe(provide(fake, { soleProcess: true }))
  })

  it.effect("is uncertain where one like it does not say who made it", () => {
    const fake = withFault("before")
    return Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      addReservation(fake, { createdAt: 61_000, reserver: undefined })
      assert.strictEqual((yield* failsWithin(reserve, "1 minute"))._tag, "ReserveUncertain")
    }).pipe(provide(fake, { soleProcess: true }))
  })

  it.effect("is not one that may have been handed out before this process started", () => {
    const fake = withFault("before")
    return Effect.gen(function* () {
      const registry = yield* Registry
      addReservation(fake, { createdAt: 4000 })
      yield* TestClock.adjust("5 seconds")
      const error = yield* failsWithin(
        registry.organization(seller).warehouse.reserve({ creditId, amount }),
        "1 minute"
      )
      assert.strictEqual(error._tag, "ReserveUncertain")
    }).pipe(provide(fake, { soleProcess: true }))
  })

  it.effect("is handed out once, when two equal ones got lost at the same time", () => {
    const fake = withFault("after")
    return Effect.gen(function* () {
      const both = yield* within(later(Effect.all([reserve, reserve], { concurrency: 2 })), "2 minutes")
      assert.strictEqual(new Set(both.map(({ id }) => id)).size, 2)
      assert.strictEqual(fake.reservations.size, 2)
    }).pipe(provide(fake, { soleProcess: true }))
  })

  it.effect("leaves what another call was answered with alone", () => {
    const fake = makeFake()
    let posts = 0
    fake.fault = (request) => (isReserve(request) && ++posts === 1 ? "before" : undefined)
    return Effect.gen(function* () {
      const [lost, answered] = yield* within(
        later(Effect.all([Effect.exit(reserve), reserve], { concurrency: 2 })),
        "2 minutes"
      )
      assert.strictEqual(lost._tag, "Failure")
      assert.deepStrictEqual([...fake.reservations.keys()], [answered.id])
    }).pipe(provide(fake, { soleProcess: true }))
  })

  it.effect("is done where the answer has no body, or a strange one: it is found by a look", () =>
    Effect.forEach(["emptyBody", "strangeBody"] as const, (fault) => {
      const fake = withFault(fault)
      return Effect.gen(function* () {
        const reservation = yield* within(later(reserve), "2 minutes")
        assert.deepStrictEqual([...fake.reservations.keys()], [reservation.id])
      }).pipe(provide(fake, { soleProcess: true }))
    })
  )
})

describe("claims shared by two processes", () => {
  it.effect("hand a reservation to one of them only", () => {
    const fake = makeFake()
    let posts = 0
    // The first is done and its answer lost; the second is not done at all.
    fake.fault = (request) => (isReserve(request) ? (++posts === 1 ? "after" : "before") : undefined)
    return Effect.gen(function* () {
      const claims = yield* makeMemory()
      const process = withClaims(fake, Layer.succeed(ReservationClaims, claims))
      const outcomes = yield* within(
        later(Effect.all([process(Effect.exit(reserve)), process(Effect.exit(reserve))], { concurrency: 2 })),
        "2 minutes"
      )
      assert.strictEqual(outcomes.filter(({ _tag }) => _tag === "Success").length, 1)
      assert.strictEqual(fake.reservations.size, 1)
    })
  })

  it.effect("refuse when their store fails: the reservation is named, and not handed out", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const error = yield* failsWithin(reserve, "1 minute")
      assert.strictEqual(error._tag, "ReserveUncertain")
      assert.deepStrictEqual(error._tag === "ReserveUncertain" && error.found.length, 1)
    }).pipe(withClaims(fake, brokenClaims))
  })

  it.effect("are taken by an answer too: one that somebody found first is looked for again", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const claims = yield* ReservationClaims
      yield* claims.claim("reservation/r-1", Duration.hours(1))
      const error = yield* failsWithin(reserve, "1 minute")
      assert.strictEqual(error._tag, "ReserveUncertain")
    }).pipe(Effect.provide(registryLayer(fake).pipe(Layer.provideMerge(memoryClaims))))
  })
})

describe("an uncertain reserve, resolved", () => {
  const uncertainOf = Effect.gen(function* () {
    const error = yield* failsWithin(later(reserve), "2 minutes")
    return error._tag === "ReserveUncertain" ? error : yield* Effect.die(error)
  })

  it.effect("gives the reservation where it can be claimed by now", () => {
    const fake = withFault("after")
    return Effect.gen(function* () {
      const uncertain = yield* uncertainOf.pipe(provide(fake))
      const resolved = yield* Effect.flatMap(Registry, (registry) =>
        registry.organization(uncertain.installationId).warehouse.resolve(uncertain)
      ).pipe(withClaims(fake, memoryClaims))
      assert.deepStrictEqual(
        Option.map(resolved, ({ id }) => id),
        Option.some("r-1")
      )
    })
  })

  it.effect("stays uncertain while it may be held, and is nothing once the hold is over", () => {
    const fake = withFault("after")
    return Effect.gen(function* () {
      const uncertain = yield* uncertainOf
      const { warehouse } = (yield* Registry).organization(seller)
      assert.strictEqual((yield* Effect.flip(warehouse.resolve(uncertain)))._tag, "ReserveUncertain")
      yield* TestClock.setTime(DateTime.toEpochMillis(uncertain.certainAt))
      assert.isTrue(Option.isNone(yield* warehouse.resolve(uncertain)))
    }).pipe(provide(fake))
  })
})
