/** Attempts, their waits, the budget and the rate limit, all in virtual time. */
import { IcrApp, RetryPolicy, idempotent } from "@effect-icr/app"
import type { Options } from "@effect-icr/app/IcrHttp"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Layer, Option, Schedule } from "effect"
import { HttpClientError } from "effect/http"
import { withSimulator } from "../support/app.ts"
import {
  anyClient,
  draw,
  failure,
  gaps,
  get,
  inVirtualTime,
  ok,
  type Play,
  played,
  status,
  timed,
  wireOver
} from "./support/wire.ts"

const reset: Play = (_, request) =>
  Effect.fail(new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request }) }))

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
        [{ deadline: { seconds: Number.NaN } }, "deadline"],
        [{ deadline: { minutes: 1, milliseconds: Number.NaN } }, "deadline"],
        [{ deadline: { seconds: -1 } }, "deadline"],
        [{ deadline: [Number.NaN, 0] }, "deadline"],
        [{ deadline: [1, Number.NaN] }, "deadline"],
        [{ deadline: "-5 seconds" }, "deadline"],
        [{ deadline: "-Infinity" }, "deadline"],
        [{ deadline: Duration.seconds(-1) }, "deadline"],
        [{ deadline: -5n }, "deadline"],
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

describe("a call that needs an exchange first", () => {
  it.effect("does not repeat what the exchange has already repeated: 4 requests, not 16", () =>
    Effect.gen(function* () {
      const { appClient, installationPage } = yield* IcrApp
      const { control } = yield* Simulator
      // Signs the JWT, which takes real time.
      yield* installationPage({ limit: 1, page: 0 })
      yield* control.faults.probability("POST /app/accessTokens", 1, { _tag: "Status", status: 503 })
      const reason = yield* failure(appClient.get("/projects"))
      assert.strictEqual(reason._tag, "ServerError")
      if (reason._tag === "ServerError") assert.strictEqual(reason.operation, "IcrApp.appToken")
      assert.strictEqual(yield* control.requestCount("POST /app/accessTokens"), 4)
      assert.strictEqual(yield* control.requestCount("GET /projects"), 0)
    }).pipe(Effect.provide(withSimulator()))
  )
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
