/** A token that the registry refuses while it is new: it is sent again before it is replaced. */
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import {
  appOver,
  exact,
  isDone,
  makeRegistry,
  reasonOf,
  refusal,
  tokenBody,
  started,
  textOf,
  times
} from "../support/registry.ts"
import { acme, second } from "./support/tokenCache.ts"
import { dead, get, post, sent, upload } from "./support/refusals.ts"

describe("a token that is new", () => {
  for (const [name, answer] of [
    ["401", refusal(401, "Unauthorized")],
    ["403 without a permission reason", refusal(403, "Forbidden resource")]
  ] as const) {
    for (const [method, call] of [
      ["GET", get],
      ["POST", post]
    ] as const) {
      it.effect(
        `is sent again with a ${method} on ${name} after a short and a longer wait, without another exchange`,
        () => {
          const registry = makeRegistry()
          return Effect.gen(function* () {
            yield* (yield* TokenCache).installationToken(acme)
            registry.answer = () => (registry.requests.length < 3 ? answer : undefined)
            const caller = yield* started(exact(call))
            yield* TestClock.adjust(499)
            assert.strictEqual(registry.requests.length, 1)
            yield* TestClock.adjust(1)
            assert.strictEqual(registry.requests.length, 2)
            yield* TestClock.adjust(1250)
            assert.strictEqual((yield* Fiber.join(caller)).status, 200)
            assert.deepStrictEqual(sent(registry), ["crs_1", "crs_1", "crs_1"])
            assert.strictEqual(registry.exchanges, 1)
          }).pipe(Effect.provide(appOver(registry)))
        }
      )
    }
  }

  it.effect("by its exchange, but was made hours before, is not waited for", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      yield* TestClock.adjust("4 hours")
      const now = yield* Clock.currentTimeMillis
      const kept = tokenBody({ text: "crs_kept", installation: acme, now, life: 7_200_000 })
      registry.refusal = { body: { ...kept, createdAt: "1970-01-01T01:00:00.000Z" } }
      registry.answer = (token) => (token === "crs_kept" ? refusal(401, "Unauthorized") : undefined)
      yield* (yield* TokenCache).installationToken(acme)
      registry.refusal = undefined
      assert.strictEqual((yield* get).status, 200)
      assert.deepStrictEqual(sent(registry), ["crs_kept", "crs_2"])
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("and still refused after 3 s at most is replaced once; the error says what was tried", () => {
    const registry = makeRegistry()
    registry.answer = () => refusal(401, "Unauthorized")
    return Effect.gen(function* () {
      const call = yield* started(reasonOf(get))
      yield* TestClock.adjust(3 * second)
      const reason = yield* Fiber.join(call)
      assert.strictEqual(reason._tag, "Unauthorized")
      assert.include(reason.message, "several times with the same token, then with a new one")
      assert.deepStrictEqual(sent(registry), ["crs_1", "crs_1", "crs_1", "crs_2"])
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("that got nothing but a bare 403 for 3 s is left alone, and 50 such callers send no herd", () => {
    const registry = makeRegistry()
    const moments = new Map<number, number>()
    return Effect.gen(function* () {
      const clock = yield* Clock.Clock
      registry.answer = () => {
        const now = clock.currentTimeMillisUnsafe()
        moments.set(now, (moments.get(now) ?? 0) + 1)
        return refusal(403, "Forbidden resource")
      }
      const calls = yield* started(times(50, reasonOf(get)))
      yield* TestClock.adjust(3 * second)
      const reasons = yield* Fiber.join(calls)
      assert.isTrue(reasons.every(({ _tag }) => _tag === "Forbidden"))
      assert.isTrue(reasons.every(({ message }) => message.includes("several times with the same token")))
      assert.isAtMost(registry.requests.length, 110)
      assert.isAtMost(Math.max(...[...moments].filter(([moment]) => moment > 0).map(([, count]) => count)), 5)
      assert.strictEqual(registry.exchanges, 1)
      // Nor do those who come later.
      yield* reasonOf(get)
      assert.strictEqual(registry.exchanges, 1)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("and was accepted at a path is known there: a refusal is not waited for", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      yield* get
      registry.answer = () => refusal(403, "Forbidden resource")
      assert.strictEqual((yield* reasonOf(get))._tag, "Forbidden")
      yield* reasonOf(get)
      assert.deepStrictEqual(sent(registry), ["crs_1", "crs_1", "crs_2", "crs_2"])
      assert.strictEqual(registry.exchanges, 2)
    }).pipe(Effect.provide(appOver(registry)))
  })

  for (const [newTokenGrace, waited] of [
    [0, 0],
    [60 * second, 60 * second]
  ] as const) {
    it.effect(`counts as new for as long as newTokenGrace says: ${newTokenGrace} ms`, () => {
      const registry = makeRegistry()
      registry.answer = () => refusal(401, "Unauthorized")
      return Effect.gen(function* () {
        const call = yield* started(reasonOf(get))
        yield* TestClock.adjust(waited / 2)
        assert.strictEqual(isDone(call), waited === 0)
        yield* TestClock.adjust(waited / 2)
        assert.isTrue(isDone(call))
      }).pipe(Effect.provide(appOver(registry, { newTokenGrace }, { retry: false, deadline: "1 hour" })))
    })
  }

  it.effect("is not dropped by a request whose body cannot be sent again", () => {
    const registry = makeRegistry()
    registry.answer = dead("crs_1")
    return Effect.gen(function* () {
      assert.strictEqual((yield* reasonOf(upload))._tag, "Unauthorized")
      assert.strictEqual(registry.requests.length, 1)
      assert.strictEqual(textOf(yield* (yield* TokenCache).installationToken(acme)), "crs_1")
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("that comes back for a new one does not keep the call waiting for ever", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      // Twenty exchanges, one text: the client cannot tell its tokens apart.
      registry.answer = () => refusal(401, "Unauthorized")
      const call = yield* started(reasonOf(get))
      for (let i = 0; i < 60; i++) {
        registry.exchanges = 0
        yield* TestClock.adjust(second)
      }
      const reason = yield* Fiber.join(call)
      assert.strictEqual(reason._tag, "Unauthorized")
      assert.include(reason.message, "several times with the same token")
      assert.notInclude(reason.message, "with a new")
      assert.strictEqual(registry.requests.length, 4)
    }).pipe(Effect.provide(appOver(registry, {}, { retry: false, deadline: "1 hour" })))
  })
})
