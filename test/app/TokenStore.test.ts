import { IcrApp } from "@effect-icr/app/IcrApp"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { type Removal, TokenStore, TokenStoreError } from "@effect-icr/app/TokenStore"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Layer, Logger, Option, Queue, Redacted, Stream } from "effect"
import { TestClock } from "effect/testing"
import {
  appOver,
  captured,
  idOf,
  isDone,
  makeRegistry,
  reasonOf,
  refusal,
  started,
  textOf,
  times
} from "../support/registry.ts"
import { inProcess, makeStore } from "../support/tokenStore.ts"
import { acme, ask, askWith, down, forced, hour, minute } from "./support/tokenCache.ts"

const key = "test@http://localhost/installations/acme"

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

  it.effect("with an expired entry is a miss", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* inProcess(registry, store, ask)
      yield* TestClock.adjust(2 * hour)
      assert.strictEqual(textOf(yield* inProcess(registry, store, ask)), "crs_2")
    })
  })

  for (const [name, text] of [
    ["no JSON", "{"],
    ["another shape", '{"token":1}'],
    ["nothing", ""]
  ] as const) {
    it.effect(`with a corrupt entry (${name}) is a miss`, () => {
      const registry = makeRegistry()
      const store = makeStore()
      store.entries.set(key, { value: Redacted.make(text), expiresAt: 9e12 })
      return Effect.gen(function* () {
        assert.strictEqual(textOf(yield* inProcess(registry, store, ask)), "crs_1")
        assert.strictEqual(textOf(yield* inProcess(registry, store, ask)), "crs_1")
      })
    })
  }

  it.effect("with the token of another installation is a miss", () => {
    const registry = makeRegistry()
    const store = makeStore()
    return Effect.gen(function* () {
      yield* inProcess(registry, store, ask)
      const entry = store.entries.get(key)
      assert.isDefined(entry)
      store.entries.set(key.replace("acme", "umbrella"), entry)
      const other = Effect.flatMap(TokenCache, (cache) => cache.installationToken(idOf("umbrella")))
      const token = yield* inProcess(registry, store, other)
      assert.deepStrictEqual([textOf(token), token.installationId], ["crs_2", idOf("umbrella")])
    })
  })

  const error = (operation: string) => new TokenStoreError({ operation, detail: "connection lost" })
  for (const [name, failing] of [
    ["fails", (operation: string) => Effect.fail(error(operation))],
    ["has a defect", () => Effect.die(new Error("crs_secret in a bug"))],
    ["never answers", () => Effect.never]
  ] as const) {
    it.effect(`that ${name} never fails a call: it is warned of, and there is an exchange`, () => {
      const registry = makeRegistry()
      const log = captured()
      const store = makeStore({
        get: () => failing("get"),
        set: () => failing("set"),
        remove: () => failing("remove"),
        lease: () => failing("lease")
      })
      return inProcess(
        registry,
        store,
        Effect.gen(function* () {
          const app = yield* IcrApp
          const caller = yield* started(ask)
          yield* TestClock.adjust(minute)
          assert.strictEqual(textOf(yield* Fiber.join(caller)), "crs_1")
          const revoking = yield* started(app.revokeInstallationToken(acme))
          yield* TestClock.adjust(minute)
          yield* Fiber.join(revoking)
          assert.isAtLeast(log.lines.length, 3)
          assert.isTrue(log.lines.every((line) => line.startsWith("Warn The token store failed")))
          assert.notInclude(log.lines.join("\n"), "crs_")
        })
      ).pipe(Effect.provide(log.layer))
    })
  }

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
      assert.deepStrictEqual([...store.entries.keys()], [key, "test@http://localhost/app"])
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
          yield* Effect.flip(post)
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

  it.effect("that tells of a removal elsewhere makes the cache drop that token and no newer one", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const removals = yield* Queue.unbounded<Removal>()
      const store = makeStore({ removals: Stream.fromQueue(removals) })
      const told = (upTo: number) => Effect.andThen(Queue.offer(removals, { key, upTo }), TestClock.adjust(1))
      yield* inProcess(
        registry,
        store,
        Effect.gen(function* () {
          yield* ask
          const end = [...store.entries.values()][0]?.expiresAt ?? 0
          yield* told(end - 1)
          yield* ask
          assert.strictEqual(store.log.filter((line) => line.startsWith("get")).length, 1)
          store.entries.clear()
          yield* told(end)
          assert.strictEqual(textOf(yield* ask), "crs_2")
          yield* told(Infinity)
          assert.strictEqual(textOf(yield* ask), "crs_2", "still in the store")
          assert.strictEqual(store.log.filter((line) => line.startsWith("get")).length, 3)
        })
      )
    })
  })

  for (const [name, broken] of [
    ["a defect", Stream.die(new Error("crs_secret in a bug"))],
    ["an interruption", Stream.fromEffect(Effect.interrupt)],
    ["an end", Stream.empty]
  ] as const) {
    it.effect(`that stops telling of removals, by ${name}, is warned of and asked again after 10 seconds`, () => {
      const registry = makeRegistry()
      const log = captured()
      return Effect.gen(function* () {
        const removals = yield* Queue.unbounded<Removal>()
        let asked = 0
        const store = makeStore({
          removals: Stream.suspend(() => (++asked === 1 ? broken : Stream.fromQueue(removals)))
        })
        yield* inProcess(
          registry,
          store,
          Effect.gen(function* () {
            yield* ask
            yield* TestClock.adjust(9999)
            assert.strictEqual(asked, 1)
            yield* TestClock.adjust(1)
            assert.strictEqual(asked, 2)
            store.entries.clear()
            yield* Queue.offer(removals, { key, upTo: Infinity })
            yield* TestClock.adjust(1)
            assert.strictEqual(textOf(yield* ask), "crs_2")
          })
        )
        assert.deepStrictEqual(log.lines, [
          "Warn The token store tells no removals any more; asked again in 10 seconds"
        ])
      }).pipe(Effect.provide(log.layer))
    })
  }

  it.effect("that tells of a removal amid an exchange: those who wait get it, nobody else does", () => {
    const registry = makeRegistry()
    registry.latency = 1000
    return Effect.gen(function* () {
      const removals = yield* Queue.unbounded<Removal>()
      // As after a removal: a token asked for before it is not kept.
      const store = makeStore({ removals: Stream.fromQueue(removals), set: () => Effect.void })
      yield* inProcess(
        registry,
        store,
        Effect.gen(function* () {
          const waiting = yield* started(ask)
          yield* TestClock.adjust(500)
          yield* Queue.offer(removals, { key, upTo: Infinity })
          yield* TestClock.adjust(100)
          const late = yield* started(ask)
          yield* TestClock.adjust(1400)
          assert.strictEqual(textOf(yield* Fiber.join(waiting)), "crs_1")
          assert.strictEqual(textOf(yield* Fiber.join(late)), "crs_2")
        })
      )
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

describe("an unavailable token store", () => {
  const read = Effect.flatMap(IcrApp, (app) => app.installationClient(acme).get("/projects"))
  const quiet = Effect.provide(Logger.layer([]))

  it.effect("that never answers leaves a call the time it needs", () => {
    const registry = makeRegistry()
    registry.latency = 2000
    const store = makeStore({
      get: () => Effect.never,
      set: () => Effect.never,
      remove: () => Effect.never,
      lease: () => Effect.never
    })
    return inProcess(
      registry,
      store,
      Effect.gen(function* () {
        const call = yield* started(read)
        yield* TestClock.adjust(8000)
        assert.isTrue(isDone(call), "no lease is waited for")
        assert.strictEqual((yield* Fiber.join(call)).status, 200)
        // The dearest case: the token is refused as well, so that removing, reading and writing are waited for once more.
        registry.answer = (token) => (token === "crs_1" ? refusal(401, "Access token is invalid") : undefined)
        yield* TestClock.adjust(minute)
        const refused = yield* started(read)
        yield* TestClock.adjust(11_000)
        assert.strictEqual((yield* Fiber.join(refused)).status, 200)
        assert.strictEqual(registry.exchanges, 2)
      })
    ).pipe(quiet)
  })

  it.effect("is not waited for again within 10 s, but for a removal; then it is asked once more", () => {
    const registry = makeRegistry()
    const asked: Array<string> = []
    const silent = (operation: string) => () =>
      Effect.suspend(() => {
        asked.push(operation)
        return Effect.never
      })
    const store = makeStore({ get: silent("get"), set: silent("set"), remove: silent("remove") })
    const seconds = (call: Effect.Effect<unknown, unknown, TokenCache>) =>
      Effect.gen(function* () {
        const running = yield* started(call)
        let passed = 0
        while (!isDone(running)) {
          yield* TestClock.adjust(1000)
          passed++
        }
        return passed
      })
    const other = (name: string) => Effect.flatMap(TokenCache, (cache) => cache.installationToken(idOf(name)))
    return inProcess(
      registry,
      store,
      Effect.gen(function* () {
        assert.strictEqual(yield* seconds(ask), 6)
        assert.strictEqual(yield* seconds(other("second")), 0)
        assert.deepStrictEqual(asked, ["get", "set"])
        const { invalidateInstallationToken } = yield* TokenCache
        assert.strictEqual(yield* seconds(invalidateInstallationToken(idOf("elsewhere"))), 6)
        assert.deepStrictEqual(asked.splice(2), ["get", "remove"])
        yield* TestClock.adjust(4000)
        assert.strictEqual(yield* seconds(other("third")), 6)
        assert.deepStrictEqual(asked.splice(2), ["get", "set"])
      })
    ).pipe(quiet)
  })

  it.effect("that answers again within these 10 s loses a refused token all the same", () => {
    const registry = makeRegistry()
    registry.answer = (token) => (token === "crs_1" ? refusal(401, "Access token is invalid") : undefined)
    const inside = makeStore()
    let silences = 1
    const store = Layer.effect(
      TokenStore,
      Effect.map(TokenStore, (service) => ({
        ...service,
        get: (key: string) => Effect.suspend(() => (silences-- > 0 ? Effect.never : service.get(key)))
      }))
    ).pipe(Layer.provide(inside.layer))
    return inProcess(
      registry,
      { layer: store },
      Effect.gen(function* () {
        const first = yield* started(ask)
        yield* TestClock.adjust(3000)
        assert.strictEqual(textOf(yield* Fiber.join(first)), "crs_1")
        assert.strictEqual(inside.entries.size, 1)
        // So new a token would get the benefit of the doubt.
        yield* TestClock.adjust(minute)
        silences = 1
        yield* started(Effect.flatMap(TokenCache, (cache) => cache.installationToken(idOf("other"))))
        yield* TestClock.adjust(3000)
        yield* Effect.flip(Effect.flatMap(IcrApp, (app) => app.installationClient(acme).post("/projects")))
        assert.deepStrictEqual([...inside.entries.keys()], [key.replace("acme", "other")])
      })
    ).pipe(quiet)
  })

  it.effect("that never grants its lease costs a call 10 s of waiting, once", () => {
    const registry = makeRegistry()
    const leases: Array<string> = []
    const store = makeStore({
      lease: (key) =>
        Effect.suspend(() => {
          leases.push(key)
          return Effect.never
        })
    })
    return inProcess(
      registry,
      store,
      Effect.gen(function* () {
        const call = yield* started(read)
        yield* TestClock.adjust(9999)
        assert.strictEqual(registry.exchanges, 0)
        yield* TestClock.adjust(1)
        assert.strictEqual((yield* Fiber.join(call)).status, 200)
        assert.strictEqual(leases.length, 1)
      })
    ).pipe(quiet)
  })

  it.effect("with a newer token that is no use is not asked for another lease", () => {
    const registry = makeRegistry()
    let leases = 0
    const store = makeStore({ lease: () => Effect.sync(() => ++leases > 0) })
    return inProcess(
      registry,
      store,
      Effect.gen(function* () {
        assert.strictEqual(textOf(yield* ask), "crs_1")
        assert.strictEqual(leases, 1)
      })
    )
  })

  for (const [name, lease] of [
    [
      "whose lease cannot be had nor its waiting interrupted",
      () => Effect.acquireRelease(Effect.never, () => Effect.void)
    ],
    ["whose lease is never given back", () => Effect.acquireRelease(Effect.succeed(false), () => Effect.never)],
    ["that dies giving a lease back", () => Effect.acquireRelease(Effect.succeed(false), () => Effect.die("crs_bug"))],
    ["slow to take a lease back", () => Effect.acquireRelease(Effect.succeed(false), () => Effect.sleep(3 * minute))]
  ] as const) {
    it.effect(`${name}: neither fails, holds up, nor outlives a token`, () => {
      const registry = makeRegistry()
      registry.life = 4 * minute
      const log = captured()
      return inProcess(
        registry,
        makeStore({ lease }),
        Effect.gen(function* () {
          const first = yield* started(ask)
          yield* TestClock.adjust(10_000)
          assert.strictEqual(textOf(yield* Fiber.join(first)), "crs_1")
          yield* TestClock.adjust(10_000)
          assert.isAtLeast(log.lines.filter((line) => line.startsWith("Warn The token store failed")).length, 1)
          assert.notInclude(log.lines.join(), "crs_")
          registry.refusal = down
          const end = registry.issued[0]?.end ?? 0
          yield* TestClock.setTime(end - 1)
          const last = yield* started(ask)
          yield* TestClock.setTime(end)
          assert.strictEqual(textOf(yield* Fiber.join(last)), "crs_1")
          const dead = yield* started(reasonOf(ask))
          yield* TestClock.adjust(minute)
          assert.strictEqual((yield* Fiber.join(dead))._tag, "ServerError")
          yield* TestClock.adjust(minute)
        })
      ).pipe(Effect.provide(log.layer))
    })
  }

  it.effect("gives its lease back when the layer closes amid an exchange", () => {
    const registry = makeRegistry()
    registry.latency = hour
    const leased: Array<string> = []
    const store = makeStore({
      lease: () =>
        Effect.acquireRelease(
          Effect.sync(() => leased.push("taken") < 0),
          () => Effect.sync(() => void leased.push("given back"))
        )
    })
    return Effect.gen(function* () {
      yield* inProcess(registry, store, Effect.andThen(started(ask), TestClock.adjust(1000)))
      assert.deepStrictEqual(leased, ["taken", "given back"])
    })
  })

  it.effect("that never writes a token of 2 s does not make it a dead one", () => {
    const registry = makeRegistry()
    registry.life = 2000
    const store = makeStore({ set: () => Effect.never })
    return inProcess(
      registry,
      store,
      Effect.gen(function* () {
        const caller = yield* started(ask)
        yield* TestClock.adjust(1000)
        assert.isTrue(isDone(caller))
        assert.strictEqual(textOf(yield* Fiber.join(caller)), "crs_1")
      })
    ).pipe(quiet)
  })

  it.effect("that interrupts itself interrupts no caller", () => {
    const registry = makeRegistry()
    const log = captured()
    const interrupting = () => Effect.interrupt
    const store = makeStore({ get: interrupting, set: interrupting, remove: interrupting, lease: interrupting })
    return inProcess(
      registry,
      store,
      Effect.gen(function* () {
        assert.strictEqual(textOf(yield* ask), "crs_1")
        assert.strictEqual(textOf(yield* forced), "crs_2")
        assert.isTrue(log.lines.length > 0 && log.lines.every((line) => line.endsWith("it interrupted itself")))
      })
    ).pipe(Effect.provide(log.layer))
  })

  it.effect("is left at once by a caller that is really interrupted", () => {
    let interrupted = 0
    const store = makeStore({ remove: () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => ++interrupted)) })
    return inProcess(
      makeRegistry(),
      store,
      Effect.gen(function* () {
        const cache = yield* TokenCache
        const taking = yield* started(cache.invalidateInstallationToken(acme))
        yield* Fiber.interrupt(taking)
        assert.strictEqual(interrupted, 1)
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(taking)))
      })
    )
  })
})
