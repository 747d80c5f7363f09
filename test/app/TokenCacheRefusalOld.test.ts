/** An older token that the registry refuses: it is replaced once. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { appOver, makeRegistry, reasonOf, refusal, started, textOf, times } from "../support/registry.ts"
import { acme, minute, second } from "./support/tokenCache.ts"
import { dead, get, post, sent, upload } from "./support/refusals.ts"

describe("an older token", () => {
  it.effect("is dropped, replaced once, and the call repeated once", () => {
    const registry = makeRegistry()
    registry.answer = dead("crs_1")
    return Effect.gen(function* () {
      yield* (yield* TokenCache).installationToken(acme)
      yield* TestClock.adjust(minute)
      assert.strictEqual((yield* get).status, 200)
      assert.deepStrictEqual(sent(registry), ["crs_1", "crs_2"])
      assert.strictEqual(registry.exchanges, 2)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("never causes a loop: the second refusal is final and says what was tried", () => {
    const registry = makeRegistry()
    registry.answer = () => refusal(401, "Unauthorized")
    return Effect.gen(function* () {
      yield* (yield* TokenCache).installationToken(acme)
      yield* TestClock.adjust(minute)
      const reason = yield* reasonOf(get)
      assert.strictEqual(reason._tag, "Unauthorized")
      assert.include(reason.message, "also with a new token")
      assert.deepStrictEqual(sent(registry), ["crs_1", "crs_2"])
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("of a POST is replaced like any other, since a refused request was not done", () => {
    const registry = makeRegistry()
    registry.answer = dead("crs_1")
    return Effect.gen(function* () {
      yield* (yield* TokenCache).installationToken(acme)
      yield* TestClock.adjust(minute)
      assert.strictEqual((yield* post).status, 200)
      assert.deepStrictEqual(sent(registry), ["crs_1", "crs_2"])
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("is dropped by a request whose body cannot be sent again; the next call heals", () => {
    const registry = makeRegistry()
    registry.answer = dead("crs_1")
    return Effect.gen(function* () {
      yield* (yield* TokenCache).installationToken(acme)
      yield* TestClock.adjust(minute)
      assert.strictEqual((yield* reasonOf(upload))._tag, "Unauthorized")
      assert.strictEqual(registry.requests.length, 1)
      assert.strictEqual((yield* upload).status, 200)
      // That was about the token and not about the path.
      yield* TestClock.adjust(minute)
      registry.answer = dead("crs_1", "crs_2")
      assert.strictEqual((yield* get).status, 200)
      assert.deepStrictEqual(sent(registry), ["crs_1", "crs_2", "crs_2", "crs_3"])
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("refused for 50 callers at once causes one new exchange", () => {
    const registry = makeRegistry()
    registry.answer = dead("crs_1")
    return Effect.gen(function* () {
      yield* (yield* TokenCache).installationToken(acme)
      yield* TestClock.adjust(minute)
      registry.latency = second
      const callers = yield* started(times(50, get))
      yield* TestClock.adjust(second)
      yield* Fiber.join(callers)
      assert.strictEqual(registry.exchanges, 2)
      assert.strictEqual(registry.requests.length, 100)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("reported late does not drop the newer one: invalidation is by value", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const { get: current, onRefused } = cache.installationCredential(acme)
      const old = yield* current
      yield* TestClock.adjust(minute)
      yield* cache.installationTokenWith(acme, { forceRefresh: true })
      yield* TestClock.adjust(minute)
      const error = yield* Effect.flip(
        Effect.andThen(
          Effect.sync(() => (registry.answer = () => refusal(401, "no"))),
          upload
        )
      )
      registry.answer = () => undefined
      // The upload dropped crs_2, so crs_3 is held now.
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_3")
      yield* TestClock.adjust(minute)
      yield* onRefused({ error, refused: [old.value], canRepeat: true, path: "/" })
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_3")
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("of the app itself is replaced by the same rules", () => {
    const registry = makeRegistry()
    registry.answer = dead("crs_1")
    return Effect.gen(function* () {
      const app = yield* IcrApp
      yield* app.appToken
      yield* TestClock.adjust(minute)
      assert.strictEqual((yield* app.appClient.get("/projects")).status, 200)
      assert.deepStrictEqual(sent(registry), ["crs_1", "crs_2"])
    }).pipe(Effect.provide(appOver(registry)))
  })
})
