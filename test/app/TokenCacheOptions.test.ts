/** Options and metrics of the cache. */
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Metric } from "effect"
import { TestClock } from "effect/testing"
import { appOver, idOf, makeRegistry, reasonOf, started, times } from "../support/registry.ts"
import { ask, down, hour, minute, overRegistryWith, second } from "./support/tokenCache.ts"

describe("options", () => {
  const build = (options: Parameters<typeof appOver>[1]) =>
    Effect.exit(Effect.scoped(Layer.build(appOver(makeRegistry(), options))))

  it.effect("are validated when the layer is built: negative and NaN refused by name", () =>
    Effect.gen(function* () {
      for (const name of ["refreshWindow", "forcedRefreshWindow", "retryInterval", "maxRetryInterval"] as const) {
        for (const value of [-1, Number.NaN, "-1 seconds", Duration.seconds(-1)]) {
          const reason = yield* reasonOf(
            Effect.asVoid(Effect.scoped(Layer.build(appOver(makeRegistry(), { [name]: value }))))
          )
          assert.strictEqual(reason._tag, "Configuration")
          assert.include(reason.message, name)
        }
      }
      for (const capacity of [-1, Number.NaN, 1.5]) {
        const reason = yield* reasonOf(Effect.asVoid(Effect.scoped(Layer.build(appOver(makeRegistry(), { capacity })))))
        assert.include(reason.message, "capacity")
      }
    })
  )

  it.effect("0 is honoured for all of them", () =>
    Effect.gen(function* () {
      const exit = yield* build({
        refreshWindow: 0,
        forcedRefreshWindow: 0,
        retryInterval: 0,
        maxRetryInterval: 0,
        capacity: 0
      })
      assert.strictEqual(exit._tag, "Success")
    })
  )

  it.effect("a retry interval of 0 tries again at every call", () =>
    overRegistryWith({ retryInterval: 0 })(function* (registry) {
      yield* ask
      registry.refusal = down
      yield* TestClock.adjust(2 * hour - minute)
      for (let i = 0; i < 5; i++) {
        yield* ask
        yield* TestClock.adjust(1)
      }
      assert.strictEqual(registry.exchanges, 6)
    })
  )
})

describe("metrics", () => {
  it.effect("count what happens, without a label for each installation", () =>
    overRegistryWith({ capacity: 1 })(function* (registry) {
      const cache = yield* TokenCache
      registry.latency = second
      const cold = yield* started(times(5, ask))
      yield* TestClock.adjust(second)
      yield* Fiber.join(cold)
      yield* times(3, ask)
      registry.latency = 0
      yield* TestClock.adjust(2 * hour - minute)
      registry.refusal = down
      yield* ask
      registry.refusal = undefined
      yield* TestClock.adjust(10 * second)
      yield* ask
      yield* cache.installationToken(idOf("other"))
      const found = (yield* Metric.snapshot).filter(({ id }) => id.startsWith("icr_token_"))
      assert.deepStrictEqual(
        Object.fromEntries(found.map(({ id, state }) => [id, "count" in state ? state.count : undefined])),
        {
          icr_token_joined: 4,
          icr_token_exchanged: 2,
          icr_token_served: 5,
          icr_token_refreshed: 1,
          icr_token_refresh_failed: 1,
          icr_token_evicted: 1
        }
      )
      assert.isTrue(found.every(({ attributes }) => Object.keys(attributes ?? {}).length === 0))
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})
