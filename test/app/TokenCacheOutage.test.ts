/** An issuer that is down. */
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { appOver, captured, exact, idOf, makeRegistry, reasonOf, refusal, textOf, times } from "../support/registry.ts"

const acme = idOf("acme")
const second = 1000
const minute = 60 * second
const hour = 60 * minute

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
