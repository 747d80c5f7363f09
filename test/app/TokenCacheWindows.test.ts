/** The refresh window, the forced refresh window, and `minimumValidity`. */
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import {
  appOver,
  cacheOver,
  exact,
  idOf,
  isDone,
  makeRegistry,
  reasonOf,
  started,
  textOf,
  times,
  tokenBody
} from "../support/registry.ts"
import { ask, askWith, down, hour, minute, overRegistry, overRegistryWith, second } from "./support/tokenCache.ts"

describe("the refresh window", () => {
  it.effect("gives the current token at once while one refresh runs behind the callers", () =>
    overRegistry(function* (registry) {
      yield* exact(ask)
      registry.latency = 5 * second
      yield* TestClock.adjust(2 * hour - 5 * minute - 1)
      yield* ask
      assert.strictEqual(registry.exchanges, 1)
      yield* TestClock.adjust(1)
      const tokens = yield* times(100, ask)
      assert.deepStrictEqual([...new Set(tokens.map(textOf))], ["crs_1"])
      assert.strictEqual(registry.exchanges, 2)
      yield* TestClock.adjust(5 * second)
      assert.strictEqual(textOf(yield* ask), "crs_2")
      assert.strictEqual(registry.exchanges, 2)
    })
  )

  it.effect("is never more than half of the token's life, so a short token is not refreshed at every read", () =>
    overRegistry(function* (registry) {
      registry.life = 60 * second
      yield* exact(ask)
      yield* TestClock.adjust(30 * second - 1)
      yield* times(10, ask)
      assert.strictEqual(registry.exchanges, 1)
      yield* TestClock.adjust(1)
      yield* times(10, ask)
      assert.strictEqual(registry.exchanges, 2)
    })
  )

  it.effect("is moved by a jitter for each key, always later and by no more than a fifth", () => {
    let exchanges = 0
    const exchange = (installation: string) =>
      Effect.map(Clock.currentTimeMillis, (now) =>
        tokenBody({ text: `crs_${++exchanges}`, installation, now, life: 2 * hour })
      )
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const ids = Array.from({ length: 200 }, (_, i) => idOf(`i-${i}`))
      const askAll = Effect.forEach(ids, (id) => cache.installationToken(id))
      yield* askAll
      yield* TestClock.adjust(2 * hour - 5 * minute - 1)
      yield* askAll
      assert.strictEqual(exchanges, 200)
      yield* TestClock.adjust(30 * second)
      yield* askAll
      assert.isAbove(exchanges, 220)
      assert.isBelow(exchanges, 380)
      yield* TestClock.adjust(30 * second + 1)
      yield* askAll
      assert.strictEqual(exchanges, 400)
    }).pipe(Effect.provide(cacheOver(exchange)))
  })

  it.effect("of 0 is honoured", () =>
    overRegistryWith({ refreshWindow: 0, forcedRefreshWindow: 0 })(function* (registry) {
      yield* ask
      yield* TestClock.adjust(2 * hour - 1)
      yield* ask
      assert.strictEqual(registry.exchanges, 1)
      yield* TestClock.adjust(1)
      assert.strictEqual(textOf(yield* ask), "crs_2")
    })
  )
})

describe("the forced refresh window", () => {
  it.effect("makes callers wait for the refresh", () =>
    overRegistry(function* (registry) {
      yield* ask
      registry.latency = 5 * second
      yield* TestClock.adjust(2 * hour - 30 * second)
      const caller = yield* started(ask)
      assert.isFalse(isDone(caller))
      yield* TestClock.adjust(5 * second)
      assert.strictEqual(textOf(yield* Fiber.join(caller)), "crs_2")
    })
  )

  it.effect("gives the token that still lives when the refresh fails", () =>
    overRegistry(function* (registry) {
      yield* ask
      registry.latency = 5 * second
      registry.refusal = down
      yield* TestClock.adjust(2 * hour - 30 * second)
      const callers = yield* started(times(10, ask))
      yield* TestClock.adjust(5 * second)
      assert.deepStrictEqual([...new Set((yield* Fiber.join(callers)).map(textOf))], ["crs_1"])
      assert.strictEqual(registry.exchanges, 2)
    })
  )

  it.effect("makes nobody wait longer than 5 s, nor for more than half of what the token still lives", () =>
    overRegistry(function* (registry) {
      yield* ask
      registry.latency = hour
      yield* TestClock.adjust(2 * hour - 30 * second)
      const [first, other] = [yield* started(ask), yield* started(ask)]
      yield* TestClock.adjust(5 * second - 1)
      assert.deepStrictEqual([isDone(first), isDone(other)], [false, false])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual([isDone(first), isDone(other)], [true, true])
      yield* TestClock.adjust(21 * second)
      const late = yield* started(ask)
      yield* TestClock.adjust(2 * second)
      assert.strictEqual(textOf(yield* Fiber.join(late)), "crs_1")
    })
  )

  it.effect("fails nobody while the token lives, though the exchange never answers", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      yield* exact(ask)
      registry.latency = 10 * hour
      yield* TestClock.adjust(2 * hour - 5 * minute)
      const callers: Array<Fiber.Fiber<unknown, unknown>> = []
      for (let passed = 0; passed < 300; passed++) {
        callers.push(yield* started(ask))
        yield* TestClock.adjust(second)
      }
      const exits = callers.map((caller) => caller.pollUnsafe()?._tag)
      assert.deepStrictEqual([...new Set(exits)], ["Success"])
    }).pipe(Effect.provide(appOver(registry, {}, {})))
  })

  it.effect("takes precedence when it is longer than the refresh window", () =>
    overRegistryWith({ refreshWindow: 0, forcedRefreshWindow: "2 minutes" })(function* () {
      yield* ask
      yield* TestClock.adjust(2 * hour - minute)
      assert.strictEqual(textOf(yield* ask), "crs_2")
    })
  )
})

describe("minimumValidity", () => {
  it.effect("gives a token good for at least that long, from the cache while there is one", () =>
    overRegistry(function* (registry) {
      const anHour = { minimumValidity: "1 hour" } as const
      yield* ask
      yield* TestClock.adjust(hour)
      assert.strictEqual(textOf(yield* askWith(anHour)), "crs_1")
      yield* TestClock.adjust(1)
      assert.strictEqual(textOf(yield* askWith(anHour)), "crs_2")
      assert.strictEqual(registry.exchanges, 2)
    })
  )

  for (const minimumValidity of ["2 hours", "1 day"] as const) {
    it.effect(`of ${minimumValidity}, near to or beyond what the registry gives, does not exchange at every call`, () =>
      overRegistry(function* (registry) {
        const long = askWith({ minimumValidity })
        for (let i = 0; i < 20; i++) {
          assert.strictEqual(textOf(yield* long), "crs_1")
          yield* TestClock.adjust(10)
        }
        yield* TestClock.adjust(12 * minute - 200)
        assert.strictEqual(textOf(yield* long), "crs_1")
        yield* TestClock.adjust(1)
        registry.latency = second
        const callers = yield* started(times(10, long))
        yield* TestClock.adjust(second)
        assert.deepStrictEqual([...new Set((yield* Fiber.join(callers)).map(textOf))], ["crs_2"])
      })
    )
  }

  it.effect("is not met by a token that had it when the caller began to wait for a refresh that fails", () =>
    overRegistry(function* (registry) {
      yield* ask
      registry.latency = 5 * second
      registry.refusal = down
      yield* TestClock.adjust(2 * hour - 30 * second)
      const picky = yield* started(reasonOf(askWith({ minimumValidity: "28 seconds" })))
      const plain = yield* started(ask)
      yield* TestClock.adjust(5 * second)
      assert.strictEqual((yield* Fiber.join(picky))._tag, "ServerError")
      assert.strictEqual(textOf(yield* Fiber.join(plain)), "crs_1")
    })
  )

  it.effect("that is negative or no number is refused, and nothing is sent", () =>
    overRegistry(function* (registry) {
      for (const minimumValidity of [-1, Number.NaN, "-1 seconds"] as const) {
        const reason = yield* reasonOf(askWith({ minimumValidity }))
        assert.strictEqual(reason._tag, "InvalidRequest")
      }
      assert.strictEqual(registry.exchanges, 0)
    })
  )
})
