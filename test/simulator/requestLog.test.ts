/** What the request log keeps of bodies, and how long a request took. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { call } from "./support/calls.ts"
import { first, listed, reserve, reserving, token, warehouse } from "./support/credits.ts"
import { rawRequest } from "./support/raw.ts"

const inMemory = Effect.provide(Simulator.layer)
const overSocket = Effect.provide(Layer.merge(Simulator.layerServer, FetchHttpClient.layer))

const log = Effect.flatMap(Simulator, ({ control }) => control.requestLog)
const last = Effect.map(log, (entries) => entries.at(-1) ?? assert.fail("no entry"))

describe("the request log keeps", () => {
  for (const [where, provided] of [
    ["in memory", inMemory],
    ["over a socket", overSocket]
  ] as const) {
    it.live(
      `bodies digit by digit and without secrets, ${where}`,
      Effect.fnUntraced(function* () {
        const bearer = yield* token
        const issued = yield* last
        assert.include(issued.responseBody, `"token":"<redacted>"`)
        assert.notInclude(JSON.stringify(yield* log), bearer)

        const { id } = first(yield* warehouse(bearer))
        yield* reserve(bearer, id, "0.000000000000000001")
        const reserved = yield* last
        assert.strictEqual(reserved.requestBody, `{"creditId":"${id}","amount":0.000000000000000001}`)
        assert.include(reserved.responseBody, `"amount":0.000000000000000001`)
        assert.isAtLeast(reserved.durationMillis ?? -1, 0)
        yield* reserving(bearer, id, `1,"note":"${bearer}"`)
        assert.include((yield* last).requestBody, `"note":"<redacted>"`)

        yield* listed(bearer)
        assert.isNull((yield* last).requestBody)
      }, provided)
    )
  }

  it.effect(
    "how long a request took by Effect's clock, also when it got no answer",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      yield* control.faults.script("GET /projects", [{ _tag: "Latency", millis: 1_500 }, { _tag: "Reset" }])
      const fiber = yield* Effect.forkChild(call("GET", "/projects"))
      yield* TestClock.adjust("1 second")
      assert.deepInclude(yield* last, { status: null, durationMillis: null, responseBody: null })
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.deepInclude(yield* last, { status: 403, durationMillis: 1_500 })
      yield* Effect.flip(call("GET", "/projects"))
      assert.deepInclude(yield* last, { status: null, durationMillis: 0, responseBody: null })
    }, inMemory)
  )

  it.effect(
    "the beginning of a long body, without half a secret at its end",
    Effect.fnUntraced(function* () {
      const bearer = yield* token
      const { id } = first(yield* warehouse(bearer))
      const everyByte = [...bearer].map((one) => `%${one.charCodeAt(0).toString(16)}`).join("")
      for (const written of [bearer, everyByte]) {
        for (const length of [3_700, 3_800, 3_850, 3_880]) {
          yield* reserving(bearer, id, `1,"note":"${"a".repeat(length)} ${written}${" ".repeat(200)}"`)
          const { requestBody } = yield* last
          assert.isAtMost(requestBody?.length ?? 0, 4_001)
          // The encoded text may be cut within a byte.
          const kept = decodeURIComponent(requestBody?.replace(/%.?…$/, "") ?? "")
          assert.notInclude(kept, bearer.slice(0, 6))
        }
      }
      yield* call("GET", "/projects?limit=50", bearer)
      assert.match((yield* last).responseBody ?? "", /…$/)
    }, inMemory)
  )

  it.live(
    "no body that nobody has read, and does not wait for it",
    Effect.fnUntraced(function* () {
      const { baseUrl, control } = yield* Simulator
      yield* control.faults.script("*", [{ _tag: "Status", status: 503 }])
      // The body never comes in full.
      const answer = yield* rawRequest(baseUrl, {
        method: "POST",
        target: "/app/accessTokens",
        host: new URL(baseUrl).host,
        headers: { "content-type": "application/json", "content-length": "1000" },
        body: "{"
      })
      assert.strictEqual(answer.status, 503)
      assert.deepInclude(yield* last, { status: 503, requestBody: null })
    }, overSocket)
  )

  it.live(
    "nothing of the install page, whose form has a token of its own",
    Effect.fnUntraced(function* () {
      const { app, baseUrl } = yield* Simulator
      const client = yield* HttpClient.HttpClient
      const path = `${baseUrl}/apps/${app.appNameId}/installations/new`
      yield* client.get(path)
      yield* client.execute(
        HttpClientRequest.bodyUrlParams(HttpClientRequest.post(path), { token: "guess", organizationId: "" })
      )
      for (const entry of yield* log) assert.deepInclude(entry, { requestBody: null, responseBody: null })
      assert.strictEqual((yield* log).length, 2)
    }, overSocket)
  )
})

describe("the control", () => {
  it.live(
    "tells what faults are planned, typed and over HTTP",
    Effect.fnUntraced(function* () {
      const { baseUrl, control, controlToken } = yield* Simulator
      yield* control.faults.script("GET /projects", [{ _tag: "Reset" }, "pass"])
      yield* control.faults.probability("*", 0.25, { _tag: "TruncatedJson" })
      const planned = {
        scripts: [{ route: "GET /projects", steps: [{ _tag: "Reset" }, "pass"] }],
        probabilities: [{ route: "*", probability: 0.25, faults: [{ _tag: "TruncatedJson" }] }]
      }
      assert.deepStrictEqual<unknown>(yield* control.faults.planned, planned)
      const headers = { authorization: `Bearer ${Redacted.value(controlToken)}` }
      const answer = yield* Effect.promise(() =>
        fetch(`${baseUrl}/_simulator/faults`, { headers }).then((one): Promise<unknown> => one.json())
      )
      assert.deepStrictEqual(answer, planned)
      yield* control.faults.clear
      assert.deepStrictEqual(yield* control.faults.planned, { scripts: [], probabilities: [] })
    }, overSocket)
  )
})
