/** Tokens that were refused or revoked, and a token store that still has them. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { TokenStore, TokenStoreError } from "@effect-icr/app/TokenStore"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { appOver, makeRegistry, refusal, started, textOf, times } from "../support/registry.ts"
import { inProcess, makeStore } from "../support/tokenStore.ts"
import { acme, ask, forced, minute } from "./support/tokenCache.ts"

const error = (operation: string) => new TokenStoreError({ operation, detail: "connection lost" })

describe("a token store", () => {
  it.effect("does not bring back a token that was refused, nor wait for it as for a fresh one", () => {
    const registry = makeRegistry()
    const store = makeStore()
    registry.answer = (token) => (token === "crs_1" ? refusal(401, "Access token is invalid") : undefined)
    const read = Effect.flatMap(IcrApp, (app) => app.installationClient(acme).get("/projects"))
    return Effect.gen(function* () {
      yield* inProcess(registry, store, ask)
      yield* TestClock.adjust(minute)
      assert.strictEqual((yield* inProcess(registry, store, read)).status, 200)
      assert.strictEqual(textOf(yield* inProcess(registry, store, ask)), "crs_2")
    })
  })

  for (const [name, remove] of [
    ["is removed from it", undefined],
    ["is not read again, though it could not be removed", () => Effect.fail(error("remove"))]
  ] as const) {
    it.effect(`has a refused token of an evicted installation: it ${name}`, () => {
      const registry = makeRegistry()
      const store = makeStore(remove === undefined ? {} : { remove })
      registry.answer = (token) => (token === "crs_1" ? refusal(401, "Access token is invalid") : undefined)
      return Effect.gen(function* () {
        const client = (yield* IcrApp).installationClient(acme)
        yield* ask
        yield* TestClock.adjust(minute)
        yield* times(2, client.get("/projects"))
        const texts = registry.requests.map((request) => request.split(" ").at(-1))
        assert.deepStrictEqual(texts, ["crs_1", "crs_1", "crs_2", "crs_2"])
        assert.strictEqual(registry.exchanges, 2)
        assert.strictEqual(store.log.filter((line) => line.startsWith("remove")).length, remove === undefined ? 1 : 0)
      }).pipe(
        Effect.provide(appOver(registry, { capacity: 0 }).pipe(Layer.provide(store.layer))),
        Effect.provide(Logger.layer([]))
      )
    })
  }

  it.effect("that is slow to remove a refused token is rid of it before the next exchange", () => {
    const registry = makeRegistry()
    registry.answer = (token) => (token === "crs_1" ? refusal(401, "Access token is invalid") : undefined)
    const atLease: Array<number> = []
    let removals = 0
    const inside = makeStore()
    const store = Layer.effect(
      TokenStore,
      Effect.map(TokenStore, (service) => ({
        ...service,
        remove: (key: string, upTo?: number) =>
          Effect.suspend(() => Effect.delay(service.remove(key, upTo), removals++ === 0 ? 1000 : 0)),
        lease: () => Effect.sync(() => atLease.push(inside.entries.size) < 0)
      }))
    ).pipe(Layer.provide(inside.layer))
    return inProcess(
      registry,
      { layer: store },
      Effect.gen(function* () {
        yield* ask
        yield* TestClock.adjust(minute)
        const read = Effect.flatMap(IcrApp, (app) => app.installationClient(acme).get("/projects"))
        const calls = yield* Effect.all([started(read), started(read)])
        yield* TestClock.adjust(2000)
        for (const call of calls) assert.strictEqual((yield* Fiber.join(call)).status, 200)
        assert.deepStrictEqual(atLease, [0, 0])
        assert.strictEqual(registry.exchanges, 2)
      })
    )
  })

  it.effect("loses a refused token, but not the newer one of another process", () => {
    const registry = makeRegistry()
    const store = makeStore()
    registry.answer = (token) => (token === "crs_1" ? refusal(401, "Access token is invalid") : undefined)
    const post = Effect.flatMap(IcrApp, (app) => app.installationClient(acme).post("/projects"))
    return Effect.gen(function* () {
      yield* inProcess(
        registry,
        store,
        Effect.gen(function* () {
          yield* ask
          yield* TestClock.adjust(minute)
          yield* inProcess(registry, store, forced)
          yield* post
          assert.strictEqual(textOf(yield* ask), "crs_2")
        })
      )
      assert.strictEqual(registry.exchanges, 2)
    })
  })

  it.effect("does not bring back a revoked token, even when it could not be removed", () => {
    const registry = makeRegistry()
    const store = makeStore({ remove: () => Effect.fail(error("remove")) })
    return inProcess(
      registry,
      store,
      Effect.gen(function* () {
        const app = yield* IcrApp
        yield* app.installationToken(acme)
        yield* app.revokeInstallationToken(acme)
        assert.deepStrictEqual(registry.requests, ["DELETE /app/installations/token crs_1"])
        assert.strictEqual(textOf(yield* app.installationToken(acme)), "crs_2")
      })
    ).pipe(Effect.provide(Logger.layer([])))
  })

  it.effect("is what a process revokes from that has not asked yet", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* inProcess(registry, store, ask)
      yield* inProcess(
        registry,
        store,
        Effect.flatMap(IcrApp, (app) => app.revokeInstallationToken(acme))
      )
      assert.deepStrictEqual(registry.requests, ["DELETE /app/installations/token crs_1"])
      assert.strictEqual(registry.exchanges, 1)
      assert.strictEqual(store.entries.size, 0)
    })
  })

  it.effect("keeps the newer token of another process when a process revokes its own", () => {
    const registry = makeRegistry()
    const store = makeStore()
    const revoke = Effect.flatMap(IcrApp, (app) => app.revokeInstallationToken(acme))
    return inProcess(
      registry,
      store,
      Effect.gen(function* () {
        yield* ask
        yield* TestClock.adjust(minute)
        yield* inProcess(registry, store, forced)
        yield* revoke
        assert.deepStrictEqual(registry.requests, ["DELETE /app/installations/token crs_1"])
        assert.strictEqual(textOf(yield* ask), "crs_2")
        yield* revoke
        assert.strictEqual(registry.requests[1], "DELETE /app/installations/token crs_2")
        assert.strictEqual(store.entries.size, 0)
      })
    )
  })

  it.effect("loses the token of an installation that is gone", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return inProcess(
      registry,
      store,
      Effect.gen(function* () {
        yield* ask
        registry.refusal = refusal(404, "Installation not found")
        yield* Effect.flip(forced)
        assert.strictEqual(store.entries.size, 0)
      })
    )
  })
})
