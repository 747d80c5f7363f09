/** Warehouse (v0.5): one test per rule of reservations. */
import { Reservation } from "@effect-icr/simulator/Credits"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Schedule } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { body, errorOf, exchange, firstInstallation } from "./support/calls.ts"
import {
  ask,
  finishing,
  first,
  inventory,
  listed,
  organization,
  releasing,
  reserve,
  reserving,
  token,
  warehouse
} from "./support/credits.ts"

const simulator = Effect.provide(Simulator.layer)
const tonne = 10n ** 18n
const data = { reason: "Voluntary purposes", beneficiaryName: "Best buyer", comment: "Order 1" }

/** A token, the first credit of the warehouse, and a reservation of half a tonne. */
const held = Effect.gen(function* () {
  const bearer = yield* token
  const credit = first(yield* warehouse(bearer))
  return { bearer, credit, reservation: yield* reserve(bearer, credit.id, "0.5") }
})

describe("a reservation", () => {
  it.effect(
    "holds credits of the warehouse for 10 minutes, by the app that made it",
    Effect.fnUntraced(function* () {
      const { bearer, credit, reservation } = yield* held
      const { app } = yield* Simulator
      assert.deepInclude(reservation, {
        creditId: credit.id,
        amount: tonne / 2n,
        isComplete: false,
        reserver: { id: app.appId, name: "app1" },
        serialization: credit.serialization
      })
      assert.strictEqual(Date.parse(reservation.reservedToDate) - Date.parse(reservation.createdAt), 600_000)
      assert.strictEqual(first(yield* warehouse(bearer)).amount, credit.amount - tonne / 2n)
      assert.deepStrictEqual(yield* listed(bearer), [reservation])
      const one = yield* ask("GET", `/warehouse/inventory/reservations/${reservation.id}`, bearer)
      assert.deepStrictEqual(yield* body(Reservation)(one), reservation)
    }, simulator)
  )

  it.effect(
    "that has expired stays in the list, gives its credits back and cannot be finished or released",
    Effect.fnUntraced(function* () {
      const { bearer, credit, reservation } = yield* held
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(yield* listed(bearer), [reservation])
      assert.strictEqual(first(yield* warehouse(bearer)).amount, credit.amount)
      const finish = yield* finishing(bearer, reservation.id, "transfer", yield* organization(1))
      assert.deepStrictEqual(yield* errorOf(finish), { status: 400, message: "Reservation has expired" })
      assert.strictEqual((yield* releasing(bearer, reservation.id)).status, 400)
      yield* (yield* Simulator).control.setBehaviour({ expiredReservations: "gone", refusedWriteStatus: 409 })
      assert.deepStrictEqual(yield* listed(bearer), [])
      assert.strictEqual((yield* releasing(bearer, reservation.id)).status, 404)
    }, simulator)
  )

  it.effect(
    "expires by the registry's own clock",
    Effect.fnUntraced(function* () {
      const { bearer, reservation } = yield* held
      yield* (yield* Simulator).control.skewClock("10 minutes")
      const finish = yield* finishing(bearer, reservation.id, "transfer", yield* organization(1))
      assert.strictEqual((yield* errorOf(finish)).message, "Reservation has expired")
    }, simulator)
  )

  it.effect(
    "that is released gives its credits back at once",
    Effect.fnUntraced(function* () {
      const { bearer, credit, reservation } = yield* held
      assert.strictEqual((yield* releasing(bearer, reservation.id)).status, 200)
      assert.strictEqual(first(yield* warehouse(bearer)).amount, credit.amount)
      assert.deepStrictEqual(yield* listed(bearer), [])
      assert.strictEqual((yield* releasing(bearer, reservation.id)).status, 404)
      yield* (yield* Simulator).control.setBehaviour({ releasedReservations: "listed", refusedWriteStatus: 422 })
      assert.deepInclude(first(yield* listed(bearer)), { id: reservation.id, isComplete: false })
      const finish = yield* finishing(bearer, reservation.id, "transfer", yield* organization(1))
      assert.strictEqual((yield* errorOf(finish)).status, 422)
    }, simulator)
  )

  it.effect(
    "of more than is free is refused; 50 at once for 10 tonnes get exactly 10 tonnes",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const bearer = yield* token
      const { id: creditId, organizationId } = first(yield* warehouse(bearer))
      yield* control.credits.setHolding({ organizationId, place: "warehouse", creditId, amount: "10" })
      const answers = yield* Effect.all(
        Array.from({ length: 50 }, () => reserving(bearer, creditId, "0.5")),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(answers.filter(({ status }) => status === 201).length, 20)
      assert.strictEqual(answers.filter(({ status }) => status === 400).length, 30)
      assert.strictEqual(first(yield* warehouse(bearer)).amount, 0n)
      yield* control.setBehaviour({ reservedAmounts: "included" })
      assert.strictEqual(first(yield* warehouse(bearer)).amount, 10n * tonne)
    }, simulator)
  )

  it.effect(
    "of an unknown credit, or for another organization, is refused",
    Effect.fnUntraced(function* () {
      const bearer = yield* token
      assert.strictEqual((yield* reserving(bearer, "exPost-9-0x0", "1")).status, 404)
      const { id } = first(yield* warehouse(bearer))
      const other = JSON.stringify({ creditId: id, amount: 1, organizationId: yield* organization(1) })
      assert.strictEqual((yield* ask("POST", "/warehouse/inventory/reservations", bearer, other)).status, 403)
    }, simulator)
  )

  it.effect(
    "needs organization_warehouse:write; reading needs read",
    Effect.fnUntraced(function* () {
      const { reservation } = yield* held
      const id = yield* firstInstallation
      yield* (yield* Simulator).control.setPermissions(id, { organization_warehouse: "VIEW" })
      const reader = yield* exchange(id)
      assert.strictEqual((yield* listed(reader)).length, 1)
      for (const answer of [
        yield* reserving(reader, reservation.creditId, "1"),
        yield* releasing(reader, reservation.id),
        yield* finishing(reader, reservation.id, "transfer", yield* organization(1))
      ]) {
        assert.deepStrictEqual(yield* errorOf(answer), {
          status: 403,
          message: "Permission organization_warehouse:write is required"
        })
      }
    }, simulator)
  )

  it.effect(
    "of another app can be seen, unless the switch hides it, and not used",
    Effect.fnUntraced(function* () {
      const { reservation } = yield* held
      const { control } = yield* Simulator
      const other = Redacted.value(
        yield* control.createOrganizationToken({
          organizationId: yield* organization(0),
          permissions: { organization_warehouse: "WRITE" }
        })
      )
      assert.deepStrictEqual(yield* listed(other), [reservation])
      for (const answer of [
        yield* releasing(other, reservation.id),
        yield* finishing(other, reservation.id, "transfer", yield* organization(1))
      ]) {
        assert.deepStrictEqual(yield* errorOf(answer), { status: 400, message: "Reservation belongs to another app" })
      }
      yield* control.setBehaviour({ foreignReservations: "hidden" })
      assert.deepStrictEqual(yield* listed(other), [])
      assert.strictEqual((yield* releasing(other, reservation.id)).status, 404)
    }, simulator)
  )
})

describe("work that is done late", () => {
  it.effect(
    "is answered with 503 before it is done",
    Effect.fnUntraced(function* () {
      const bearer = yield* token
      const { id } = first(yield* warehouse(bearer))
      const route = "POST /organizations/{id}/warehouse/inventory/reservations"
      yield* (yield* Simulator).control.faults.script(route, [{ _tag: "LateWork", millis: 100 }])
      assert.strictEqual((yield* reserving(bearer, id, "0.5")).status, 503)
      yield* TestClock.adjust("99 millis")
      assert.deepStrictEqual(yield* listed(bearer), [])
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(first(yield* listed(bearer)).amount, tonne / 2n)
    }, simulator)
  )

  it.live(
    "is done on a socket, too",
    Effect.fnUntraced(
      function* () {
        const bearer = yield* token
        const { id } = first(yield* warehouse(bearer))
        const route = "POST /organizations/{id}/warehouse/inventory/reservations"
        yield* (yield* Simulator).control.faults.script(route, [{ _tag: "LateWork", millis: 20 }])
        assert.strictEqual((yield* reserving(bearer, id, "0.5")).status, 503)
        const some = Effect.filterOrFail(listed(bearer), (all) => all.length === 1)
        yield* Effect.retry(some, Schedule.spaced("5 millis"))
      },
      Effect.provide(Layer.merge(Simulator.layerServer, FetchHttpClient.layer))
    )
  )
})

describe("finishing", () => {
  it.effect(
    "transfer moves the credits into the receiver's inventory, once",
    Effect.fnUntraced(function* () {
      const { bearer, credit, reservation } = yield* held
      const receiver = yield* organization(0)
      const finish = yield* finishing(bearer, reservation.id, "transfer", receiver)
      assert.strictEqual(finish.status, 201)
      assert.isTrue((yield* body(Reservation)(finish)).isComplete)
      const received = (yield* inventory(bearer)).find(({ id }) => id === credit.id)
      assert.strictEqual(received?.amount, tonne / 2n)
      assert.strictEqual(first(yield* warehouse(bearer)).amount, credit.amount - tonne / 2n)
      const again = yield* finishing(bearer, reservation.id, "transfer", receiver)
      assert.deepStrictEqual(yield* errorOf(again), { status: 400, message: "Reservation is complete" })
      assert.strictEqual((yield* releasing(bearer, reservation.id)).status, 400)
      assert.isTrue(first(yield* listed(bearer)).isComplete)
      yield* (yield* Simulator).control.setBehaviour({ completeReservations: "gone" })
      assert.deepStrictEqual(yield* listed(bearer), [])
    }, simulator)
  )

  it.effect(
    "retire and transfer_retire need retirementData, and a receiver that exists",
    Effect.fnUntraced(function* () {
      const { bearer, reservation } = yield* held
      const receiver = yield* organization(1)
      for (const action of ["retire", "transfer_retire"] as const) {
        assert.strictEqual((yield* finishing(bearer, reservation.id, action, receiver)).status, 400)
        assert.strictEqual((yield* finishing(bearer, reservation.id, action, "nobody", data)).status, 404)
      }
      assert.strictEqual((yield* finishing(bearer, reservation.id, "retire", receiver, data)).status, 201)
    }, simulator)
  )

  it.effect(
    "at once by many happens once",
    Effect.fnUntraced(function* () {
      const { bearer, reservation } = yield* held
      const receiver = yield* organization(1)
      const answers = yield* Effect.all(
        Array.from({ length: 10 }, () => finishing(bearer, reservation.id, "retire", receiver, data)),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(answers.filter(({ status }) => status === 201).length, 1)
    }, simulator)
  )
})

describe("switches", () => {
  it.effect(
    "the list has pages, a write answers with nothing, and a single reservation has no path",
    Effect.fnUntraced(
      function* () {
        const bearer = yield* token
        const { id } = first(yield* warehouse(bearer))
        const made = yield* reserving(bearer, id, "1")
        assert.deepStrictEqual([made.status, yield* made.text], [200, ""])
        yield* reserving(bearer, id, "2")
        const page = yield* ask("GET", "/warehouse/inventory/reservations?limit=1&page=0", bearer)
        assert.match(yield* page.text, /"pagination":\{"total":2.*/)
        const newest = first(yield* listed(bearer))
        assert.strictEqual(newest.amount, 2n * tonne)
        const one = yield* ask("GET", `/warehouse/inventory/reservations/${newest.id}`, bearer)
        assert.strictEqual(one.status, 404)
      },
      Effect.provide(
        Simulator.layerWith({
          behaviour: {
            createdRequestStatus: 200,
            writeAnswer: "empty",
            reservationPaging: "pages",
            creditOrder: "newestFirst",
            singleReservation: false
          }
        })
      )
    )
  )

  it.effect(
    "development is optional or required, and selects the same credits or none",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const bearer = yield* token
      yield* control.setBehaviour({ missingDevelopment: "refuse", developmentInventory: "empty" })
      assert.strictEqual((yield* ask("GET", "/warehouse/inventory", bearer)).status, 400)
      const empty = yield* ask("GET", "/warehouse/inventory?development=true", bearer)
      assert.match(yield* empty.text, /"credits":\[\]/)
    }, simulator)
  )
})
