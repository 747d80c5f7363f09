import { makeMemory } from "@effect-icr/app/Claims"
import type { IcrError } from "@effect-icr/app/IcrError"
import { InstallStates } from "@effect-icr/app/InstallStates"
import { WebhookDeduplication } from "@effect-icr/app/WebhookDeduplication"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"

describe("Claims.makeMemory", () => {
  it.effect("lets the oldest go beyond its capacity, and no other", () =>
    Effect.gen(function* () {
      const { claim } = yield* makeMemory(2)
      const isFirst = (key: string) => claim(key, Duration.hours(1))
      for (const key of ["a", "b", "c"]) assert.isTrue(yield* isFirst(key))
      assert.isFalse(yield* isFirst("b"))
      assert.isFalse(yield* isFirst("c"))
      assert.isTrue(yield* isFirst("a"))
    })
  )
})

const built = <A>(layer: Layer.Layer<A, IcrError>) => Effect.asVoid(Effect.scoped(Layer.build(layer)))

for (const [name, build] of [
  ["WebhookDeduplication", (capacity?: number) => built(WebhookDeduplication.layerMemory(capacity))],
  ["InstallStates", (capacity?: number) => built(InstallStates.layerMemory(capacity))]
] as const) {
  describe(`${name}.layerMemory`, () => {
    it.effect("has room for one at the least: any other capacity is refused by name", () =>
      Effect.gen(function* () {
        for (const capacity of [Number.NaN, 0, -1, 1.5]) {
          const { reason } = yield* Effect.flip(build(capacity))
          assert.strictEqual(reason._tag, "Configuration")
          assert.include(reason.message, "capacity")
        }
        yield* build(1)
        yield* build()
      })
    )
  })
}
