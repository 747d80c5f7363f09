/** One deadline for a call, one limit for each attempt, and what interruption reaches; all in virtual time. */
import { IcrError, IcrHttp, type IcrReason } from "@effect-icr/app"
import type { Refusal } from "@effect-icr/app/Credential"
import { assert, describe, it, vi } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, Redacted, Ref, Schedule } from "effect"
import type { HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import {
  aheadBy,
  anyClient,
  credential,
  draw,
  failure,
  get,
  inVirtualTime,
  ok,
  played,
  status,
  wireOver
} from "./support/wire.ts"

describe("time limits", () => {
  const stalled = played(() => Effect.never)
  const timeout = (reason: IcrReason.IcrReason) =>
    reason._tag === "Timeout" ? [reason.of, Duration.toSeconds(reason.limit), reason.attempts] : [reason._tag]

  it.effect("10 s for an attempt, 30 s for the call, waits included", () =>
    Effect.gen(function* () {
      const started = yield* Clock.currentTimeMillis
      const fiber = yield* Effect.forkChild(Effect.flip(draw(1)(get)))
      yield* TestClock.adjust("29999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      const { reason } = yield* Fiber.join(fiber)
      // 10 s + 200 ms + 10 s + 400 ms + what is left.
      assert.deepStrictEqual(timeout(reason), ["call", 30, 3])
      assert.strictEqual((yield* Clock.currentTimeMillis) - started, 30_000)
    }).pipe(Effect.provide(wireOver(stalled.layer)))
  )

  it.effect("a write that stalls ends with its attempt", () =>
    Effect.gen(function* () {
      const reason = yield* failure(Effect.flatMap(anyClient, (client) => client.post("/things")))
      assert.deepStrictEqual(timeout(reason), ["attempt", 10, 1])
      assert.include(reason.message, "10 s")
      assert.isTrue(new IcrError({ reason }).mayHaveHappened)
    }).pipe(Effect.provide(wireOver(stalled.layer)))
  )

  it.effect("the body counts: a head is no answer", () => {
    const { layer } = played(() =>
      Effect.sync(() => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })))
    )
    return Effect.gen(function* () {
      assert.deepStrictEqual(timeout(yield* failure(get)), ["attempt", 2, 1])
    }).pipe(Effect.provide(wireOver(layer, { attemptTimeout: "2 seconds", retry: false })))
  })

  it.effect("waiting for the credential counts towards the deadline, not towards the attempt", () => {
    const { layer, sent } = played(() => Effect.sync(ok))
    const slow = (wait: Duration.Input) =>
      Effect.flatMap(IcrHttp, (http) =>
        http
          .client({ operation: "Test.call", credential: { ...credential, get: Effect.delay(credential.get, wait) } })
          .get("/things")
      )
    return Effect.gen(function* () {
      yield* inVirtualTime(slow("29 seconds"))
      assert.strictEqual(sent.length, 1)
      const reason = yield* failure(slow("31 seconds"))
      assert.deepStrictEqual(timeout(reason), ["call", 30, 0])
      assert.match(reason.message, /sent no request within its deadline of 30 s: it was waiting for its token/)
      assert.strictEqual(sent.length, 1)
    }).pipe(Effect.provide(wireOver(layer)))
  })

  it.effect("what is done about a refusal counts towards the deadline", () => {
    const { layer } = played(() => Effect.sync(() => status(401)))
    const patient = Effect.flatMap(IcrHttp, (http) =>
      http
        .client({
          operation: "Test.call",
          credential: {
            ...credential,
            onRefused: () => Effect.as(Effect.sleep("1 minute"), { again: true, tried: "nothing" })
          }
        })
        .get("/things")
    )
    return Effect.gen(function* () {
      const started = yield* Clock.currentTimeMillis
      const fiber = yield* Effect.forkChild(Effect.flip(patient))
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(timeout((yield* Fiber.join(fiber)).reason), ["Unauthorized"])
      assert.strictEqual((yield* Clock.currentTimeMillis) - started, 30_000)
    }).pipe(Effect.provide(wireOver(layer)))
  })

  it.effect("a wait that would outlast the deadline is not begun: the failure comes at once, with its reason", () => {
    const { layer, sent } = played(() => Effect.sync(() => status(503)))
    return Effect.gen(function* () {
      const { reason } = yield* Effect.flip(get)
      assert.strictEqual(reason._tag, "ServerError")
      assert.strictEqual(sent.length, 1)
    }).pipe(Effect.provide(wireOver(layer, { retry: Schedule.spaced("31 seconds") })))
  })

  it.effect("0 is honoured", () => {
    const { layer, sent } = played(() => Effect.sync(ok))
    return Effect.gen(function* () {
      assert.deepStrictEqual(timeout(yield* failure(get)), ["call", 0, 0])
      assert.strictEqual(sent.length, 0)
    }).pipe(Effect.provide(wireOver(layer, { deadline: 0 })))
  })

  describe("work that does not let go of the processor", () => {
    /** A credential that is at hand only after so many milliseconds in which nothing else could run. */
    const blocking = Effect.fnUntraced(function* (millis: number) {
      let passed = 0
      const laden = aheadBy(yield* Clock.Clock, () => passed)
      const http = yield* IcrHttp
      const slow = Effect.sync(() => {
        passed += millis
        return { value: Redacted.make("crs_slow") }
      })
      const client = http.client({ operation: "Test.call", credential: { ...credential, get: slow } })
      return Effect.provideService(client.post("/things"), Clock.Clock, laden)
    })

    it.effect("sends nothing once the deadline is over", () => {
      const { layer, sent } = played(() => Effect.sync(ok))
      return Effect.gen(function* () {
        assert.deepStrictEqual(timeout(yield* failure(yield* blocking(30_000))), ["call", 30, 0])
        assert.strictEqual(sent.length, 0)
      }).pipe(Effect.provide(wireOver(layer)))
    })
  })

  it("a program's tests with fake timers see both limits", async () => {
    vi.useFakeTimers()
    try {
      const ended = Effect.runPromise(Effect.flip(draw(0)(get)).pipe(Effect.provide(wireOver(stalled.layer))))
      await vi.advanceTimersByTimeAsync(120_000)
      assert.strictEqual((await ended).reason._tag, "Timeout")
    } finally {
      vi.useRealTimers()
    }
  })

  it.effect("a wall clock set forward or back in the middle of a call changes nothing", () =>
    Effect.forEach([3_600_000, -3_600_000], (jump) => {
      let moved = 0
      const { layer } = played((n) =>
        Effect.sync(() => {
          moved = jump
          return n < 4 ? status(503) : ok()
        })
      )
      return Effect.gen(function* () {
        const clock = yield* Clock.Clock
        const wall: Clock.Clock = Object.create(clock, {
          currentTimeMillisUnsafe: { value: () => clock.currentTimeMillisUnsafe() + moved },
          currentTimeMillis: { value: Effect.map(clock.currentTimeMillis, (now) => now + moved) }
        })
        const response = yield* inVirtualTime(Effect.provideService(draw(1)(get), Clock.Clock, wall))
        assert.strictEqual(response.status, 200)
      }).pipe(Effect.provide(wireOver(layer, { deadline: "2 seconds" })))
    })
  )
})

describe("interruption and the token", () => {
  it.effect("interrupting a call interrupts its request", () => {
    let interrupted = 0
    const { layer } = played(() => Effect.onInterrupt(Effect.never, () => Effect.sync(() => void interrupted++)))
    return Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(get)
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(interrupted, 1)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
    }).pipe(Effect.provide(wireOver(layer)))
  })

  it.effect("a timed-out attempt is interrupted before the next begins", () => {
    const log: Array<string> = []
    const { layer } = played((n) =>
      Effect.sync(() => log.push(`begin ${n}`)).pipe(
        Effect.andThen(Effect.never),
        Effect.onInterrupt(() => Effect.sync(() => log.push(`end ${n}`)))
      )
    )
    return Effect.gen(function* () {
      yield* failure(get)
      assert.deepStrictEqual(log, ["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"])
    }).pipe(Effect.provide(wireOver(layer)))
  })

  it.effect("the credential is asked for again on every attempt", () => {
    const { layer, sent } = played((n) => Effect.sync(() => (n < 4 ? status(503) : ok())))
    return Effect.gen(function* () {
      const asked = yield* Ref.make(0)
      const http = yield* IcrHttp
      const renewed = {
        ...credential,
        get: Effect.map(
          Ref.updateAndGet(asked, (n) => n + 1),
          (n) => ({ value: Redacted.make(`token-${n}`) })
        )
      }
      yield* inVirtualTime(http.client({ operation: "Test.call", credential: renewed }).get("/things"))
      assert.deepStrictEqual(
        sent.map((request: HttpClientRequest.HttpClientRequest) => request.headers["authorization"]),
        ["Bearer token-1", "Bearer token-2", "Bearer token-3", "Bearer token-4"]
      )
    }).pipe(Effect.provide(wireOver(layer)))
  })

  it.effect("remembers over its repetitions what was refused", () => {
    const { layer, sent } = played((n) => Effect.sync(() => status(n % 2 === 1 ? 401 : 503)))
    const seen: Array<ReadonlyArray<string>> = []
    return Effect.gen(function* () {
      const http = yield* IcrHttp
      const counted = {
        get: Effect.sync(() => ({ value: Redacted.make(`token-${sent.length + 1}`) })),
        onRefused: ({ refused }: Refusal) =>
          Effect.sync(() => {
            seen.push(refused.map((token) => Redacted.value(token)))
            return { again: refused.length < 2, tried: "nothing" as const }
          })
      }
      const reason = yield* failure(http.client({ operation: "Test.call", credential: counted }).get("/things"))
      assert.strictEqual(reason._tag, "Unauthorized")
      assert.deepStrictEqual(seen, [["token-1"], ["token-1", "token-3"]])
      assert.strictEqual(sent.length, 3)
    }).pipe(Effect.provide(wireOver(layer)))
  })
})
