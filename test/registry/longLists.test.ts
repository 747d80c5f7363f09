/** Lists that never forget, in pages. */
import { InstallationId, OrganizationId } from "@effect-icr/app/domain/Ids"
import { Registry } from "@effect-icr/registry/Registry"
import { profiles, type Behaviour } from "@effect-icr/simulator/Behaviour"
import { Simulator } from "@effect-icr/simulator/Simulator"
import * as TestRegistry from "@effect-icr/testing/TestRegistry"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { failsWithin, within } from "./support/time.ts"

const list = "GET /organizations/{id}/warehouse/inventory/reservations"
const made = "POST /organizations/{id}/warehouse/inventory/reservations"

const world = (behaviour: Partial<Behaviour>) =>
  Registry.layerWith({ quietPeriod: "1 second", soleProcess: true }).pipe(
    Layer.provideMerge(
      TestRegistry.layerWith({
        simulator: { behaviour: { reservationPaging: "pages", ...behaviour } },
        app: { http: { retry: false } }
      })
    )
  )

/** The seller's warehouse with 120 old reservations. */
const withOldOnes = Effect.gen(function* () {
  const { control, installationIds } = yield* Simulator
  const [id = ""] = yield* installationIds
  const { warehouse } = (yield* Registry).organization(InstallationId.make(id))
  const [credit] = yield* warehouse.credits
  if (credit === undefined) return yield* Effect.die("the warehouse is empty")
  const reserve = warehouse.reserve({ creditId: credit.id, amount: "0.001" })
  yield* Effect.replicateEffect(reserve, 120, { discard: true })
  yield* TestClock.adjust("1 minute")
  return { warehouse, reserve, control, requests: control.requestCount(list) }
})

/** Reserves while the answer gets lost; what the looks cost. */
const lose = Effect.gen(function* () {
  const { control, requests, reserve } = yield* withOldOnes
  yield* control.faults.script(made, [{ _tag: "Status", status: 503, handled: true }])
  yield* within(reserve, "2 seconds")
  return yield* requests
})

describe("a list of reservations in pages", () => {
  for (const creditOrder of ["oldestFirst", "newestFirst"] as const) {
    it.effect(`is read to its end, 50 at a time (${creditOrder})`, () =>
      Effect.gen(function* () {
        const { requests, warehouse } = yield* withOldOnes
        const all = yield* warehouse.reservations
        assert.strictEqual(new Set(all.map(({ id }) => id)).size, 120)
        // One without parameters, which gives the first 10.
        assert.strictEqual(yield* requests, 4)
      }).pipe(Effect.provide(world({ creditOrder })))
    )
  }

  it.effect("is read where both parameters are required", () =>
    Effect.gen(function* () {
      const { warehouse } = yield* withOldOnes
      assert.strictEqual((yield* warehouse.reservations).length, 120)
    }).pipe(Effect.provide(world({ missingPaging: profiles.strict.missingPaging })))
  )

  it.effect("costs a look one request where the newest come first: older pages are not read", () =>
    Effect.map(lose, (requests) => assert.strictEqual(requests, 1)).pipe(
      Effect.provide(world({ creditOrder: "newestFirst" }))
    )
  )

  it.effect("is looked through to its end where the oldest come first", () =>
    Effect.map(lose, (requests) => assert.strictEqual(requests, 4)).pipe(
      Effect.provide(world({ creditOrder: "oldestFirst" }))
    )
  )
})

describe("a list of credit requests", () => {
  for (const creditOrder of ["oldestFirst", "newestFirst"] as const) {
    it.effect(`is looked through for one whose answer got lost, behind 60 old ones (${creditOrder})`, () =>
      Effect.gen(function* () {
        const { control, installationIds, organizationIds } = yield* Simulator
        const [id = ""] = yield* installationIds
        const [, buyer = ""] = yield* organizationIds
        const { inventory } = (yield* Registry).organization(InstallationId.make(id))
        const [credit] = yield* inventory.credits
        if (credit === undefined) return assert.fail("the inventory is empty")
        const request = inventory.request("transfer", {
          creditId: credit.id,
          amount: "0.001",
          toOrganizationId: OrganizationId.make(buyer)
        })
        yield* Effect.replicateEffect(request, 60, { discard: true })
        yield* TestClock.adjust("1 minute")
        yield* control.faults.script("POST /organizations/{id}/inventory/requests/{action}", [
          { _tag: "Status", status: 503, handled: true }
        ])
        const error = yield* failsWithin(request, "2 seconds")
        assert.strictEqual(error._tag === "RequestUncertain" && error.found.length, 1)
      }).pipe(Effect.provide(world({ creditOrder })))
    )
  }
})
