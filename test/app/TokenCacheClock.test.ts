/** What a token's end means when clocks disagree or move. */
import type { IcrError } from "@effect-icr/app/IcrError"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { appOver, cacheOver, idOf, makeRegistry, reasonOf, textOf, tokenBody } from "../support/registry.ts"
import { makeStore } from "../support/tokenStore.ts"

const acme = idOf("acme")
const second = 1000
const minute = 60 * second
const hour = 60 * minute

describe("the clock", () => {
  for (const [name, ahead] of [
    ["ahead of", hour],
    ["behind", -hour]
  ] as const) {
    it.effect(`expiry is judged by the registry's clock, an hour ${name} ours`, () => {
      const registry = makeRegistry()
      registry.ahead = ahead
      registry.life = 100 * minute
      return Effect.gen(function* () {
        const cache = yield* TokenCache
        yield* TestClock.setTime(1_800_000_000_000)
        yield* cache.installationToken(acme)
        // The Date header has whole seconds.
        yield* TestClock.adjust(100 * minute - second)
        assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_1")
        yield* TestClock.adjust(2 * second)
        assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_2")
      }).pipe(
        Effect.provide(appOver(registry, { refreshWindow: 0, forcedRefreshWindow: 0 })),
        Effect.provide(Logger.layer([]))
      )
    })
  }

  for (const [name, life, options, margin] of [
    ["3 s", 2 * hour, {}, 3 * second],
    ["a hundredth of its life", 100 * second, {}, second],
    ["what endMargin says", 2 * hour, { endMargin: "1 minute" }, minute]
  ] as const) {
    it.effect(`a token counts as ended ${name} before its end, held or from a store`, () => {
      const registry = makeRegistry()
      registry.life = life
      const store = makeStore()
      const cache = () =>
        appOver(registry, { refreshWindow: 0, forcedRefreshWindow: 0, endMargin: undefined, ...options }).pipe(
          Layer.provide(store.layer),
          Layer.fresh
        )
      const ask = Effect.flatMap(TokenCache, (cache) => cache.installationToken(acme))
      return Effect.gen(function* () {
        yield* ask
        yield* TestClock.adjust(life - margin - 1)
        assert.strictEqual(textOf(yield* ask), "crs_1")
        assert.strictEqual(textOf(yield* Effect.provide(ask, cache())), "crs_1")
        yield* TestClock.adjust(1)
        assert.strictEqual(textOf(yield* Effect.provide(ask, cache())), "crs_2")
      }).pipe(Effect.provide(cache()))
    })
  }

  it.effect("an answer that was kept for hours brings no token, although its date sets the clock back", () => {
    const registry = makeRegistry()
    registry.ahead = -5 * hour
    return Effect.gen(function* () {
      yield* TestClock.setTime(1_800_000_000_000)
      const reason = yield* reasonOf(Effect.flatMap(TokenCache, (cache) => cache.installationToken(acme)))
      assert.strictEqual(reason._tag, "ClockSkew")
    }).pipe(Effect.provide(appOver(registry)), Effect.provide(Logger.layer([])))
  })

  it.effect("the server's end of the token counts, not a constant", () => {
    const registry = makeRegistry()
    registry.life = 10 * minute
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      yield* TestClock.adjust(10 * minute)
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_2")
    }).pipe(Effect.provide(appOver(registry, { refreshWindow: 0, forcedRefreshWindow: 0 })))
  })

  it.effect("an installation token that claims to live a month is relied on for two hours", () => {
    const registry = makeRegistry()
    registry.life = 31 * 24 * hour
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      yield* cache.appToken
      yield* TestClock.adjust(2 * hour)
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_3")
      assert.strictEqual(textOf(yield* cache.appToken), "crs_2")
    }).pipe(Effect.provide(appOver(registry)))
  })

  /** The wall clock may be set; the monotonic one counts on. */
  const settable = () => {
    const time = { wall: 1_800_000_000_000, monotonic: 5 * second }
    const pass = (millis: number) => {
      time.wall += millis
      time.monotonic += millis
    }
    const nanos = (millis: number) => BigInt(Math.round(millis * 1_000_000))
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
    }).pipe(Effect.provide(cacheOver(counted(), { refreshWindow: 0, forcedRefreshWindow: 0 })))
  })

  it.effect("a token does not outlive its end by the fraction of a millisecond that the wall clock hides", () => {
    const { on, time } = settable()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const ask = on(cache.installationToken(acme))
      yield* ask
      // The token was made late in a millisecond of the wall clock, and is asked for early in that of its end.
      time.wall += 2 * hour
      time.monotonic += 2 * hour - 0.8
      assert.strictEqual(textOf(yield* ask), "crs_2")
    }).pipe(Effect.provide(cacheOver(counted(), { refreshWindow: 0, forcedRefreshWindow: 0 })))
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
    }).pipe(Effect.provide(cacheOver(counted(), { refreshWindow: 0, forcedRefreshWindow: 0 })))
  })

  it.effect("nor does a machine that sleeps while its monotonic clock stands still", () => {
    const { on, time } = settable()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const ask = on(cache.installationToken(acme))
      yield* ask
      time.wall += 2 * hour
      assert.strictEqual(textOf(yield* ask), "crs_2")
    }).pipe(Effect.provide(cacheOver(counted(), { refreshWindow: 0, forcedRefreshWindow: 0 })))
  })

  it.effect("nor does one set back before the machine sleeps", () => {
    const { on, time } = settable()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const ask = on(cache.installationToken(acme))
      yield* ask
      time.wall -= hour
      assert.strictEqual(textOf(yield* ask), "crs_1")
      // Four times half an hour of sleep: each counts, though the wall clock is only an hour further in the end.
      for (let slept = 0; slept < 3; slept++) {
        time.wall += 30 * minute
        assert.strictEqual(textOf(yield* ask), "crs_1")
      }
      time.wall += 30 * minute
      assert.strictEqual(textOf(yield* ask), "crs_2")
    }).pipe(Effect.provide(cacheOver(counted(), { refreshWindow: 0, forcedRefreshWindow: 0 })))
  })

  it.effect(
    "a token already expired on arrival is not cached and not retried: a typed error that hints at clocks",
    () => {
      const registry = makeRegistry()
      registry.life = -90 * second
      return Effect.gen(function* () {
        const cache = yield* TokenCache
        const reason = yield* reasonOf(cache.installationToken(acme))
        assert.strictEqual(reason._tag, "ClockSkew")
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
