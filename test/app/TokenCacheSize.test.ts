/** How many installations are kept, and which. */
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { cacheOver, idOf, reasonOf, started, textOf, times, tokenBody } from "../support/registry.ts"
import { ask, down, hour, minute, overRegistryWith } from "./support/tokenCache.ts"

describe("the capacity of the token cache", () => {
  it.effect("the token that ends soonest is dropped first, however recently it was read", () =>
    overRegistryWith({ capacity: 3 })(function* (registry) {
      const cache = yield* TokenCache
      const askFor = (name: string) => Effect.andThen(TestClock.adjust(minute), cache.installationToken(idOf(name)))
      yield* Effect.forEach(["a", "b", "c"], askFor)
      yield* cache.installationTokenWith(idOf("a"), { forceRefresh: true })
      // The registry gave b's token before those of c and, anew, of a.
      yield* askFor("b")
      yield* askFor("d")
      yield* Effect.forEach(["a", "c", "d"], askFor)
      assert.strictEqual(registry.exchanges, 5)
      yield* askFor("b")
      assert.strictEqual(registry.exchanges, 6)
    })
  )

  it.effect("installations that failed take nobody's place", () =>
    overRegistryWith({ capacity: 2 })(function* (registry) {
      const cache = yield* TokenCache
      yield* ask
      registry.refusal = down
      for (let i = 0; i < 5; i++) yield* reasonOf(cache.installationToken(idOf(`failing-${i}`)))
      assert.strictEqual(textOf(yield* ask), "crs_1")
      assert.strictEqual(registry.exchanges, 6)
    })
  )

  it.effect("an installation with an exchange under way is never dropped", () =>
    overRegistryWith({ capacity: 2 })(function* (registry) {
      registry.latency = 1000
      const cache = yield* TokenCache
      const first = yield* started(ask)
      const crowd = yield* started(
        Effect.forEach(
          Array.from({ length: 50 }, (_, i) => idOf(`crowd-${i}`)),
          (id) => cache.installationToken(id),
          { concurrency: "unbounded" }
        )
      )
      const again = yield* started(ask)
      yield* TestClock.adjust(1000)
      yield* Fiber.join(crowd)
      assert.deepStrictEqual([textOf(yield* Fiber.join(first)), textOf(yield* Fiber.join(again))], ["crs_1", "crs_1"])
      assert.strictEqual(registry.perInstallation.get("acme"), 1)
    })
  )

  it.effect("100,000 installations stay within the default capacity of 10,000", () => {
    let exchanges = 0
    // Two thousand end in each minute.
    const exchange = (installation: string) =>
      Effect.sync(() => {
        const life = hour + Math.floor(exchanges / 2000) * minute
        return tokenBody({ text: `crs_${++exchanges}`, installation, now: 0, life })
      })
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      for (let i = 0; i < 100_000; i++) yield* cache.installationToken(idOf(`i-${i}`))
      assert.strictEqual(exchanges, 100_000)
      // The last 10,000 are still there, and no other.
      for (let i = 99_999; i >= 90_000; i--) yield* cache.installationToken(idOf(`i-${i}`))
      assert.strictEqual(exchanges, 100_000)
      yield* cache.installationToken(idOf("i-89999"))
      assert.strictEqual(exchanges, 100_001)
    }).pipe(Effect.provide(cacheOver(exchange)))
  })

  it.effect("a capacity of 0 is honoured: nothing is kept, and concurrent callers still share one exchange", () =>
    overRegistryWith({ capacity: 0 })(function* (registry) {
      registry.latency = 250
      const callers = yield* started(times(10, ask))
      yield* TestClock.adjust(250)
      yield* Fiber.join(callers)
      assert.strictEqual(registry.exchanges, 1)
      const next = yield* started(ask)
      yield* TestClock.adjust(250)
      assert.strictEqual(textOf(yield* Fiber.join(next)), "crs_2")
    })
  )
})
