/** The rate limit, in virtual time. */
import { IcrApp, type IcrError, RateLimit } from "@effect-icr/app"
import type { Options as LimitOptions } from "@effect-icr/app/RateLimit"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { RateLimiter } from "effect/persistence"
import { withSimulator } from "../support/app.ts"
import { draw, firstId, get, inVirtualTime, ok, status, timed, wireOver } from "./support/wire.ts"

describe("the rate limit", () => {
  const limited = (registry: ReturnType<typeof timed>, options: LimitOptions) =>
    wireOver(registry.layer).pipe(Layer.provide(RateLimit.layerMemoryWith(options)))

  it.effect("is off by default", () => {
    const registry = timed(ok)
    return Effect.gen(function* () {
      yield* inVirtualTime(Effect.forEach(Array.from({ length: 50 }), () => get, { concurrency: "unbounded" }))
      assert.deepStrictEqual(new Set(registry.at).size, 1)
    }).pipe(Effect.provide(wireOver(registry.layer)))
  })

  it.effect("spreads calls over its windows, repetitions too", () => {
    const registry = timed((n) => (n === 1 ? status(503) : ok()))
    return Effect.gen(function* () {
      yield* inVirtualTime(draw(0)(Effect.forEach(Array.from({ length: 5 }), () => get, { concurrency: "unbounded" })))
      assert.strictEqual(registry.at.length, 6)
      const last = Math.max(...registry.at)
      assert.isTrue(last >= 4000 && last <= 6000, String(registry.at))
    }).pipe(Effect.provide(limited(registry, { limit: 1, window: "1 second" })))
  })

  it.effect("counts towards the deadline", () => {
    const registry = timed(ok)
    return Effect.gen(function* () {
      const results = yield* inVirtualTime(
        Effect.forEach(Array.from({ length: 3 }), () => Effect.result(get), { concurrency: "unbounded" })
      )
      assert.deepStrictEqual(
        results.map((result) => (result._tag === "Success" ? "ok" : timedOutAfter(result.failure))),
        ["ok", 30, 30]
      )
    }).pipe(Effect.provide(limited(registry, { limit: 1, window: "40 seconds" })))
  })

  const timedOutAfter = ({ reason }: IcrError) =>
    reason._tag === "Timeout" ? Duration.toSeconds(reason.elapsed) : reason._tag

  it.effect("10 calls through a limit of 10 on a cold cache: the exchange does not wait behind them", () =>
    Effect.gen(function* () {
      const { installationClient } = yield* IcrApp
      const { control, organizationIds } = yield* Simulator
      const [organization = ""] = yield* organizationIds
      const client = installationClient(yield* firstId)
      yield* Effect.forEach(Array.from({ length: 10 }), () => client.get(`/organizations/${organization}`), {
        concurrency: "unbounded"
      })
      assert.strictEqual(yield* control.requestCount(), 11)
    }).pipe(
      Effect.provide(withSimulator().pipe(Layer.provide(RateLimit.layerMemoryWith({ limit: 10, window: "1 hour" }))))
    )
  )

  const storeDown = new RateLimiter.RateLimiterError({
    reason: new RateLimiter.RateLimitStoreError({ message: "down" })
  })
  for (const [how, down] of [
    ["fails", Effect.fail(storeDown)],
    ["throws", Effect.die(storeDown)]
  ] as const) {
    it.effect(`lets requests go out when its store ${how}`, () => {
      const registry = timed(ok)
      const store = Layer.succeed(RateLimiter.RateLimiterStore, {
        fixedWindow: () => down,
        tokenBucket: () => down,
        adaptiveConsume: () => down,
        adaptiveFeedback: () => down
      })
      return Effect.gen(function* () {
        yield* get
        yield* get
        assert.deepStrictEqual(registry.at, [0, 0])
      }).pipe(
        Effect.provide(
          wireOver(registry.layer).pipe(
            Layer.provide(RateLimit.layerWith({ limit: 1, window: "1 second" })),
            Layer.provide(RateLimiter.layer),
            Layer.provide(store)
          )
        )
      )
    })
  }

  it.effect("refuses nonsense when the layer is built, naming the option", () =>
    Effect.gen(function* () {
      const rows: ReadonlyArray<readonly [LimitOptions, string]> = [
        [{ limit: 0, window: "1 second" }, "limit"],
        [{ limit: 1.5, window: "1 second" }, "limit"],
        [{ limit: Number.NaN, window: "1 second" }, "limit"],
        [{ limit: 1, window: 0 }, "window"],
        [{ limit: 1, window: "0 seconds" }, "window"],
        [{ limit: 1, window: -1 }, "window"],
        [{ limit: 1, window: "-5 seconds" }, "window"],
        [{ limit: 1, window: Number.NaN }, "window"],
        [{ limit: 1, window: [Number.NaN, 0] }, "window"],
        [{ limit: 1, window: "Infinity" }, "window"]
      ]
      for (const [options, variable] of rows) {
        const { reason } = yield* Effect.flip(Effect.scoped(Layer.build(RateLimit.layerMemoryWith(options))))
        assert.strictEqual(reason._tag, "Configuration")
        if (reason._tag === "Configuration") assert.strictEqual(reason.variable, variable)
      }
    })
  )
})
