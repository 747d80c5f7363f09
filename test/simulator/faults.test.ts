import { type Fault } from "@effect-icr/simulator/Fault"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import type { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { call, callAsApp, errorOf, exchange, firstInstallation } from "./support/calls.ts"
import { appJwt } from "./support/jwt.ts"

const simulator = Effect.provide(Simulator.layer)
const list = callAsApp("GET", "/app/installations")
const route = "GET /app/installations"

const script = (...steps: ReadonlyArray<Fault | "pass" | ReadonlyArray<Fault>>) =>
  Effect.flatMap(Simulator, ({ control }) => control.faults.script(route, steps))

const text = (response: HttpClientResponse.HttpClientResponse) => response.text
const reasonOf = <A>(request: Effect.Effect<A, HttpClientError.HttpClientError, HttpClient.HttpClient | Simulator>) =>
  Effect.catchTag(request, "HttpClientError", (error) => Effect.succeed(error.reason._tag))

describe("a script of faults", () => {
  it.effect(
    "is worked off exchange by exchange on its own route",
    Effect.fnUntraced(function* () {
      yield* script({ _tag: "Status", status: 503 }, "pass", { _tag: "Reset" })
      assert.strictEqual((yield* call("GET", "/projects", yield* exchange())).status, 200)
      assert.deepStrictEqual(yield* Effect.flatMap(list, errorOf), { status: 503, message: "Service Unavailable" })
      assert.strictEqual((yield* list).status, 200)
      assert.strictEqual(yield* reasonOf(list), "TransportError")
      assert.strictEqual((yield* list).status, 200)
      const { control } = yield* Simulator
      assert.deepStrictEqual(
        (yield* control.requestLog)
          .filter((entry) => entry.route === route)
          .map(({ status, faults }) => [status, faults]),
        [
          [503, ["Status"]],
          [200, []],
          [null, ["Reset"]],
          [200, []]
        ]
      )
    }, simulator)
  )

  it.effect(
    "for any route waits until a route's own has run out",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      yield* control.faults.script("*", [{ _tag: "Status", status: 500 }])
      yield* script({ _tag: "Status", status: 502 })
      assert.strictEqual((yield* list).status, 502)
      assert.strictEqual(yield* control.faults.pending, 1)
      assert.strictEqual((yield* call("GET", "/nowhere")).status, 500)
      assert.strictEqual((yield* list).status, 200)
    }, simulator)
  )

  it.effect(
    "is forgotten by clear and by reset",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      yield* script({ _tag: "Status", status: 503 })
      yield* control.faults.clear
      assert.strictEqual((yield* list).status, 200)
      yield* script({ _tag: "Status", status: 503 })
      yield* control.faults.probability("*", 1, { _tag: "Status", status: 500 })
      yield* control.reset
      assert.strictEqual((yield* list).status, 200)
    }, simulator)
  )
})

describe("a probability", () => {
  it.effect(
    "of a half hits about half of the exchanges, the same ones for the same seed",
    Effect.fnUntraced(function* () {
      const run = Effect.gen(function* () {
        const { control } = yield* Simulator
        yield* control.faults.probability(route, 0.5, { _tag: "Status", status: 503 })
        const jwt = yield* appJwt()
        return yield* Effect.forEach(Array.from({ length: 200 }), () =>
          Effect.map(call("GET", "/app/installations", jwt), ({ status }) => status)
        )
      })
      const first = yield* run.pipe(Effect.provide(Simulator.layerWith({ seed: 5 })))
      const again = yield* run.pipe(Effect.provide(Simulator.layerWith({ seed: 5 })))
      const other = yield* run.pipe(Effect.provide(Simulator.layerWith({ seed: 6 })))
      assert.deepStrictEqual(first, again)
      assert.notDeepEqual(first, other)
      const hit = first.filter((status) => status === 503).length
      assert.isTrue(hit > 70 && hit < 130, `${hit} of 200`)
    })
  )

  it.effect(
    "outside 0…1 is refused",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      for (const p of [-0.1, 1.1, Number.NaN]) {
        const error = yield* Effect.flip(control.faults.probability("*", p, { _tag: "Reset" }))
        assert.strictEqual(error._tag, "SimulatorError")
      }
    }, simulator)
  )
})

describe("each fault in memory", () => {
  it.effect(
    "Status answers with the body and the headers it is given, before the handler unless told otherwise",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const create = "POST /app/accessTokens"
      yield* control.faults.script(create, [
        { _tag: "Status", status: 429, headers: { "retry-after": "7" }, body: { hello: 1 } },
        { _tag: "Status", status: 500, body: "plain", handled: true }
      ])
      const first = yield* callAsApp("POST", "/app/accessTokens")
      assert.deepStrictEqual([first.status, first.headers["retry-after"], yield* first.json], [429, "7", { hello: 1 }])
      assert.strictEqual((yield* control.tokens).length, 0)
      assert.strictEqual(yield* Effect.flatMap(callAsApp("POST", "/app/accessTokens"), text), "plain")
      assert.strictEqual((yield* control.tokens).length, 1)
    }, simulator)
  )

  it.effect(
    "Reset at the answer lets the handler do its work first",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      yield* control.faults.script("POST /app/accessTokens", [{ _tag: "Reset" }, { _tag: "Reset", at: "answer" }])
      const create = reasonOf(callAsApp("POST", "/app/accessTokens"))
      assert.strictEqual(yield* create, "TransportError")
      assert.strictEqual((yield* control.tokens).length, 0)
      assert.strictEqual(yield* create, "TransportError")
      assert.strictEqual((yield* control.tokens).length, 1)
    }, simulator)
  )

  it.effect(
    "Latency, StallBeforeHead and StallInBody wait on the test's clock",
    Effect.fnUntraced(function* () {
      yield* script(
        { _tag: "Latency", millis: 3000 },
        { _tag: "StallBeforeHead" },
        { _tag: "StallInBody" },
        { _tag: "StallInBody", millis: 1000 }
      )
      const slow = yield* Effect.forkChild(list)
      yield* TestClock.adjust("2999 millis")
      assert.isUndefined(slow.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual((yield* Fiber.join(slow)).status, 200)

      const silent = yield* Effect.forkChild(list)
      yield* TestClock.adjust("1 hour")
      assert.isUndefined(silent.pollUnsafe())
      yield* Fiber.interrupt(silent)

      const head = yield* list
      assert.strictEqual(head.status, 200)
      const never = yield* Effect.forkChild(head.text)
      yield* TestClock.adjust("1 hour")
      assert.isUndefined(never.pollUnsafe())
      yield* Fiber.interrupt(never)

      const late = yield* Effect.forkChild(Effect.flatMap(list, (response) => response.json))
      yield* TestClock.adjust("1 second")
      assert.property(yield* Fiber.join(late), "installations")
    }, simulator)
  )

  it.effect(
    "Reset in the body breaks reading, not the head",
    Effect.fnUntraced(function* () {
      yield* script({ _tag: "Reset", at: "body" })
      const response = yield* list
      assert.strictEqual(response.status, 200)
      assert.strictEqual((yield* Effect.flip(response.text))._tag, "HttpClientError")
    }, simulator)
  )

  it.effect(
    "TruncatedJson stops in the middle, HtmlPage is no JSON at all",
    Effect.fnUntraced(function* () {
      yield* script({ _tag: "TruncatedJson" }, { _tag: "HtmlPage" })
      const cut = yield* Effect.flatMap(list, text)
      assert.isTrue(cut.startsWith('{"pagination"'))
      assert.throws(() => JSON.parse(cut))
      const page = yield* list
      assert.deepStrictEqual([page.status, page.headers["content-type"]], [502, "text/html"])
      assert.match(yield* page.text, /^<!doctype html>/)
    }, simulator)
  )

  it.effect(
    "OversizedBody is as large as asked for and still JSON",
    Effect.fnUntraced(function* () {
      for (const bytes of [13, 14, 65_536, 1_000_003]) {
        yield* script({ _tag: "OversizedBody", bytes })
        const body = yield* Effect.flatMap(list, text)
        assert.strictEqual(body.length, bytes)
        assert.isObject(JSON.parse(body))
      }
    }, simulator)
  )

  it.effect(
    "DuplicateFields and UnknownFields leave the answer readable",
    Effect.fnUntraced(function* () {
      const plain = yield* Effect.flatMap(list, (response) => response.json)
      yield* script({ _tag: "DuplicateFields" }, { _tag: "UnknownFields" })
      const double = yield* Effect.flatMap(list, text)
      assert.strictEqual(double.split('"pagination"').length, 3)
      assert.deepStrictEqual(JSON.parse(double), plain)
      const Decorated = Schema.Struct({
        xUnknown: Schema.Unknown,
        pagination: Schema.Struct({ xUnknown: Schema.Unknown })
      })
      yield* Effect.flatMap(list, (response) => Effect.flatMap(response.json, Schema.decodeUnknownEffect(Decorated)))
    }, simulator)
  )

  it.effect(
    "EchoCredentials repeats the JWT in body and header",
    Effect.fnUntraced(function* () {
      yield* script({ _tag: "EchoCredentials", status: 401 })
      const jwt = yield* appJwt()
      const response = yield* call("GET", "/app/installations", jwt)
      assert.strictEqual(response.status, 401)
      assert.include(yield* response.text, jwt)
      assert.include(response.headers["x-echo-authorization"], jwt)
    }, simulator)
  )

  it.effect(
    "DateSkew moves the Date header of one answer",
    Effect.fnUntraced(function* () {
      yield* TestClock.setTime(1_800_000_000_000)
      yield* script({ _tag: "DateSkew", millis: -3_600_000 })
      assert.strictEqual((yield* list).headers["date"], "Fri, 15 Jan 2027 07:00:00 GMT")
      assert.strictEqual((yield* list).headers["date"], "Fri, 15 Jan 2027 08:00:00 GMT")
    }, simulator)
  )

  it.effect(
    "FreshToken: refused for its first milliseconds, then good",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      yield* control.faults.script("POST /app/installations/{installationId}/accessTokens", [
        { _tag: "FreshToken", millis: 250 }
      ])
      const token = yield* exchange(yield* firstInstallation)
      const use = Effect.map(call("GET", "/projects", token), ({ status }) => status)
      assert.strictEqual(yield* use, 403)
      yield* TestClock.adjust("249 millis")
      assert.strictEqual(yield* use, 403)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* use, 200)
    }, simulator)
  )

  it.effect(
    "several meet in one exchange",
    Effect.fnUntraced(function* () {
      yield* script([
        { _tag: "Latency", millis: 1000 },
        { _tag: "DateSkew", millis: 60_000 },
        { _tag: "Status", status: 503 }
      ])
      const slow = yield* Effect.forkChild(list)
      yield* TestClock.adjust("1 second")
      const response = yield* Fiber.join(slow)
      assert.deepStrictEqual([response.status, response.headers["date"]], [503, "Thu, 01 Jan 1970 00:01:01 GMT"])
    }, simulator)
  )
})
