/** How many installations are kept, and which. */
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import {
  appOver,
  cacheOver,
  idOf,
  makeRegistry,
  reasonOf,
  refusal,
  started,
  textOf,
  times,
  tokenBody
} from "../support/registry.ts"

const acme = idOf("acme")
const second = 1000
const minute = 60 * second
const hour = 60 * minute

describe("size", () => {
  it.effect("the least recently used installation is dropped first", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const ask = (name: string) => cache.installationToken(idOf(name))
      yield* Effect.forEach(["a", "b", "c", "a", "d"], ask)
      yield* Effect.forEach(["a", "c", "d"], ask)
      assert.strictEqual(registry.exchanges, 4)
      yield* ask("b")
      assert.strictEqual(registry.exchanges, 5)
    }).pipe(Effect.provide(appOver(registry, { capacity: 3 })))
  })

  it.effect("installations that failed take nobody's place", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      registry.refusal = refusal(503, "down")
      for (let i = 0; i < 5; i++) yield* reasonOf(cache.installationToken(idOf(`failing-${i}`)))
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_1")
      assert.strictEqual(registry.exchanges, 6)
    }).pipe(Effect.provide(appOver(registry, { capacity: 2 })))
  })

  it.effect("a flight is never dropped", () => {
    const registry = makeRegistry()
    registry.latency = 1000
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const first = yield* started(cache.installationToken(acme))
      const crowd = yield* started(
        Effect.forEach(
          Array.from({ length: 50 }, (_, i) => idOf(`crowd-${i}`)),
          (id) => cache.installationToken(id),
          { concurrency: "unbounded" }
        )
      )
      const again = yield* started(cache.installationToken(acme))
      yield* TestClock.adjust(1000)
      yield* Fiber.join(crowd)
      assert.deepStrictEqual([textOf(yield* Fiber.join(first)), textOf(yield* Fiber.join(again))], ["crs_1", "crs_1"])
      assert.strictEqual(registry.perInstallation.get("acme"), 1)
    }).pipe(Effect.provide(appOver(registry, { capacity: 2 })))
  })

  it.effect("100,000 installations stay within the default of 10,000 keys", () => {
    let exchanges = 0
    const exchange = (installation: string) =>
      Effect.sync(() => tokenBody({ text: `crs_${++exchanges}`, installation, now: 0, life: 2 * hour }))
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

  it.effect("a capacity of 0 is honoured: nothing is kept, and there is still one flight", () => {
    const registry = makeRegistry()
    registry.latency = 250
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const callers = yield* started(times(10, cache.installationToken(acme)))
      yield* TestClock.adjust(250)
      yield* Fiber.join(callers)
      assert.strictEqual(registry.exchanges, 1)
      const next = yield* started(cache.installationToken(acme))
      yield* TestClock.adjust(250)
      assert.strictEqual(textOf(yield* Fiber.join(next)), "crs_2")
    }).pipe(Effect.provide(appOver(registry, { capacity: 0 })))
  })
})
