import { makeMemory } from "@effect-icr/app/Claims"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"

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
