import { InstallationId, OrganizationId } from "@effect-icr/app/domain/Ids"
import { Registry } from "@effect-icr/registry/Registry"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { Simulator } from "@effect-icr/simulator/Simulator"
import * as TestRegistry from "@effect-icr/testing/TestRegistry"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Result, Stream } from "effect"

const world = Registry.layer.pipe(Layer.provideMerge(TestRegistry.layer))

describe("50 checkouts at once for 10 tonnes", () => {
  it.effect("sell exactly what is there: 20 of half a tonne, and the others are told that it was not done", () =>
    Effect.gen(function* () {
      const { control, installationIds, organizationIds } = yield* Simulator
      const registry = yield* Registry
      const [seller = ""] = yield* installationIds
      const [organizationId = "", buyer = ""] = yield* organizationIds
      const { warehouse } = registry.organization(InstallationId.make(seller))
      const [credit] = yield* warehouse.credits
      if (credit === undefined) return assert.fail("the warehouse is empty")
      yield* control.credits.setHolding({ organizationId, place: "warehouse", creditId: credit.id, amount: "10" })
      const before = yield* control.credits.books

      const checkout = (order: number) =>
        warehouse.withReservation({ creditId: credit.id, amount: "0.5" }, (reservation) =>
          warehouse.finish("transfer_retire", reservation, {
            receiverId: OrganizationId.make(buyer),
            retirementData: { reason: "Testing", beneficiaryName: "Jane Doe", comment: `Checkout ${order}` }
          })
        )
      const results = yield* Effect.forEach(
        Array.from({ length: 50 }, (_, order) => order),
        (order) => Effect.result(checkout(order)),
        { concurrency: "unbounded" }
      )

      const [refused, sold] = [Result.isFailure, Result.isSuccess].map((is) => results.filter(is).length)
      assert.deepStrictEqual([sold, refused], [20, 30])
      for (const result of results) {
        if (Result.isFailure(result)) {
          assert.isTrue(result.failure._tag === "IcrError" && result.failure.reason._tag === "BadRequest")
        }
      }
      const retirements = yield* Stream.runCollect(
        Stream.filter(registry.public.retirements, ({ comment }) =>
          Option.exists(comment, (text) => text.startsWith("Checkout "))
        )
      )
      assert.strictEqual(new Set(retirements.map(({ comment }) => Option.getOrThrow(comment))).size, 20)
      assert.strictEqual(retirements.length, 20)
      const after = yield* control.credits.books
      const retired = Tonnes.subtract(
        Option.getOrThrow(Tonnes.fromString(after.retired)),
        Option.getOrThrow(Tonnes.fromString(before.retired))
      )
      assert.strictEqual(String(retired), "10 t")
      assert.strictEqual(after.total, before.total)
      const left = (yield* warehouse.credits).find(({ id }) => id === credit.id)?.amount ?? Tonnes.zero
      assert.strictEqual(String(left), "0 t")
    }).pipe(Effect.provide(world))
  )
})
