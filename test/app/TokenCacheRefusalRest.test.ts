/** A refusal that is not about the token: no exchange helps, so none is made for a while. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { appOver, makeRegistry, reasonOf, refusal, textOf } from "../support/registry.ts"
import { acme, minute, second } from "./support/tokenCache.ts"
import { dead, get, post, upload } from "./support/refusals.ts"

describe("a real permission refusal", () => {
  it.effect("changes nothing: one request, no wait, the token stays", () => {
    const registry = makeRegistry()
    registry.answer = () => refusal(403, "Permission organization_inventory:read is required")
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const young = yield* reasonOf(get)
      yield* TestClock.adjust(minute)
      const old = yield* reasonOf(get)
      assert.deepStrictEqual([young._tag, old._tag], ["Forbidden", "Forbidden"])
      assert.strictEqual(registry.requests.length, 2)
      assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_1")
    }).pipe(Effect.provide(appOver(registry)))
  })
})

describe("a 403 without a reason, for an older token", () => {
  const forbidden = refusal(403, "Forbidden resource")

  it.effect("may mean the token: it is replaced, each time that helps", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      yield* (yield* TokenCache).installationToken(acme)
      for (let round = 1; round <= 3; round++) {
        yield* TestClock.adjust(minute)
        registry.answer = (token) => (token === `crs_${round}` ? forbidden : undefined)
        assert.strictEqual((yield* get).status, 200)
        assert.strictEqual(registry.exchanges, round + 1)
      }
    }).pipe(Effect.provide(appOver(registry)))
  })

  for (const [name, call, requests] of [
    ["a GET", get, 21],
    ["a POST", post, 21],
    ["a request whose body cannot be sent again", upload, 20]
  ] as const) {
    it.effect(`that ${name} gets for the new one as well means the permission: no exchange for 5 minutes`, () => {
      const registry = makeRegistry()
      registry.answer = () => forbidden
      return Effect.gen(function* () {
        yield* (yield* TokenCache).installationToken(acme)
        yield* TestClock.adjust(minute)
        for (let i = 0; i < 20; i++) {
          const reason = yield* reasonOf(call)
          assert.strictEqual(reason._tag, "Forbidden")
          yield* TestClock.adjust(14 * second)
        }
        assert.strictEqual(registry.exchanges, 2)
        assert.strictEqual(registry.requests.length, requests)
        yield* TestClock.adjust(minute)
        yield* reasonOf(call)
        yield* reasonOf(call)
        assert.strictEqual(registry.exchanges, 3)
      }).pipe(Effect.provide(appOver(registry)))
    })
  }

  it.effect("and a 401 in those minutes: the token is dead all the same, and replaced", () => {
    const registry = makeRegistry()
    registry.answer = () => forbidden
    return Effect.gen(function* () {
      yield* (yield* TokenCache).installationToken(acme)
      yield* TestClock.adjust(minute)
      yield* reasonOf(get)
      yield* TestClock.adjust(minute)
      registry.answer = dead("crs_2")
      assert.strictEqual((yield* get).status, 200)
      assert.strictEqual(registry.exchanges, 3)
    }).pipe(Effect.provide(appOver(registry)))
  })
})

describe("a refusal that a new token met as well", () => {
  const at = (path: string) => Effect.flatMap(IcrApp, (app) => app.installationClient(acme).get(path))

  it.effect("rests for that path: an endpoint that never takes the token costs one exchange", () => {
    const registry = makeRegistry()
    registry.answer = () => (registry.requests.at(-1)?.includes("/jwt") === true ? refusal(401, "no") : undefined)
    return Effect.gen(function* () {
      yield* at("/fine")
      yield* TestClock.adjust(minute)
      for (let i = 0; i < 10; i++) assert.strictEqual((yield* reasonOf(at("/jwt")))._tag, "Unauthorized")
      assert.strictEqual(registry.exchanges, 2)
      assert.strictEqual((yield* at("/fine")).status, 200)
      assert.strictEqual(registry.exchanges, 2)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("heals within 10 seconds when both tokens were revoked", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      yield* at("/fine")
      yield* TestClock.adjust(minute)
      registry.answer = (token) => (token === "crs_1" || token === "crs_2" ? refusal(401, "no") : undefined)
      assert.strictEqual((yield* reasonOf(at("/fine")))._tag, "Unauthorized")
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* at("/fine")).status, 200)
      assert.strictEqual(registry.exchanges, 3)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("does not keep another path from healing", () => {
    const registry = makeRegistry()
    const forbidden = refusal(403, "Forbidden resource")
    registry.answer = () => (registry.requests.at(-1)?.includes("/forbidden") === true ? forbidden : undefined)
    return Effect.gen(function* () {
      yield* at("/fine")
      yield* TestClock.adjust(minute)
      yield* reasonOf(at("/forbidden"))
      yield* TestClock.adjust(minute)
      registry.answer = (token) => (token === "crs_2" ? forbidden : undefined)
      assert.strictEqual((yield* at("/fine")).status, 200)
      assert.strictEqual(registry.exchanges, 3)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("is over once the path takes the token", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      yield* at("/fine")
      yield* TestClock.adjust(minute)
      registry.answer = () => refusal(401, "no")
      yield* reasonOf(at("/fine"))
      registry.answer = () => undefined
      yield* at("/fine")
      yield* TestClock.adjust(minute)
      registry.answer = dead("crs_2")
      assert.strictEqual((yield* at("/fine")).status, 200)
    }).pipe(Effect.provide(appOver(registry)))
  })
})
