import { makeMemory } from "@effect-icr/app/DeduplicationStore"
import type { IcrError } from "@effect-icr/app/IcrError"
import { InstallStates } from "@effect-icr/webhooks/InstallStates"
import { WebhookDeduplication } from "@effect-icr/webhooks/WebhookDeduplication"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"

describe("DeduplicationStore.makeMemory", () => {
  it.effect("drops the oldest claim beyond its capacity, and no other", () =>
    Effect.gen(function* () {
      const { claim } = yield* makeMemory(2)
      const isFirst = (key: string) => claim(key, Duration.hours(1))
      for (const key of ["a", "b", "c"]) assert.isTrue(yield* isFirst(key))
      assert.isFalse(yield* isFirst("b"))
      assert.isFalse(yield* isFirst("c"))
      assert.isTrue(yield* isFirst("a"))
    })
  )

  it.effect("remembers the newest half of its capacity, and no more claims than its capacity", () =>
    Effect.gen(function* () {
      for (const capacity of [4, 10, 100]) {
        for (let claims = 1; claims <= 3 * capacity; claims++) {
          const { claim } = yield* makeMemory(capacity)
          const isFirst = (key: number) => claim(String(key), Duration.hours(1))
          for (let key = 1; key <= claims; key++) assert.isTrue(yield* isFirst(key))
          // From the newest claim back to the first one that is forgotten; asking for it claims it, so the search ends there.
          let remembered = 0
          while (remembered < claims && !(yield* isFirst(claims - remembered))) remembered++
          assert.isAtLeast(remembered, Math.min(claims, capacity / 2))
          assert.isAtMost(remembered, capacity)
        }
      }
    })
  )

  it.effect(
    "lets a key be claimed again when it was released, or its time has passed, in whichever generation it is",
    () =>
      Effect.gen(function* () {
        const { claim, release } = yield* makeMemory(4)
        const isFirst = (key: string) => claim(key, Duration.minutes(10))
        for (const key of ["a", "b", "c"]) assert.isTrue(yield* isFirst(key))
        for (const key of ["a", "c"]) {
          yield* release(key)
          assert.isTrue(yield* isFirst(key))
          assert.isFalse(yield* isFirst(key))
        }
        yield* TestClock.adjust("9 minutes")
        assert.isFalse(yield* isFirst("b"))
        yield* TestClock.adjust("1 minute")
        for (const key of ["b", "c"]) {
          assert.isTrue(yield* isFirst(key))
          assert.isFalse(yield* isFirst(key))
        }
      })
  )

  it.effect("gives a key to one of many callers at once", () =>
    Effect.gen(function* () {
      const { claim } = yield* makeMemory()
      const firsts = yield* Effect.forEach(
        Array.from({ length: 1000 }),
        () => Effect.andThen(Effect.yieldNow, claim("a", Duration.hours(1))),
        { concurrency: "unbounded" }
      )
      assert.strictEqual(firsts.filter((isFirst) => isFirst).length, 1)
    })
  )
})

const built = <A>(layer: Layer.Layer<A, IcrError>) => Effect.asVoid(Effect.scoped(Layer.build(layer)))

for (const [name, build] of [
  ["WebhookDeduplication", (capacity: number) => built(WebhookDeduplication.layerMemoryWith({ capacity }))],
  ["InstallStates", (capacity: number) => built(InstallStates.layerMemoryWith({ capacity }))]
] as const) {
  describe(`${name}.layerMemoryWith`, () => {
    it.effect("refuses a capacity below one, or that is not a whole number, by name", () =>
      Effect.gen(function* () {
        for (const capacity of [Number.NaN, 0, -1, 1.5]) {
          const { reason } = yield* Effect.flip(build(capacity))
          assert.strictEqual(reason._tag, "Configuration")
          assert.include(reason.message, "capacity")
        }
        yield* build(1)
      })
    )
  })
}
