/** Single flight: how many exchanges there are, whoever asks, leaves or fails. */
import { AppId } from "@effect-icr/app/domain/Ids"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { IcrHttp } from "@effect-icr/app/IcrHttp"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
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
  times
} from "../support/registry.ts"

const acme = idOf("acme")
const other = idOf("other")
const hour = 3_600_000

describe("the token cache exchanges once for all callers", () => {
  it.effect("10,000 concurrent cold callers share one exchange", () => {
    const registry = makeRegistry()
    registry.latency = 250
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const callers = yield* started(times(10_000, cache.installationToken(acme)))
      yield* TestClock.adjust(250)
      const tokens = yield* Fiber.join(callers)
      assert.strictEqual(tokens.length, 10_000)
      assert.deepStrictEqual([...new Set(tokens.map(textOf))], ["crs_1"])
      assert.strictEqual(registry.exchanges, 1)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("10,000 concurrent callers at expiry share one exchange", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      registry.latency = 250
      yield* TestClock.adjust(2 * hour)
      const callers = yield* started(times(10_000, cache.installationToken(acme)))
      yield* TestClock.adjust(250)
      assert.deepStrictEqual([...new Set((yield* Fiber.join(callers)).map(textOf))], ["crs_2"])
      assert.strictEqual(registry.exchanges, 2)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("10,000 concurrent callers of the app token share one exchange", () => {
    const registry = makeRegistry()
    registry.latency = 250
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const callers = yield* started(times(10_000, cache.appToken))
      yield* TestClock.adjust(250)
      yield* Fiber.join(callers)
      assert.strictEqual(registry.exchanges, 1)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("callers of different installations never wait for each other", () => {
    const registry = makeRegistry()
    registry.latency = 5000
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const slow = yield* started(cache.installationToken(acme))
      registry.latency = 0
      assert.strictEqual(textOf(yield* cache.installationToken(other)), "crs_2")
      assert.isFalse(isDone(slow))
      yield* TestClock.adjust(5000)
      assert.strictEqual(textOf(yield* Fiber.join(slow)), "crs_1")
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("the caller that began the exchange may be interrupted: the rest get the token", () => {
    const registry = makeRegistry()
    registry.latency = 250
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const first = yield* started(cache.installationToken(acme))
      const rest = yield* started(times(10, cache.installationToken(acme)))
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust(250)
      assert.deepStrictEqual([...new Set((yield* Fiber.join(rest)).map(textOf))], ["crs_1"])
      assert.strictEqual(registry.exchanges, 1)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("a caller that times out leaves the others waiting", () => {
    const registry = makeRegistry()
    registry.latency = 250
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const patient = yield* started(cache.installationToken(acme))
      const hasty = yield* started(Effect.timeoutOption(cache.installationToken(acme), 100))
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(hasty))._tag, "None")
      assert.isFalse(isDone(patient))
      yield* TestClock.adjust(150)
      assert.strictEqual(textOf(yield* Fiber.join(patient)), "crs_1")
      assert.strictEqual(registry.exchanges, 1)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("the exchange goes on even when everybody has left, and serves the next caller", () => {
    const registry = makeRegistry()
    registry.latency = 250
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const only = yield* started(cache.installationToken(acme))
      yield* Fiber.interrupt(only)
      yield* TestClock.adjust(250)
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_1")
      assert.strictEqual(registry.exchanges, 1)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("a failed exchange fails all its callers, and the next call tries again", () => {
    const registry = makeRegistry()
    registry.latency = 250
    registry.refusal = refusal(503, "down")
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const callers = yield* started(times(100, reasonOf(cache.installationToken(acme))))
      yield* TestClock.adjust(250)
      assert.deepStrictEqual([...new Set((yield* Fiber.join(callers)).map(({ _tag }) => _tag))], ["ServerError"])
      assert.strictEqual(registry.exchanges, 1)
      registry.refusal = undefined
      const next = yield* started(cache.installationToken(acme))
      yield* TestClock.adjust(250)
      assert.strictEqual(textOf(yield* Fiber.join(next)), "crs_2")
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("closing the layer interrupts the exchange and its callers, and later callers do not hang", () => {
    const registry = makeRegistry()
    registry.latency = hour
    return Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(
        appOver(registry, {}, { retry: false, deadline: "3 hours", attemptTimeout: "3 hours" }),
        scope
      )
      const cache = Context.get(context, TokenCache)
      const waiting = yield* started(cache.installationToken(acme))
      yield* Scope.close(scope, Exit.void)
      const exit = yield* Fiber.await(waiting)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      const late = yield* Effect.exit(cache.installationToken(acme))
      assert.isTrue(Exit.isFailure(late) && Cause.hasInterruptsOnly(late.cause))
      yield* TestClock.adjust(2 * hour)
      assert.strictEqual(registry.issued.length, 0)
    })
  })

  it.effect("a caller that comes while the layer closes does not hang", () =>
    Effect.gen(function* () {
      const hasEnded = yield* Deferred.make<void>()
      let exchanges = 0
      const slowToEnd = cacheOver(() =>
        Effect.sync(() => ++exchanges).pipe(
          Effect.andThen(Effect.never),
          Effect.onInterrupt(() => Deferred.await(hasEnded))
        )
      )
      const scope = yield* Scope.make()
      const cache = Context.get(yield* Layer.buildWithScope(slowToEnd, scope), TokenCache)
      const waiting = yield* started(cache.installationToken(acme))
      const closing = yield* started(Scope.close(scope, Exit.void))
      const late = yield* started(cache.installationToken(other))
      assert.isFalse(isDone(closing))
      yield* Deferred.succeed(hasEnded, undefined)
      yield* Fiber.join(closing)
      for (const caller of [waiting, late]) {
        const exit = yield* Fiber.await(caller)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      }
      assert.strictEqual(exchanges, 1)
      // A caller who forces a refresh must not wait for the exchange that never began.
      const forced = yield* started(cache.installationTokenWith(other, { forceRefresh: true }))
      assert.isTrue(isDone(forced))
    })
  )

  it.effect("two apps in one process share nothing, though they ask for the same installation", () => {
    const registry = makeRegistry()
    registry.latency = 250
    const layer = (appId: string) =>
      TokenCache.layer.pipe(
        Layer.provide([
          Layer.effect(
            IcrHttp,
            Effect.map(IcrHttp, (http) => http)
          ).pipe(Layer.provide(appOver(registry))),
          Signer.layerTest(appId),
          ServerClock.layer,
          IcrConfig.layerWith({ appId: AppId.make(appId), baseUrl: "http://localhost" })
        ]),
        Layer.fresh
      )
    return Effect.gen(function* () {
      const one = Context.get(yield* Layer.build(layer("1")), TokenCache)
      const two = Context.get(yield* Layer.build(layer("2")), TokenCache)
      const both = yield* started(
        Effect.all([one.installationToken(acme), two.installationToken(acme)], { concurrency: "unbounded" })
      )
      yield* TestClock.adjust(250)
      assert.deepStrictEqual((yield* Fiber.join(both)).map(textOf), ["crs_1", "crs_2"])
    })
  })
})

describe("a forced refresh", () => {
  it.effect("returns the token of an exchange that begins after the call, even when one is under way", () => {
    const registry = makeRegistry()
    registry.latency = 250
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const plain = yield* started(cache.installationToken(acme))
      yield* TestClock.adjust(100)
      const forced = yield* started(cache.installationTokenWith(acme, { forceRefresh: true }))
      assert.strictEqual(registry.exchanges, 1)
      yield* TestClock.adjust(150)
      assert.strictEqual(textOf(yield* Fiber.join(plain)), "crs_1")
      assert.isFalse(isDone(forced))
      yield* TestClock.adjust(250)
      assert.strictEqual(textOf(yield* Fiber.join(forced)), "crs_2")
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_2")
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("of many callers at once costs one exchange beyond the one under way", () => {
    const registry = makeRegistry()
    registry.latency = 250
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* started(cache.installationToken(acme))
      const forced = yield* started(times(1000, cache.installationTokenWith(acme, { forceRefresh: true })))
      yield* TestClock.adjust(500)
      assert.deepStrictEqual([...new Set((yield* Fiber.join(forced)).map(textOf))], ["crs_2"])
      assert.strictEqual(registry.exchanges, 2)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("that fails says so, and leaves the living token in use", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      yield* cache.installationToken(acme)
      registry.refusal = refusal(503, "down")
      assert.strictEqual(
        (yield* reasonOf(cache.installationTokenWith(acme, { forceRefresh: true })))._tag,
        "ServerError"
      )
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_1")
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("is never overwritten by an older exchange that ends later", () => {
    const registry = makeRegistry()
    registry.latency = 1000
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const old = yield* started(cache.installationToken(acme))
      registry.latency = 10
      const forced = yield* started(cache.installationTokenWith(acme, { forceRefresh: true }))
      yield* TestClock.adjust(1010)
      yield* Fiber.join(old)
      assert.strictEqual(textOf(yield* Fiber.join(forced)), "crs_2")
      yield* TestClock.adjust(10_000)
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_2")
    }).pipe(Effect.provide(appOver(registry)))
  })
})
