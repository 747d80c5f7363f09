/** One deadline for a call, one limit for each attempt, and what interruption reaches; all in virtual time. */
import { IcrError, IcrHttp, type IcrReason } from "@effect-icr/app"
import type { Refusal } from "@effect-icr/app/Credential"
import { assert, describe, it, vi } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, Layer, Redacted, Ref, Schedule } from "effect"
import { HttpClient, type HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { started } from "../support/registry.ts"
import {
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
  const timeout = (reason: IcrReason.Reason) =>
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
            onRefused: () => Effect.as(Effect.sleep("1 minute"), { again: true, tried: "" })
          }
        })
        .get("/things")
    )
    return Effect.gen(function* () {
      assert.deepStrictEqual(timeout(yield* failure(patient)), ["call", 30, 1])
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
      let passed = 0n
      const clock = yield* Clock.Clock
      const laden: Clock.Clock = Object.create(clock, {
        monotonicTimeNanosUnsafe: { value: () => clock.monotonicTimeNanosUnsafe() + passed }
      })
      const http = yield* IcrHttp
      const slow = Effect.sync(() => {
        passed += BigInt(millis) * 1_000_000n
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

    it.effect("does not put the deadline off", () =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(Effect.flip(yield* blocking(25_000)))
        yield* TestClock.adjust("4999 millis")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 milli")
        assert.deepStrictEqual(timeout((yield* Fiber.join(fiber)).reason), ["call", 30, 1])
      }).pipe(Effect.provide(wireOver(stalled.layer)))
    )
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
          currentTimeMillisUnsafe: { value: () => clock.currentTimeMillisUnsafe() + moved }
        })
        const response = yield* inVirtualTime(Effect.provideService(draw(1)(get), Clock.Clock, wall))
        assert.strictEqual(response.status, 200)
      }).pipe(Effect.provide(wireOver(layer, { deadline: "2 seconds" })))
    })
  )
})

describe("the limits of many calls", () => {
  const stalled = played(() => Effect.never)
  /** When a call ends that is begun after so many milliseconds. */
  const endOf = <A, E, R>(wait: Duration.Input, call: Effect.Effect<A, E, R>) =>
    Effect.forkChild(Effect.andThen(Effect.delay(Effect.exit(call), wait), Clock.currentTimeMillis))
  const post = Effect.flatMap(anyClient, (client) => client.post("/things"))
  /** A clock for one call that says something else than that of the others. */
  const ownClock = Effect.map(Clock.Clock, (clock): Clock.Clock =>
    Object.create(clock, {
      monotonicTimeNanosUnsafe: { value: () => clock.monotonicTimeNanosUnsafe() + 3_600_000_000_000n }
    })
  )

  it.effect("are kept for each of them, whatever becomes of the others", () =>
    Effect.gen(function* () {
      const ends = [
        yield* endOf(0, post),
        yield* endOf("1 second", Effect.timeout(post, "1 second")),
        yield* endOf("2 seconds", Effect.provideService(post, Clock.Clock, yield* ownClock)),
        yield* endOf("3 seconds", post),
        // One that begins in the moment in which another one ends.
        yield* endOf("4 seconds", Effect.andThen(Effect.exit(post), post))
      ]
      yield* TestClock.adjust("2 hours")
      assert.deepStrictEqual(yield* Effect.forEach(ends, Fiber.join), [10_000, 2000, 12_000, 13_000, 24_000])
    }).pipe(Effect.provide(wireOver(stalled.layer)))
  )

  it.effect("are kept by a call near its deadline too, when those begun before it may take longer", () =>
    Effect.gen(function* () {
      // Its third attempt begins at 20.6 s and has until 30 s.
      const late = yield* endOf(0, draw(1)(get))
      const early = yield* endOf("20500 millis", post)
      yield* TestClock.adjust("2 hours")
      assert.deepStrictEqual([yield* Fiber.join(late), yield* Fiber.join(early)], [30_000, 30_500])
    }).pipe(Effect.provide(wireOver(stalled.layer)))
  )

  /** Refused once after 5 s, and sent again at once with the credential at hand. */
  const refusedOnce = Effect.flatMap(IcrHttp, (http) =>
    http
      .client({
        operation: "Test.call",
        credential: {
          ...credential,
          onRefused: ({ refused }) => Effect.succeed({ again: refused.length < 2, tried: "" })
        }
      })
      .post("/things")
  )

  it.effect("begin anew with each attempt, for a call that was watched before", () => {
    const { layer, sent } = played((n) =>
      n === 1
        ? Effect.delay(
            Effect.sync(() => status(401)),
            "5 seconds"
          )
        : Effect.never
    )
    return Effect.gen(function* () {
      const end = yield* endOf(0, refusedOnce)
      yield* TestClock.adjust("2 hours")
      assert.deepStrictEqual([yield* Fiber.join(end), sent.length], [15_000, 2])
    }).pipe(Effect.provide(wireOver(layer)))
  })

  it.effect("are kept where they are over at once, one call after the other", () =>
    Effect.gen(function* () {
      const end = yield* endOf(0, Effect.andThen(Effect.exit(post), post))
      yield* TestClock.adjust("2 hours")
      assert.isDefined(end.pollUnsafe())
    }).pipe(Effect.provide(wireOver(stalled.layer, { attemptTimeout: 0 })))
  )

  it("are seen by a program's tests with fake timers, whenever the calls and the timers began", async () => {
    const context = await Effect.runPromise(
      Effect.scoped(Layer.build(wireOver(stalled.layer, { attemptTimeout: "9 seconds" })))
    )
    const before = Effect.runForkWith(context)(post)
    vi.useFakeTimers()
    try {
      const ends: Array<number> = []
      const begin = () => {
        const began = Date.now()
        Effect.runForkWith(context)(Effect.exit(post)).addObserver(() => ends.push(Date.now() - began))
      }
      begin()
      begin()
      await vi.advanceTimersByTimeAsync(5000)
      begin()
      await vi.advanceTimersByTimeAsync(60_000)
      assert.deepStrictEqual(
        ends.map((millis) => Math.round(millis / 100)),
        [90, 90, 90]
      )
    } finally {
      vi.useRealTimers()
      before.interruptUnsafe()
    }
  })

  it.effect("are kept for the others when whoever waits for one throws", () =>
    Effect.gen(function* () {
      const context = yield* Effect.context<IcrHttp>()
      const thrown = yield* Effect.forkChild(
        Effect.callback<unknown>((resume) => {
          const listeners = process.listeners("uncaughtException")
          process.removeAllListeners("uncaughtException")
          process.once("uncaughtException", (error) => {
            for (const listener of listeners) process.on("uncaughtException", listener)
            resume(Effect.succeed(error))
          })
        }),
        { startImmediately: true }
      )
      Effect.runForkWith(context)(Effect.exit(post)).addObserver(() => {
        throw new Error("not ours")
      })
      const end = yield* endOf("1 second", post)
      yield* TestClock.adjust("2 hours")
      assert.strictEqual(yield* Fiber.join(end), 11_000)
      assert.include(String(yield* Fiber.join(thrown)), "not ours")
    }).pipe(Effect.provide(wireOver(stalled.layer)))
  )

  it.effect("leave what a repetition knows of its schedule where it was", () => {
    const attempts: Array<number> = []
    const { layer } = played((n) =>
      Effect.map(Schedule.CurrentMetadata, ({ attempt }) => {
        attempts.push(attempt)
        return n < 3 ? status(503) : ok()
      })
    )
    return Effect.gen(function* () {
      yield* inVirtualTime(get)
      assert.deepStrictEqual(attempts, [0, 1, 2])
    }).pipe(Effect.provide(wireOver(layer)))
  })

  it.effect("take one timer for all, and none once nobody waits: it would keep the process from ending", () => {
    let begun = 0
    let asleep = 0
    const { layer } = played(() => Effect.as(Effect.yieldNow, ok()))
    return Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const counting: Clock.Clock = Object.create(clock, {
        sleep: {
          value: (duration: Duration.Duration) =>
            Effect.acquireUseRelease(
              Effect.sync(() => void (begun++, asleep++)),
              () => clock.sleep(duration),
              () => Effect.sync(() => void asleep--)
            )
        }
      })
      const calls = Effect.replicateEffect(get, 20, { concurrency: "unbounded", discard: true })
      yield* Effect.provideService(Effect.andThen(calls, calls), Clock.Clock, counting)
      yield* Effect.promise(() => Promise.resolve())
      assert.deepStrictEqual({ begun, asleep }, { begun: 1, asleep: 0 })
      yield* Effect.provideService(get, Clock.Clock, counting)
      yield* Effect.promise(() => Promise.resolve())
      assert.deepStrictEqual({ begun, asleep }, { begun: 2, asleep: 0 })
    }).pipe(Effect.provide(wireOver(layer)))
  })
})

describe("a call that is held up before its request goes out", () => {
  it.effect("makes no other one see to its limits itself", () => {
    let begun = 0
    let heldUp = 0
    const { layer } = played(() => Effect.never)
    const busy = HttpClient.mapRequest((request: HttpClientRequest.HttpClientRequest) => {
      heldUp += 150
      return request
    })
    const client = Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, busy))
    return Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const passing: Clock.Clock = Object.create(clock, {
        currentTimeMillisUnsafe: { value: () => clock.currentTimeMillisUnsafe() + heldUp },
        monotonicTimeNanosUnsafe: { value: () => clock.monotonicTimeNanosUnsafe() + BigInt(heldUp) * 1_000_000n },
        sleep: {
          value: (duration: Duration.Duration) => {
            begun++
            return clock.sleep(duration)
          }
        }
      })
      for (let call = 0; call < 5; call++) yield* started(Effect.provideService(get, Clock.Clock, passing))
      assert.strictEqual(begun, 1)
    }).pipe(Effect.provide(wireOver(Layer.provide(client, layer))), Effect.scoped)
  })
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
            return { again: refused.length < 2, tried: "" }
          })
      }
      const reason = yield* failure(http.client({ operation: "Test.call", credential: counted }).get("/things"))
      assert.strictEqual(reason._tag, "Unauthorized")
      assert.deepStrictEqual(seen, [["token-1"], ["token-1", "token-3"]])
      assert.strictEqual(sent.length, 3)
    }).pipe(Effect.provide(wireOver(layer)))
  })
})
