/** Many installations whose tokens are needed at once. */
import { type Options, TokenCache } from "@effect-icr/app/TokenCache"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { IcrHttp, type Options as HttpOptions } from "@effect-icr/app/IcrHttp"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { idOf, isDone, started, tokenBody } from "../support/registry.ts"
import { makeStore } from "../support/tokenStore.ts"

const second = 1000

/** A registry that serves `most` exchanges at a time, each in 100 ms, and turns the others down with 429. */
const makeRegistry = (most: number) => {
  const seen = { most, atOnce: 0, peak: 0, exchanges: 0, refused: 0, order: [] as Array<string>, latency: 100 }
  const layer = (tokens: Options, http?: HttpOptions) =>
    TokenCache.layerWith(tokens).pipe(
      Layer.provide([
        IcrHttp.layerTest(
          Effect.fnUntraced(function* ({ path }) {
            const installation = path.split("/")[3] ?? ""
            if (seen.atOnce >= seen.most) {
              seen.refused++
              return { status: 429, body: {} }
            }
            seen.peak = Math.max(seen.peak, ++seen.atOnce)
            seen.order.push(installation)
            yield* Effect.sleep(seen.latency)
            seen.atOnce--
            const now = yield* Clock.currentTimeMillis
            return { body: tokenBody({ text: `crs_${++seen.exchanges}`, installation, now, life: 7_200_000 }) }
          }),
          http
        ),
        Signer.layerTest(),
        ServerClock.layer,
        IcrConfig.layerWith({ appId: "test", baseUrl: "http://localhost" })
      ]),
      Layer.provide(Logger.layer([]))
    )
  return { seen, layer }
}

const names = Array.from({ length: 500 }, (_, n) => `i${n}`)
const ask = (name: string) => Effect.flatMap(TokenCache, (cache) => cache.installationToken(idOf(name)))
const askAll = Effect.forEach(names, (name) => Effect.exit(ask(name)), { concurrency: "unbounded" })
const failures = (exits: ReadonlyArray<Exit.Exit<unknown, unknown>>) => exits.filter(Exit.isFailure).length

describe("500 installations at once", () => {
  it.effect("against a registry that serves 100 exchanges at a time: at most 64 at a time, in turn, none fails", () => {
    const { layer, seen } = makeRegistry(100)
    return Effect.gen(function* () {
      const all = yield* started(askAll)
      yield* TestClock.adjust(second)
      assert.strictEqual(failures(yield* Fiber.join(all)), 0)
      assert.deepStrictEqual(
        { ...seen, order: seen.order.length },
        { ...seen, peak: 64, refused: 0, exchanges: 500, order: 500 }
      )
      assert.deepStrictEqual(seen.order, names)
    }).pipe(Effect.provide(layer({})))
  })

  it.effect.each([4, 8, 16, 32])(
    "against one that serves %i: none fails, since who is turned down waits for another turn",
    (most) => {
      const { layer, seen } = makeRegistry(most)
      return Effect.gen(function* () {
        const all = yield* started(askAll)
        yield* TestClock.adjust(60 * second)
        assert.isTrue(isDone(all))
        assert.strictEqual(failures(yield* Fiber.join(all)), 0)
        assert.strictEqual(seen.exchanges, 500)
      }).pipe(Effect.provide(layer({})))
    }
  )

  it.effect("against one that serves 16: fewer after each 429, and more again afterwards", () => {
    const { layer, seen } = makeRegistry(16)
    return Effect.gen(function* () {
      const all = yield* started(askAll)
      yield* TestClock.adjust(60 * second)
      assert.isTrue(isDone(all))
      const failed = failures(yield* Fiber.join(all))
      assert.strictEqual(failed, 0)
      seen.most = 1000
      seen.peak = 0
      for (let round = 1; round <= 3; round++) {
        const others = Effect.forEach(names, (name) => Effect.exit(ask(`${name}-${round}`)), {
          concurrency: "unbounded"
        })
        const again = yield* started(others)
        yield* TestClock.adjust(10 * second)
        assert.strictEqual(failures(yield* Fiber.join(again)), 0)
      }
      assert.isAbove(seen.peak, 32)
    }).pipe(Effect.provide(layer({})))
  })

  it.effect("hold no more leases of a store than exchanges may run: a lease does not wait for its exchange", () => {
    const { layer } = makeRegistry(1000)
    const leases = { atOnce: 0, peak: 0 }
    const take = Effect.sync(() => {
      leases.peak = Math.max(leases.peak, ++leases.atOnce)
      return false
    })
    const store = makeStore({ lease: () => Effect.acquireRelease(take, () => Effect.sync(() => leases.atOnce--)) })
    return Effect.gen(function* () {
      const all = yield* started(askAll)
      yield* TestClock.adjust(2 * second)
      assert.strictEqual(failures(yield* Fiber.join(all)), 0)
      assert.isAtMost(leases.peak, 64 + 64)
      assert.strictEqual(leases.atOnce, 0)
    }).pipe(Effect.provide(layer({}).pipe(Layer.provide(store.layer))))
  })

  it.effect("wait within the deadline of a call, and go on when the ones before them leave", () => {
    const { layer, seen } = makeRegistry(1000)
    seen.latency = 20 * second
    return Effect.gen(function* () {
      const all = yield* started(askAll)
      yield* TestClock.adjust(30 * second)
      assert.isTrue(isDone(all))
      assert.strictEqual(seen.exchanges, 2)
      seen.latency = 100
      const one = yield* started(ask("another"))
      yield* TestClock.adjust(second)
      assert.isTrue(isDone(one))
    }).pipe(Effect.provide(layer({ maxConcurrentExchanges: 2 }, { retry: false, attemptTimeout: "25 seconds" })))
  })
})
