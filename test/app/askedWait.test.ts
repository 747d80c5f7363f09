/** What the registry asks for by `Retry-After` outlives the call that heard it. */
import { IcrApp, type IcrError, IcrHttp } from "@effect-icr/app"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import { appOver, idOf, makeRegistry, reasonOf, textOf } from "../support/registry.ts"
import { anyClient, credential, inVirtualTime, ok, played, status, wireOver } from "./support/wire.ts"

const call = Effect.flatMap(anyClient, (client) => client.get("/things"))
const exchange = Effect.flatMap(IcrHttp, (http) =>
  http.call({
    operation: "Test.exchange",
    method: "POST",
    path: "/app/accessTokens",
    credential,
    idempotent: true,
    isExchange: true,
    success: Schema.Unknown
  })
)

/** Fails without sending anything, with so many seconds still to wait. */
const heldBack = Effect.fnUntraced(function* (effect: Effect.Effect<unknown, IcrError, IcrHttp>, seconds: number) {
  const { message, reason } = yield* Effect.flip(effect)
  assert.include(message, `sent nothing: the registry asked to wait; try again in ${seconds} s`)
  assert.strictEqual(reason._tag, "RateLimited")
  if (reason._tag !== "RateLimited") return
  assert.deepStrictEqual([reason.status, reason.attempts], [undefined, 0])
  assert.deepStrictEqual(reason.retryAfter, Option.some(Duration.seconds(seconds)))
  assert.isTrue(reason.isRetryable)
})

describe("a wait that the registry asked for", () => {
  for (const [name, first, other] of [
    ["exchanges", exchange, call],
    ["calls", call, exchange]
  ] as const) {
    for (const code of [429, 503]) {
      it.effect(`of ${name}, by ${code}, holds for all of them, and not for others`, () => {
        const { layer, sent } = played((n) =>
          Effect.sync(() => (n === 1 ? status(code, { "retry-after": "120" }) : ok()))
        )
        return Effect.gen(function* () {
          yield* Effect.flip(first)
          for (const seconds of [120, 95, 70, 45, 20]) {
            yield* heldBack(first, seconds)
            yield* TestClock.adjust("25 seconds")
          }
          assert.strictEqual(sent.length, 1)
          yield* other
          yield* first
          assert.strictEqual(sent.length, 3)
        }).pipe(Effect.provide(wireOver(layer)))
      })
    }
  }

  it.effect("is never longer than 15 minutes, though the first caller is told all of it", () => {
    const { layer, sent } = played((n) => Effect.sync(() => (n === 1 ? status(429, { "retry-after": "86400" }) : ok())))
    return Effect.gen(function* () {
      assert.deepStrictEqual((yield* Effect.flip(call)).retryAfter, Option.some(Duration.days(1)))
      yield* heldBack(call, 900)
      yield* TestClock.adjust("15 minutes")
      yield* call
      assert.strictEqual(sent.length, 2)
    }).pipe(Effect.provide(wireOver(layer)))
  })

  for (const header of ["0", "soon", "-5", "Thu, 01 Jan 1970 00:00:00 GMT"]) {
    it.effect(`of "${header}" is none`, () => {
      const { layer, sent } = played((n) =>
        Effect.sync(() => (n === 1 ? status(429, { "retry-after": header }) : ok()))
      )
      return Effect.gen(function* () {
        assert.deepStrictEqual((yield* Effect.flip(call)).retryAfter, Option.none())
        yield* call
        assert.strictEqual(sent.length, 2)
      }).pipe(Effect.provide(wireOver(layer, { retry: false })))
    })
  }

  it.effect("lets the call that heard it, and those that were under way, go on after it", () => {
    const { layer, sent } = played((n) =>
      Effect.sync(() => (n === 1 ? status(429, { "retry-after": "7" }) : n === 2 ? status(503) : ok()))
    )
    return Effect.gen(function* () {
      yield* inVirtualTime(Effect.all([call, call], { concurrency: 2 }))
      assert.strictEqual(sent.length, 4)
    }).pipe(Effect.provide(wireOver(layer)))
  })
})

describe("a wait that exchanges were asked for", () => {
  it.effect("without a token: one exchange for a hundred callers in a hundred seconds", () => {
    const registry = makeRegistry()
    registry.refusal = { status: 429, headers: { "retry-after": "300" } }
    return Effect.gen(function* () {
      const { installationToken } = yield* IcrApp
      for (const n of Array.from({ length: 100 }, (_, n) => n)) {
        const reason = yield* reasonOf(installationToken(idOf(`i-${n}`)))
        assert.strictEqual(reason._tag, "RateLimited")
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual(registry.exchanges, 1)
      registry.refusal = undefined
      yield* TestClock.adjust("200 seconds")
      yield* installationToken(idOf("i-0"))
      assert.strictEqual(registry.exchanges, 2)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("with a token: it is handed out, and not refreshed meanwhile", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const { installationToken } = yield* IcrApp
      yield* installationToken(idOf("i-1"))
      yield* TestClock.adjust("118 minutes")
      registry.refusal = { status: 429, headers: { "retry-after": "100" } }
      for (const _ of Array.from({ length: 90 })) {
        assert.strictEqual(textOf(yield* installationToken(idOf("i-1"))), "crs_1")
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual(registry.exchanges, 2)
    }).pipe(Effect.provide(appOver(registry)))
  })
})
