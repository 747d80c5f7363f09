/** An issuer that is down. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { captured, exact, reasonOf, textOf, times } from "../support/registry.ts"
import { ask, down, forced, hour, minute, overRegistry, second } from "./support/tokenCache.ts"

describe("an issuer that is down", () => {
  it.effect(
    "leaves the token in use until its end, is tried once per growing interval and warned of once per interval",
    () => {
      const log = captured()
      return overRegistry(function* (registry) {
        yield* exact(ask)
        registry.refusal = down
        yield* TestClock.adjust(2 * hour - 5 * minute)
        const tries: Array<number> = []
        for (let t = 0; t < 300; t++) {
          const before = registry.exchanges
          const tokens = yield* times(3, ask)
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
      }).pipe(Effect.provide(log.layer))
    }
  )

  it.effect("after the token's end callers get the typed reason at once, not a wait", () =>
    overRegistry(function* (registry) {
      yield* ask
      registry.refusal = down
      yield* TestClock.adjust(2 * hour - minute)
      yield* ask
      yield* TestClock.adjust(minute)
      assert.strictEqual((yield* reasonOf(ask))._tag, "ServerError")
    })
  )

  it.effect("gives a new token at the next refresh once it is back, and that token stays in use", () =>
    overRegistry(function* (registry) {
      yield* ask
      registry.refusal = down
      yield* TestClock.adjust(2 * hour - minute)
      yield* ask
      registry.refusal = undefined
      yield* TestClock.adjust(10 * second)
      yield* ask
      yield* TestClock.adjust(1)
      assert.strictEqual(textOf(yield* ask), "crs_3")
      yield* TestClock.adjust(hour)
      assert.strictEqual(textOf(yield* ask), "crs_3")
    })
  )

  it.effect("costs a caller who forces a refresh within a retry interval no second warning", () => {
    const log = captured()
    return overRegistry(function* (registry) {
      yield* ask
      registry.refusal = down
      yield* TestClock.adjust(2 * hour - minute)
      yield* ask
      yield* Effect.flip(forced)
      yield* Effect.flip(forced)
      assert.strictEqual(log.lines.length, 1)
      yield* TestClock.adjust(10 * second)
      const before = registry.exchanges
      yield* ask
      assert.strictEqual(registry.exchanges, before + 1)
    }).pipe(Effect.provide(log.layer))
  })
})
