/** Attempts, waits, the budget and the deadline, all in virtual time. */
import { IcrApp, type IcrError, IcrHttp, type IcrReason, RateLimit, RetryPolicy, idempotent } from "@effect-icr/app"
import type { Options } from "@effect-icr/app/IcrHttp"
import type { Options as LimitOptions } from "@effect-icr/app/RateLimit"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, Fiber, Layer, Option, Random, Redacted, Ref, Schedule } from "effect"
import { HttpClientError, type HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { withSimulator } from "../support/app.ts"
import { anyClient, credential, failure, firstId, inVirtualTime, type Play, played, wireOver } from "./support/wire.ts"

const ok = () => Response.json({})
const status = (status: number, headers?: Record<string, string>) =>
  new Response(null, { status, ...(headers && { headers }) })

const reset: Play = (_, request) =>
  Effect.fail(new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request }) }))

/** Plays the registry, and notes when each request came, in virtual milliseconds. */
const timed = (play: (n: number) => Response) => {
  const at: Array<number> = []
  const registry = played((n) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      at.push(now)
      return play(n)
    })
  )
  return { ...registry, at }
}

/** Waits between requests. */
const gaps = (at: ReadonlyArray<number>) => at.slice(1).map((time, n) => time - (at[n] ?? 0))

/** Draws nothing: every jittered wait is this share of its bound. */
const draw = (share: number) =>
  Effect.provideService(Random.Random, {
    nextDoubleUnsafe: () => share,
    nextIntUnsafe: () => 0
  })

const get = Effect.flatMap(anyClient, (client) => client.get("/things"))

describe("the schedule", () => {
  it.effect("waits up to 200, 400 and 800 ms, drawn from 0 to that, and gives up after 4 attempts", () =>
    Effect.forEach([0, 0.5, 1], (share) => {
      const { at, layer } = timed(() => status(503))
      return Effect.gen(function* () {
        const reason = yield* failure(draw(share)(get))
        assert.strictEqual(reason._tag, "ServerError")
        assert.deepStrictEqual(gaps(at), [200 * share, 400 * share, 800 * share])
        if (reason._tag === "ServerError") {
          assert.strictEqual(reason.attempts, 4)
          assert.strictEqual(Duration.toMillis(reason.elapsed), 1400 * share)
        }
      }).pipe(Effect.provide(wireOver(layer)))
    })
  )

  const schedules: ReadonlyArray<readonly [string, Options["retry"], ReadonlyArray<number>]> = [
    ["options", { attempts: 3, base: "1 second", maxDelay: "1500 millis" }, [1000, 1500]],
    ["one attempt", { attempts: 1 }, []],
    ["a schedule of one's own", Schedule.spaced("5 seconds").pipe(Schedule.upTo({ times: 2 })), [5000, 5000]],
    ["false", false, []],
    ["none", RetryPolicy.none, []]
  ]
  for (const [name, retry, waits] of schedules) {
    it.effect(`can be replaced or switched off: ${name}`, () => {
      const { at, layer } = timed(() => status(500))
      return Effect.gen(function* () {
        yield* failure(draw(1)(get))
        assert.deepStrictEqual(gaps(at), [...waits])
      }).pipe(Effect.provide(wireOver(layer, { retry })))
    })
  }

  it.effect("refuses nonsense when the layer is built, naming the option", () =>
    Effect.forEach(
      [
        [{ retry: { attempts: 0 } }, "retry.attempts"],
        [{ retry: { base: -1 } }, "retry.base"],
        [{ retry: { maxDelay: Number.NaN } }, "retry.maxDelay"],
        [{ retryBudget: -1 }, "retryBudget"],
        [{ maxRetryAfter: -1 }, "maxRetryAfter"],
        [{ attemptTimeout: Number.NaN }, "attemptTimeout"],
        [{ deadline: -5 }, "deadline"],
        [{ maxBodyBytes: 1.5 }, "maxBodyBytes"],
        [{ maxErrorBytes: -1 }, "maxErrorBytes"]
      ] as const,
      ([options, variable]) =>
        Effect.gen(function* () {
          const { reason } = yield* Effect.flip(
            Layer.build(wireOver(played(() => Effect.sync(ok)).layer, options)).pipe(Effect.scoped)
          )
          assert.strictEqual(reason._tag, "Configuration")
          if (reason._tag === "Configuration") assert.strictEqual(reason.variable, variable)
        })
    )
  )

  it.effect("a lost connection is repeated like a 503, a write is not", () => {
    const { layer, sent } = played(reset)
    return Effect.gen(function* () {
      const client = yield* anyClient
      assert.strictEqual((yield* failure(client.get("/things")))._tag, "Transport")
      assert.strictEqual(sent.length, 4)
      assert.strictEqual((yield* failure(client.post("/things")))._tag, "Transport")
      assert.strictEqual(sent.length, 5)
      assert.strictEqual((yield* failure(idempotent(client.post("/things"))))._tag, "Transport")
      assert.strictEqual(sent.length, 9)
    }).pipe(Effect.provide(wireOver(layer)))
  })
})

describe("Retry-After", () => {
  const rows: ReadonlyArray<readonly [name: string, header: string, wait: number]> = [
    ["seconds", "7", 7000],
    ["an HTTP date", "Thu, 01 Jan 1970 00:00:12 GMT", 12_000],
    ["a date in the past", "Wed, 31 Dec 1969 00:00:00 GMT", 100],
    ["zero", "0", 100],
    ["garbage", "soon", 100],
    ["a negative number", "-5", 100],
    ["a fraction", "1.5", 100],
    ["nothing", "", 100]
  ]
  for (const code of [429, 503]) {
    for (const [name, header, wait] of rows) {
      it.effect(`${code} with ${name}`, () => {
        const { at, layer } = timed((n) => (n === 1 ? status(code, { "retry-after": header }) : ok()))
        return Effect.gen(function* () {
          yield* inVirtualTime(draw(0.5)(get))
          assert.deepStrictEqual(gaps(at), [wait])
        }).pipe(Effect.provide(wireOver(layer)))
      })
    }
  }

  it.effect("a date is read by the registry's clock", () => {
    const { at, layer } = timed((n) =>
      n === 1
        ? status(503, { date: "Thu, 01 Jan 1970 01:00:00 GMT", "retry-after": "Thu, 01 Jan 1970 01:00:09 GMT" })
        : ok()
    )
    return Effect.gen(function* () {
      yield* inVirtualTime(draw(0)(get))
      const [wait = 0] = gaps(at)
      // The `Date` header has whole seconds: right to one of them.
      assert.isTrue(wait >= 8000 && wait <= 10_000, String(wait))
    }).pipe(Effect.provide(wireOver(layer)))
  })

  const tooLong: ReadonlyArray<readonly [name: string, header: string, asked: number, options: Options]> = [
    ["above the cap of 60 s", "61", 61, { deadline: "1 hour" }],
    ["a day", "86400", 86_400, { deadline: "1 hour" }],
    ["above a cap of one's own", "3", 3, { maxRetryAfter: "2 seconds" }],
    ["more than the deadline leaves", "30", 30, {}]
  ]
  for (const [name, header, asked, options] of tooLong) {
    it.effect(`${name}: fails at once, with retryAfter in the error`, () => {
      const { layer, sent } = played(() => Effect.sync(() => status(429, { "retry-after": header })))
      return Effect.gen(function* () {
        const error = yield* Effect.flip(get)
        assert.strictEqual(yield* Clock.currentTimeMillis, 0)
        assert.strictEqual(sent.length, 1)
        assert.strictEqual(error.reason._tag, "RateLimited")
        assert.deepStrictEqual(error.retryAfter, Option.some(Duration.seconds(asked)))
        assert.include(error.message, `try again in ${asked} s`)
      }).pipe(Effect.provide(wireOver(layer, options)))
    })
  }

  it.effect("exactly the cap is waited for", () => {
    const { at, layer } = timed((n) => (n === 1 ? status(503, { "retry-after": "60" }) : ok()))
    return Effect.gen(function* () {
      yield* inVirtualTime(get)
      assert.deepStrictEqual(gaps(at), [60_000])
    }).pipe(Effect.provide(wireOver(layer, { deadline: "1 hour" })))
  })

  it.effect("also outlasts a schedule of one's own", () => {
    const { at, layer } = timed((n) => (n === 1 ? status(503, { "retry-after": "9" }) : ok()))
    return Effect.gen(function* () {
      yield* inVirtualTime(get)
      assert.deepStrictEqual(gaps(at), [9000])
    }).pipe(Effect.provide(wireOver(layer, { retry: Schedule.spaced(1) })))
  })
})

describe("the budget", () => {
  it.effect("calls of a layer share it, and a success gives a tenth back", () => {
    let healthy = false
    const { layer, sent } = played(() => Effect.sync(() => (healthy ? ok() : status(500))))
    const requests = Effect.fnUntraced(function* () {
      const before = sent.length
      yield* inVirtualTime(Effect.exit(get))
      return sent.length - before
    })
    return Effect.gen(function* () {
      // 5 repetitions: 3 for the first call, 2 for the second, none for the third.
      assert.deepStrictEqual([yield* requests(), yield* requests(), yield* requests()], [4, 3, 1])
      healthy = true
      for (const _ of Array.from({ length: 9 })) yield* requests()
      healthy = false
      assert.strictEqual(yield* requests(), 1)
      healthy = true
      yield* requests()
      healthy = false
      assert.deepStrictEqual([yield* requests(), yield* requests()], [2, 1])
    }).pipe(Effect.provide(wireOver(layer, { retryBudget: 5 })))
  })

  it.effect("is not spent on what is not repeated: the last attempt, writes, other failures", () => {
    let code = 500
    const { layer, sent } = played(() => Effect.sync(() => status(code)))
    return Effect.gen(function* () {
      const client = yield* anyClient
      yield* failure(client.get("/things"))
      for (const _ of Array.from({ length: 10 })) yield* failure(client.post("/things"))
      code = 404
      for (const _ of Array.from({ length: 10 })) yield* failure(client.get("/things"))
      code = 500
      const before = sent.length
      yield* failure(client.get("/things"))
      assert.strictEqual(sent.length - before, 4)
      yield* failure(client.get("/things"))
      assert.strictEqual(sent.length - before, 5)
    }).pipe(Effect.provide(wireOver(layer, { retryBudget: 6 })))
  })

  it.effect("never holds more than its capacity", () => {
    let healthy = true
    const { layer, sent } = played(() => Effect.sync(() => (healthy ? ok() : status(500))))
    return Effect.gen(function* () {
      for (const _ of Array.from({ length: 50 })) yield* get
      healthy = false
      yield* failure(get)
      assert.strictEqual(sent.length - 50, 2)
    }).pipe(Effect.provide(wireOver(layer, { retryBudget: 1 })))
  })
})

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
      assert.deepStrictEqual(timeout(yield* failure(slow("31 seconds"))), ["call", 30, 0])
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

  it.effect("a clock set back or forward in the middle of a call changes nothing", () => {
    const { layer } = played((n) => (n === 1 ? Effect.as(TestClock.setTime(3_600_000), status(503)) : Effect.sync(ok)))
    return Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(get)
      yield* Effect.yieldNow
      yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).status, 200)
    }).pipe(Effect.provide(wireOver(layer)))
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
})

describe("the rate limit", () => {
  const limited = (registry: ReturnType<typeof timed>, options: LimitOptions) =>
    wireOver(registry.layer).pipe(Layer.provide(RateLimit.layerMemory(options)))

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
        results.map((result) => (result._tag === "Success" ? "ok" : timedOutBy(result.failure))),
        ["ok", "call", "call"]
      )
    }).pipe(Effect.provide(limited(registry, { limit: 1, window: "40 seconds" })))
  })

  const timedOutBy = ({ reason }: IcrError) => (reason._tag === "Timeout" ? reason.of : reason._tag)

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
    }).pipe(Effect.provide(withSimulator().pipe(Layer.provide(RateLimit.layerMemory({ limit: 10, window: "1 hour" })))))
  )

  it.effect("refuses nonsense", () =>
    Effect.gen(function* () {
      const { reason } = yield* Effect.flip(
        Effect.scoped(Layer.build(RateLimit.layerMemory({ limit: 0, window: "1 second" })))
      )
      assert.strictEqual(reason._tag, "Configuration")
    })
  )
})
