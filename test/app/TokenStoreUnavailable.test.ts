/** A token store that gives no answer. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { TokenStore } from "@effect-icr/app/TokenStore"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Logger, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { captured, idOf, isDone, makeRegistry, reasonOf, refusal, started, textOf } from "../support/registry.ts"
import { inProcess, makeStore } from "../support/tokenStore.ts"
import { acme, ask, down, forced, hour, key, minute } from "./support/tokenCache.ts"

const read = Effect.flatMap(IcrApp, (app) => app.installationClient(acme).get("/projects"))
const quiet = Effect.provide(Logger.layer([]))

describe("an unavailable token store", () => {
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
        const log = inside.log.length
        yield* Effect.flatMap(IcrApp, (app) => app.installationClient(acme).post("/projects"))
        assert.include(inside.log.slice(log), `remove ${key}`)
        assert.notInclude(Redacted.value(inside.entries.get(key)?.value ?? Redacted.make("")), "crs_1")
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

  it.effect("gives back a lease that is granted while the layer closes, which waits for it", () => {
    const seen: Array<string> = []
    const note = (what: string) => Effect.sync(() => void seen.push(what))
    const slow = Effect.andThen(Effect.sleep(200), Effect.as(note("granted"), false))
    const store = makeStore({ lease: () => Effect.acquireRelease(slow, () => note("given back")) })
    return Effect.gen(function* () {
      const process = inProcess(makeRegistry(), store, Effect.andThen(started(ask), TestClock.adjust(100)))
      const running = yield* started(Effect.ensuring(process, note("closed")))
      yield* TestClock.adjust(1000)
      assert.isTrue(isDone(running))
      assert.deepStrictEqual(seen, ["granted", "given back", "closed"])
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
