/** What the token cache tells those who look for the cause of something. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, References, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { appOver, captured, makeRegistry, refusal, started, times } from "../support/registry.ts"
import { acme, ask, down, forced, hour, minute } from "./support/tokenCache.ts"

describe("the token cache", () => {
  it.effect("says each exchange, refresh, refusal and invalidation in one debug line, without a token", () => {
    const registry = makeRegistry()
    const log = captured()
    registry.latency = 120
    return Effect.gen(function* () {
      const cache = yield* TokenCache
      const first = yield* started(times(3, ask))
      yield* TestClock.adjust(minute)
      yield* Fiber.join(first)
      yield* TestClock.adjust(118 * minute)
      const refresh = yield* started(ask)
      yield* TestClock.adjust(minute)
      yield* Fiber.join(refresh)
      registry.refusal = down
      const second = yield* started(forced)
      yield* TestClock.adjust(hour)
      yield* Fiber.await(second)
      registry.refusal = undefined
      registry.answer = (token) => (token === "crs_2" ? refusal(401, "no") : undefined)
      const call = yield* started(Effect.flatMap(IcrApp, (app) => app.installationClient(acme).get("/projects")))
      yield* TestClock.adjust(minute)
      yield* Fiber.join(call)
      yield* cache.invalidateInstallationToken(acme)
      const lines = log.lines.filter((line) => line.startsWith("Debug IcrApp.installationToken (acme)"))
      assert.deepStrictEqual(
        lines.map((line) =>
          line.replace("Debug IcrApp.installationToken (acme): ", "").replace(/failed: .*,/, "failed,")
        ),
        [
          "exchanged, 120 ms",
          "refreshed, 120 ms",
          "refresh failed, 120 ms",
          "the token was refused and is dropped",
          "exchanged, 120 ms",
          "invalidated"
        ]
      )
      assert.notInclude(log.lines.join("\n"), "crs_")
    }).pipe(
      Effect.provide(appOver(registry).pipe(Layer.provideMerge(log.layer))),
      Effect.provide(log.layer),
      Effect.provideService(References.MinimumLogLevel, "Debug")
    )
  })

  it.effect("tells the span of a caller who joins an exchange", () => {
    const registry = makeRegistry()
    const joined = new Map<string, number>()
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        const event = span.event.bind(span)
        span.event = (name, ...rest) => {
          if (name === "token exchange joined") joined.set(span.name, (joined.get(span.name) ?? 0) + 1)
          event(name, ...rest)
        }
        return span
      }
    })
    registry.latency = 120
    return Effect.gen(function* () {
      const first = yield* started(Effect.withSpan(ask, "first"))
      const second = yield* started(Effect.withSpan(ask, "second"))
      yield* TestClock.adjust(minute)
      yield* Fiber.join(first)
      yield* Fiber.join(second)
      yield* Effect.withSpan(ask, "third")
      assert.deepStrictEqual([...joined], [["second", 1]])
    }).pipe(Effect.provide(appOver(registry)), Effect.provideService(Tracer.Tracer, tracer))
  })
})
