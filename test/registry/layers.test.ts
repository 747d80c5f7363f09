import { IcrApp } from "@effect-icr/app/IcrApp"
import { isUncertain, Reservation } from "@effect-icr/registry"
import { Registry, type Options } from "@effect-icr/registry/Registry"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Schema, Stream } from "effect"
import { creditId, makeFake, registryLayer, seller } from "./support/fake.ts"
import { failsWithin } from "./support/time.ts"

describe("layers", () => {
  it.effect("need an app and nothing else, and cost no request", () =>
    Effect.gen(function* () {
      const layer: Layer.Layer<Registry, never, IcrApp> = Registry.layer
      const registry = yield* Registry.pipe(Effect.provide(layer.pipe(Layer.provide(IcrApp.layerTest({})))))
      assert.strictEqual(typeof registry.organization(seller).warehouse.reserve, "function")
    })
  )

  it.effect("refuse a quiet period that is none, by its name", () =>
    Effect.gen(function* () {
      const { reason } = yield* Registry.pipe(
        Effect.provide(registryLayer(makeFake(), { quietPeriod: -1 })),
        Effect.flip
      )
      assert.strictEqual(reason._tag === "Configuration" && reason.variable, "quietPeriod")
    })
  )

  it.effect("refuse a quiet period that never ends, and switches that are neither true nor false, by their names", () =>
    Effect.gen(function* () {
      for (const [name, value] of [
        ["quietPeriod", Number.POSITIVE_INFINITY],
        ["soleProcess", "false"],
        ["soleProcess", 1],
        ["fence", "no"],
        ["fence", null]
      ] as const) {
        const options = { [name]: value } as Options
        const { reason } = yield* Effect.flip(Effect.provide(Registry, registryLayer(makeFake(), options)))
        assert.strictEqual(reason._tag === "Configuration" && reason.variable, name)
      }
    })
  )

  it.effect("look for as long as the quiet period that they are given", () => {
    const fake = makeFake()
    fake.fault = ({ method }) => (method === "POST" ? "before" : undefined)
    return Effect.gen(function* () {
      const { warehouse } = (yield* Registry).organization(seller)
      const error = yield* failsWithin(warehouse.reserve({ creditId, amount: "1" }), "200 millis")
      assert.isFalse(isUncertain(error))
      // After 25, 75, 175 and 200 ms.
      assert.strictEqual(fake.seen.length, 5)
    }).pipe(Effect.provide(registryLayer(fake, { quietPeriod: "200 millis" })))
  })
})

describe("the double", () => {
  const held = Schema.decodeUnknownSync(Reservation)({
    id: "r-1",
    creditId,
    amount: "1",
    createdAt: "2024-06-18T10:00:00Z",
    reservedToDate: "2024-06-18T10:10:00Z",
    isComplete: false
  })
  const layer = Registry.layerTest({
    public: { projects: Stream.empty },
    organization: () => ({ warehouse: { reserve: () => Effect.succeed(held) } })
  })

  it.effect("gives what a test gives, and dies with the name of anything else", () =>
    Effect.gen(function* () {
      const registry = yield* Registry
      const { inventory, warehouse } = registry.organization(seller)
      assert.strictEqual((yield* warehouse.reserve({ creditId, amount: "1" })).id, "r-1")
      assert.strictEqual((yield* Stream.runCollect(registry.public.projects)).length, 0)
      for (const [name, missing] of [
        ["warehouse.release", warehouse.release(held.id)],
        ["inventory.credits", inventory.credits],
        ["inventory.requests.all", Stream.runCollect(inventory.requests.all)],
        ["public.examiner.projects", Stream.runCollect(registry.public.examiner.projects)]
      ] as const) {
        const exit = yield* Effect.exit<unknown, unknown, never>(missing)
        assert.include(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", `was given no ${name}`)
      }
    }).pipe(Effect.provide(layer))
  )
})
