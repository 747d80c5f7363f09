/** A token store that works: what the cache reads from it and writes to it. */
import { TokenCache } from "@effect-icr/app/TokenCache"
import { TokenStore } from "@effect-icr/app/TokenStore"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Layer, Logger, Option } from "effect"
import { TestClock } from "effect/testing"
import { appOver, idOf, makeRegistry, reasonOf, started, textOf, times } from "../support/registry.ts"
import { inProcess, makeStore } from "../support/tokenStore.ts"
import { ask, askWith, down, forced, hour, key, minute } from "./support/tokenCache.ts"

describe("a token store", () => {
  it.effect("is read before an exchange and written after it, with the remaining life", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* inProcess(registry, store, ask)
      assert.deepStrictEqual(store.log, [`get ${key}`, `lease ${key}`, `set ${key} ${2 * hour}`])
      yield* TestClock.adjust(hour)
      assert.strictEqual(textOf(yield* inProcess(registry, store, ask)), "crs_1")
      assert.strictEqual(registry.exchanges, 1)
    })
  })

  it.effect("is asked once for any number of callers, and not at all for a cached token", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return inProcess(
      registry,
      store,
      Effect.gen(function* () {
        yield* times(100, ask)
        yield* times(100, ask)
        assert.strictEqual(store.log.length, 3)
      })
    )
  })

  it.effect("gives a token that is still judged by its own end", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* inProcess(registry, store, ask)
      yield* TestClock.adjust(hour)
      yield* inProcess(
        registry,
        store,
        Effect.gen(function* () {
          assert.strictEqual(textOf(yield* ask), "crs_1")
          yield* TestClock.adjust(hour)
          assert.strictEqual(textOf(yield* ask), "crs_2")
        })
      )
    })
  })

  it.effect("gives a token that claims to live a month for two hours after it was made", () => {
    const registry = makeRegistry()
    registry.life = 31 * 24 * hour
    const store = makeStore()
    return Effect.gen(function* () {
      yield* inProcess(registry, store, ask)
      yield* TestClock.adjust(hour)
      yield* inProcess(
        registry,
        store,
        Effect.gen(function* () {
          assert.strictEqual(textOf(yield* ask), "crs_1")
          yield* TestClock.adjust(hour)
          assert.strictEqual(textOf(yield* ask), "crs_2")
        })
      )
      yield* TestClock.adjust(3 * hour)
      assert.strictEqual(textOf(yield* inProcess(registry, store, ask)), "crs_3")
    })
  })

  it.effect("that knows when a token ends is believed by a process whose clock is behind", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* inProcess(registry, store, ask)
      const [entry] = store.entries.values()
      const telling = makeStore({
        get: () =>
          Effect.map(Clock.currentTimeMillis, (now) =>
            Option.map(Option.fromUndefinedOr(entry), (entry) => ({ ...entry, timeLeft: 10 * minute - now }))
          )
      })
      yield* inProcess(
        registry,
        telling,
        Effect.gen(function* () {
          assert.strictEqual(textOf(yield* ask), "crs_1")
          registry.refusal = down
          yield* TestClock.adjust(10 * minute - 1)
          assert.strictEqual(textOf(yield* ask), "crs_1")
          yield* TestClock.adjust(1)
          assert.strictEqual((yield* reasonOf(ask))._tag, "ServerError")
        })
      ).pipe(Effect.provide(Logger.layer([])))
    })
  })

  it.effect("has another key for the app's token than for an installation's, whatever the base address", () => {
    const registry = makeRegistry()
    const store = makeStore()
    const { layer } = store
    const at = (baseUrl: string) =>
      Layer.fresh(appOver(registry, {}, { retry: false }, baseUrl).pipe(Layer.provide(layer)))
    return Effect.gen(function* () {
      const app = Effect.flatMap(TokenCache, (cache) => cache.appToken)
      const installation = Effect.flatMap(TokenCache, (cache) => cache.installationToken(idOf("app")))
      yield* Effect.provide(app, at("http://localhost/installations"))
      yield* Effect.provide(installation, at("http://localhost"))
      assert.strictEqual(store.entries.size, 2)
    })
  })

  it.effect("has keys that name app, registry and installation, and contain no secret", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* inProcess(
        registry,
        store,
        Effect.andThen(
          ask,
          Effect.flatMap(TokenCache, (cache) => cache.appToken)
        )
      )
      assert.deepStrictEqual([...store.entries.keys()], [key, "test@http://localhost#app"])
    })
  })

  it.effect("gives no older token to a forced refresh, nor a shorter one than minimumValidity asks for", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* inProcess(registry, store, ask)
      yield* TestClock.adjust(hour)
      const long = askWith({ minimumValidity: hour + 1 })
      assert.strictEqual(textOf(yield* inProcess(registry, store, long)), "crs_2")
      store.log.length = 0
      assert.strictEqual(textOf(yield* inProcess(registry, store, forced)), "crs_3")
      assert.deepStrictEqual(store.log, [`lease ${key}`, `set ${key} ${2 * hour}`])
    })
  })

  it.effect("does not let a picky caller who joined a plain one off with the stored token", () => {
    const registry = makeRegistry()
    const store = makeStore()
    const slow = makeStore({
      get: (key) =>
        Effect.delay(
          Effect.sync(() => Option.fromUndefinedOr(store.entries.get(key))),
          1000
        )
    })
    return Effect.gen(function* () {
      yield* inProcess(registry, store, ask)
      yield* TestClock.adjust(hour)
      yield* inProcess(
        registry,
        slow,
        Effect.gen(function* () {
          const plain = yield* started(ask)
          const picky = yield* started(askWith({ minimumValidity: hour + 1 }))
          const forcing = yield* started(forced)
          yield* TestClock.adjust(5000)
          assert.strictEqual(textOf(yield* Fiber.join(plain)), "crs_1")
          assert.notStrictEqual(textOf(yield* Fiber.join(picky)), "crs_1")
          assert.notStrictEqual(textOf(yield* Fiber.join(forcing)), "crs_1")
        })
      )
    })
  })

  it.effect("that is slow to write does not prolong the token", () => {
    const registry = makeRegistry()
    registry.life = 10_000
    const store = makeStore({ set: () => Effect.sleep(4000) })
    return inProcess(
      registry,
      store,
      Effect.gen(function* () {
        const first = yield* started(ask)
        yield* TestClock.adjust(4000)
        assert.strictEqual(textOf(yield* Fiber.join(first)), "crs_1")
        registry.refusal = down
        yield* TestClock.adjust(6000)
        assert.strictEqual((yield* reasonOf(ask))._tag, "ServerError")
      })
    ).pipe(Effect.provide(Logger.layer([])))
  })

  it.effect("that made a process wait for its lease is read again before an exchange", () => {
    const registry = makeRegistry()
    const other = makeStore()
    const waiting = makeStore({
      get: (key) => Effect.sync(() => Option.fromUndefinedOr(waiting.entries.get(key))),
      lease: () =>
        Effect.sync(() => {
          for (const [key, entry] of other.entries) waiting.entries.set(key, entry)
          return true
        })
    })
    return Effect.gen(function* () {
      yield* inProcess(registry, other, ask)
      assert.strictEqual(textOf(yield* inProcess(registry, waiting, ask)), "crs_1")
      assert.strictEqual(registry.exchanges, 1)
    })
  })

  it.effect("is nowhere by default: layerNone keeps nothing", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const none = { layer: TokenStore.layerNone }
      yield* inProcess(registry, none, ask)
      assert.strictEqual(textOf(yield* inProcess(registry, none, ask)), "crs_2")
    })
  })
})
