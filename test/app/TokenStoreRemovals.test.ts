/** A token store that tells what other processes removed. */
import { TokenCache } from "@effect-icr/app/TokenCache"
import { type Removal } from "@effect-icr/app/TokenStore"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Queue, Stream } from "effect"
import { TestClock } from "effect/testing"
import { captured, makeRegistry, started, textOf } from "../support/registry.ts"
import { inProcess, makeStore } from "../support/tokenStore.ts"
import { acme, ask, key } from "./support/tokenCache.ts"

describe("a token store", () => {
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

  it.effect(
    "gets no token that was invalidated amid its exchange: those who wait get it, nobody else does, not from the store either",
    () => {
      const registry = makeRegistry()
      registry.latency = 1000
      const store = makeStore()
      return inProcess(
        registry,
        store,
        Effect.gen(function* () {
          const { invalidateInstallationToken } = yield* TokenCache
          const waiting = yield* started(ask)
          yield* TestClock.adjust(500)
          yield* invalidateInstallationToken(acme)
          const late = yield* started(ask)
          yield* TestClock.adjust(1500)
          assert.strictEqual(textOf(yield* Fiber.join(waiting)), "crs_1")
          assert.strictEqual(textOf(yield* Fiber.join(late)), "crs_2")
        })
      )
    }
  )
})
