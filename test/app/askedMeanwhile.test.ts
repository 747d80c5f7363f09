/** What the registry asks one call to wait, while others are under way. */
import { IcrApp, type IcrError, RateLimit } from "@effect-icr/app"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { TestClock } from "effect/testing"
import { appOver, idOf, makeRegistry, started } from "../support/registry.ts"
import { anyClient, get, inVirtualTime, ok, status, timed, wireOver } from "./support/wire.ts"

const count = (n: number) => Array.from({ length: n }, (_, index) => index)
const asked = (seconds: number) => status(429, { "retry-after": String(seconds) })
const reasonsOf = (results: ReadonlyArray<Result.Result<unknown, IcrError>>) =>
  results.map((result) => (Result.isSuccess(result) ? "ok" : result.failure.reason._tag))

describe("a wait that the registry asks for meanwhile", () => {
  it.effect("ends the exchanges that wait for their turn: they cannot wait as long", () => {
    const registry = makeRegistry()
    registry.latency = 100
    registry.refusal = { status: 429, headers: { "retry-after": "300" } }
    return Effect.gen(function* () {
      const { installationToken } = yield* IcrApp
      const results = yield* inVirtualTime(
        Effect.forEach(count(500), (n) => Effect.result(installationToken(idOf(`i-${n}`))), {
          concurrency: "unbounded"
        })
      )
      assert.strictEqual(registry.exchanges, 64)
      assert.deepStrictEqual(new Set(reasonsOf(results)), new Set(["RateLimited"]))
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("does not count as a refusal of the exchanges that were not sent: afterwards 32 run at a time", () => {
    const registry = makeRegistry()
    registry.latency = 100
    registry.refusal = { status: 429, headers: { "retry-after": "300" } }
    return Effect.gen(function* () {
      const { installationToken } = yield* IcrApp
      const all = (from: number) =>
        Effect.forEach(count(200), (n) => Effect.result(installationToken(idOf(`i-${from + n}`))), {
          concurrency: "unbounded"
        })
      yield* inVirtualTime(all(0))
      registry.refusal = undefined
      yield* TestClock.adjust("300 seconds")
      const before = registry.exchanges
      yield* started(all(1000))
      yield* TestClock.adjust(99)
      assert.strictEqual(registry.exchanges - before, 32)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("ends the calls that wait for the rate limit", () => {
    const registry = timed((n) => (n === 1 ? asked(300) : ok()))
    return Effect.gen(function* () {
      const results = yield* inVirtualTime(
        Effect.forEach(count(10), () => Effect.result(get), { concurrency: "unbounded" })
      )
      assert.strictEqual(registry.at.length, 1)
      assert.deepStrictEqual(new Set(reasonsOf(results)), new Set(["RateLimited"]))
    }).pipe(
      Effect.provide(
        wireOver(registry.layer).pipe(Layer.provide(RateLimit.layerMemoryWith({ limit: 1, window: "1 second" })))
      )
    )
  })

  it.effect("is waited for by a call between two attempts, where its deadline allows", () => {
    const registry = timed((n) => (n === 1 ? status(503) : n === 2 ? asked(20) : ok()))
    return Effect.gen(function* () {
      const client = yield* anyClient
      const results = yield* inVirtualTime(
        Effect.all([Effect.result(client.get("/a")), Effect.result(client.get("/b"))], { concurrency: "unbounded" })
      )
      assert.deepStrictEqual(reasonsOf(results), ["ok", "ok"])
      assert.deepStrictEqual(registry.at.slice(0, 2), [0, 0])
      assert.isTrue(
        registry.at.slice(2).every((at) => at >= 20_000),
        String(registry.at)
      )
    }).pipe(Effect.provide(wireOver(registry.layer)))
  })
})
