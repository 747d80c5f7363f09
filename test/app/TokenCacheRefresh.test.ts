/** Soft and hard window, an issuer that is down, and clocks. */
import type { IcrError } from "@effect-icr/app/IcrError"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Layer, Logger, Metric, Random } from "effect"
import { TestClock } from "effect/testing"
import {
  appOver,
  cacheOver,
  idOf,
  isDone,
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

/** Keeps what is logged. */
const captured = () => {
  const lines: Array<string> = []
  const layer = Logger.layer([
    Logger.make(({ logLevel, message }) => {
      lines.push(`${logLevel} ${[message].flat().join(" ")}`)
    })
  ])
  return { lines, layer }
}

/** No jitter: windows begin exactly where the options say. */
const exact = Effect.provideService(Random.Random, { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 0 })

describe("the soft window", () => {
  it.effect("gives the current token at once while one refresh runs behind the callers", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* exact(cache.installationToken(acme))
      registry.latency = 5 * second
      yield* TestClock.adjust(2 * hour - 5 * minute - 1)
      yield* cache.installationToken(acme)
      assert.strictEqual(registry.exchanges, 1)
      yield* TestClock.adjust(1)
      const tokens = yield* times(100, cache.installationToken(acme))
      assert.deepStrictEqual([...new Set(tokens.map(textOf))], ["crs_1"])
      assert.strictEqual(registry.exchanges, 2)
      yield* TestClock.adjust(5 * second)
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_2")
      assert.strictEqual(registry.exchanges, 2)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect(
    "is never more than half of the token's life, so a short token is not refreshed at every read (D11)",
    () => {
      const registry = makeRegistry()
      registry.life = 60 * second
      return Effect.gen(function* () {
        const cache = yield* TokenCache
        yield* exact(cache.installationToken(acme))
        yield* TestClock.adjust(30 * second - 1)
        yield* times(10, cache.installationToken(acme))
        assert.strictEqual(registry.exchanges, 1)
        yield* TestClock.adjust(1)
        yield* times(10, cache.installationToken(acme))
        assert.strictEqual(registry.exchanges, 2)
      }).pipe(Effect.provide(appOver(registry)))
    }
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

  it.effect("of 0 is honoured (D14)", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      yield* TestClock.adjust(2 * hour - 1)
      yield* cache.installationToken(acme)
      assert.strictEqual(registry.exchanges, 1)
      yield* TestClock.adjust(1)
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_2")
    }).pipe(Effect.provide(appOver(registry, { softWindow: 0, hardWindow: 0 })))
  })
})

describe("the hard window", () => {
  it.effect("makes callers wait for the refresh", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      registry.latency = 5 * second
      yield* TestClock.adjust(2 * hour - 30 * second)
      const caller = yield* started(cache.installationToken(acme))
      assert.isFalse(isDone(caller))
      yield* TestClock.adjust(5 * second)
      assert.strictEqual(textOf(yield* Fiber.join(caller)), "crs_2")
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("gives the token that still lives when the refresh fails (D15)", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      registry.latency = 5 * second
      registry.refusal = refusal(503, "down")
      yield* TestClock.adjust(2 * hour - 30 * second)
      const callers = yield* started(times(10, cache.installationToken(acme)))
      yield* TestClock.adjust(5 * second)
      assert.deepStrictEqual([...new Set((yield* Fiber.join(callers)).map(textOf))], ["crs_1"])
      assert.strictEqual(registry.exchanges, 2)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("longer than the soft one counts all the same", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      yield* TestClock.adjust(2 * hour - minute)
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_2")
    }).pipe(Effect.provide(appOver(registry, { softWindow: 0, hardWindow: "2 minutes" })))
  })
})

describe("minimumValidity", () => {
  it.effect("gives a token good for at least that long, from the cache while there is one", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const anHour = { minimumValidity: "1 hour" } as const
      yield* cache.installationToken(acme)
      yield* TestClock.adjust(hour)
      assert.strictEqual(textOf(yield* cache.installationToken(acme, anHour)), "crs_1")
      yield* TestClock.adjust(1)
      assert.strictEqual(textOf(yield* cache.installationToken(acme, anHour)), "crs_2")
      assert.strictEqual(registry.exchanges, 2)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("beyond what the registry gives costs one exchange and gets the best there is", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const aDay = cache.installationToken(acme, { minimumValidity: "1 day" })
      for (let i = 1; i <= 10; i++) assert.strictEqual(textOf(yield* aDay), `crs_${i}`)
      registry.latency = second
      const callers = yield* started(times(10, aDay))
      yield* TestClock.adjust(second)
      assert.deepStrictEqual([...new Set((yield* Fiber.join(callers)).map(textOf))], ["crs_11"])
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("is not met by a token that had it when the caller began to wait for a refresh that fails", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      registry.latency = 5 * second
      registry.refusal = refusal(503, "down")
      yield* TestClock.adjust(2 * hour - 30 * second)
      const picky = yield* started(reasonOf(cache.installationToken(acme, { minimumValidity: "28 seconds" })))
      const plain = yield* started(cache.installationToken(acme))
      yield* TestClock.adjust(5 * second)
      assert.strictEqual((yield* Fiber.join(picky))._tag, "ServerError")
      assert.strictEqual(textOf(yield* Fiber.join(plain)), "crs_1")
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("that is negative or no number is refused, and nothing is sent", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      for (const minimumValidity of [-1, Number.NaN, "-1 seconds"] as const) {
        const reason = yield* reasonOf(cache.installationToken(acme, { minimumValidity }))
        assert.strictEqual(reason._tag, "InvalidRequest")
      }
      assert.strictEqual(registry.exchanges, 0)
    }).pipe(Effect.provide(appOver(registry)))
  })
})

describe("an issuer that is down", () => {
  it.effect(
    "leaves the token in use until its end, is tried once per growing pause and warned of once per pause",
    () => {
      const registry = makeRegistry()
      const log = captured()
      return Effect.gen(function* () {
        const cache = yield* TokenCache
        yield* exact(cache.installationToken(acme))
        registry.refusal = refusal(503, "down")
        yield* TestClock.adjust(2 * hour - 5 * minute)
        const tries: Array<number> = []
        for (let t = 0; t < 300; t++) {
          const before = registry.exchanges
          const tokens = yield* times(3, cache.installationToken(acme))
          assert.deepStrictEqual(tokens.map(textOf), ["crs_1", "crs_1", "crs_1"])
          if (registry.exchanges > before) tries.push(t)
          yield* TestClock.adjust(second)
        }
        assert.deepStrictEqual(tries, [0, 10, 30, 70, 150, 270])
        assert.strictEqual(registry.exchanges, 1 + tries.length)
        assert.deepStrictEqual(
          log.lines.map((line) => /^Warn .*next try in (\d+) s/.exec(line)?.[1]),
          ["10", "20", "40", "80", "120", "120"]
        )
      }).pipe(Effect.provide(appOver(registry)), Effect.provide(log.layer))
    }
  )

  it.effect("after the token's end callers get the typed reason at once, not a wait", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      registry.refusal = refusal(503, "down")
      yield* TestClock.adjust(2 * hour - minute)
      yield* cache.installationToken(acme)
      yield* TestClock.adjust(minute)
      assert.strictEqual((yield* reasonOf(cache.installationToken(acme)))._tag, "ServerError")
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("heals by itself", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      registry.refusal = refusal(503, "down")
      yield* TestClock.adjust(2 * hour - minute)
      yield* cache.installationToken(acme)
      registry.refusal = undefined
      yield* TestClock.adjust(10 * second)
      yield* cache.installationToken(acme)
      yield* TestClock.adjust(1)
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_3")
      yield* TestClock.adjust(hour)
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_3")
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("costs a caller who forces a refresh within a pause no second warning", () => {
    const registry = makeRegistry()
    const log = captured()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      registry.refusal = refusal(503, "down")
      yield* TestClock.adjust(2 * hour - minute)
      yield* cache.installationToken(acme)
      yield* Effect.flip(cache.installationToken(acme, { forceRefresh: true }))
      yield* Effect.flip(cache.installationToken(acme, { forceRefresh: true }))
      assert.strictEqual(log.lines.length, 1)
      yield* TestClock.adjust(10 * second)
      const before = registry.exchanges
      yield* cache.installationToken(acme)
      assert.strictEqual(registry.exchanges, before + 1)
    }).pipe(Effect.provide(appOver(registry)), Effect.provide(log.layer))
  })
})

describe("the clock", () => {
  it.effect("expiry is judged by the registry's clock", () => {
    const registry = makeRegistry()
    // This machine is an hour late: by its own clock a token would seem to live three hours.
    registry.ahead = hour
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* TestClock.setTime(1_800_000_000_000)
      yield* cache.installationToken(acme)
      yield* TestClock.adjust(2 * hour - 1)
      yield* cache.installationToken(acme)
      yield* TestClock.adjust(1)
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_2")
    }).pipe(Effect.provide(appOver(registry, { softWindow: 0, hardWindow: 0 })))
  })

  it.effect("the server's end of the token counts, not a constant (D2, D7)", () => {
    const registry = makeRegistry()
    registry.life = 10 * minute
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      yield* TestClock.adjust(10 * minute)
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_2")
    }).pipe(Effect.provide(appOver(registry, { softWindow: 0, hardWindow: 0 })))
  })

  it.effect("an installation token that claims to live a month is relied on for two hours", () => {
    const registry = makeRegistry()
    registry.life = 31 * 24 * hour
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      yield* cache.appToken()
      yield* TestClock.adjust(2 * hour)
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_3")
      assert.strictEqual(textOf(yield* cache.appToken()), "crs_2")
    }).pipe(Effect.provide(appOver(registry)))
  })

  /** The wall clock may be set; the monotonic one counts on. */
  const settable = () => {
    const time = { wall: 1_800_000_000_000, monotonic: 5 * second }
    const pass = (millis: number) => {
      time.wall += millis
      time.monotonic += millis
    }
    const nanos = (millis: number) => BigInt(millis) * 1_000_000n
    const clock: Clock.Clock = {
      currentTimeMillisUnsafe: () => time.wall,
      currentTimeMillis: Effect.sync(() => time.wall),
      currentTimeNanosUnsafe: () => nanos(time.wall),
      currentTimeNanos: Effect.sync(() => nanos(time.wall)),
      monotonicTimeNanosUnsafe: () => nanos(time.monotonic),
      monotonicTimeNanos: Effect.sync(() => nanos(time.monotonic)),
      sleep: () => Effect.never
    }
    return { time, pass, on: Effect.provideService(Clock.Clock, clock) }
  }

  const counted = () => {
    let exchanges = 0
    return (installation: string): Effect.Effect<object, IcrError> =>
      Effect.map(Clock.currentTimeMillis, (now) =>
        tokenBody({ text: `crs_${++exchanges}`, installation, now, life: 2 * hour })
      )
  }

  it.effect("a local clock jumping back never prolongs a token", () => {
    const { on, pass, time } = settable()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const ask = on(cache.installationToken(acme))
      yield* ask
      for (let passed = 0; passed < 2 * hour; passed += 10 * minute) {
        assert.strictEqual(textOf(yield* ask), "crs_1")
        pass(10 * minute)
        time.wall -= 9 * minute
      }
      assert.strictEqual(textOf(yield* ask), "crs_2")
    }).pipe(Effect.provide(cacheOver(counted(), { softWindow: 0, hardWindow: 0 })))
  })

  it.effect("neither does one set back to the very moment of the last reading", () => {
    const { on, pass, time } = settable()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const ask = on(cache.installationToken(acme))
      yield* ask
      pass(2 * hour)
      time.wall -= 2 * hour
      assert.strictEqual(textOf(yield* ask), "crs_2")
    }).pipe(Effect.provide(cacheOver(counted(), { softWindow: 0, hardWindow: 0 })))
  })

  it.effect("nor does a machine that sleeps while its monotonic clock stands still", () => {
    const { on, time } = settable()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const ask = on(cache.installationToken(acme))
      yield* ask
      time.wall += 2 * hour
      assert.strictEqual(textOf(yield* ask), "crs_2")
    }).pipe(Effect.provide(cacheOver(counted(), { softWindow: 0, hardWindow: 0 })))
  })

  it.effect(
    "a token already expired on arrival is not cached and not retried: a typed error that hints at clocks",
    () => {
      const registry = makeRegistry()
      registry.life = -90 * second
      return Effect.gen(function* () {
        const cache = yield* TokenCache
        const reason = yield* reasonOf(cache.installationToken(acme))
        assert.strictEqual(reason._tag, "Clock")
        assert.include(reason.message, "90 s ago")
        assert.include(reason.message, "clock")
        assert.strictEqual(registry.exchanges, 1)
        registry.life = hour
        assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_2")
      }).pipe(Effect.provide(appOver(registry, {}, {})))
    }
  )

  it.effect("such a token does not displace the one that still lives", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      registry.life = 0
      yield* TestClock.adjust(2 * hour - minute)
      yield* cache.installationToken(acme)
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_1")
      assert.strictEqual(registry.exchanges, 2)
    }).pipe(Effect.provide(appOver(registry)))
  })
})

describe("options", () => {
  const build = (options: Parameters<typeof appOver>[1]) =>
    Effect.exit(Effect.scoped(Layer.build(appOver(makeRegistry(), options))))

  it.effect("are validated when the layer is built: negative and NaN refused by name", () =>
    Effect.gen(function* () {
      for (const name of ["softWindow", "hardWindow", "pause", "maxPause"] as const) {
        for (const value of [-1, Number.NaN, "-1 seconds", Duration.seconds(-1)]) {
          const reason = yield* reasonOf(
            Effect.asVoid(Effect.scoped(Layer.build(appOver(makeRegistry(), { [name]: value }))))
          )
          assert.strictEqual(reason._tag, "Configuration")
          assert.include(reason.message, name)
        }
      }
      for (const capacity of [-1, Number.NaN, 1.5]) {
        const reason = yield* reasonOf(Effect.asVoid(Effect.scoped(Layer.build(appOver(makeRegistry(), { capacity })))))
        assert.include(reason.message, "capacity")
      }
    })
  )

  it.effect("0 is honoured for all of them", () =>
    Effect.gen(function* () {
      const exit = yield* build({ softWindow: 0, hardWindow: 0, pause: 0, maxPause: 0, capacity: 0 })
      assert.strictEqual(exit._tag, "Success")
    })
  )

  it.effect("a pause of 0 tries again at every call", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      registry.refusal = refusal(503, "down")
      yield* TestClock.adjust(2 * hour - minute)
      for (let i = 0; i < 5; i++) {
        yield* cache.installationToken(acme)
        yield* TestClock.adjust(1)
      }
      assert.strictEqual(registry.exchanges, 6)
    }).pipe(Effect.provide(appOver(registry, { pause: 0 })))
  })
})

describe("metrics", () => {
  it.effect("count what happens, without a label for each installation", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      registry.latency = second
      const cold = yield* started(times(5, cache.installationToken(acme)))
      yield* TestClock.adjust(second)
      yield* Fiber.join(cold)
      yield* times(3, cache.installationToken(acme))
      registry.latency = 0
      yield* TestClock.adjust(2 * hour - minute)
      registry.refusal = refusal(503, "down")
      yield* cache.installationToken(acme)
      registry.refusal = undefined
      yield* TestClock.adjust(10 * second)
      yield* cache.installationToken(acme)
      yield* cache.installationToken(idOf("other"))
      const found = (yield* Metric.snapshot).filter(({ id }) => id.startsWith("icr_token_"))
      assert.deepStrictEqual(
        Object.fromEntries(found.map(({ id, state }) => [id, "count" in state ? state.count : undefined])),
        {
          icr_token_joined: 4,
          icr_token_minted: 2,
          icr_token_served: 5,
          icr_token_refreshed: 1,
          icr_token_refresh_failed: 1,
          icr_token_evicted: 1
        }
      )
      assert.isTrue(found.every(({ attributes }) => Object.keys(attributes ?? {}).length === 0))
    }).pipe(Effect.provide(appOver(registry, { capacity: 1 })), Effect.provideService(Metric.MetricRegistry, new Map()))
  })
})
