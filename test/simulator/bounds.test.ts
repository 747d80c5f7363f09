/** Numbers and texts that would break every later answer are refused where they come in. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Redacted, type Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { call, callAsApp } from "./support/calls.ts"
import { manage } from "./support/manage.ts"

const server = Effect.provide(Layer.merge(Simulator.layerServer, FetchHttpClient.layer))
const simulator = Effect.provide(Simulator.layer)

const script = (fault: Schema.Json) => ({ route: "*", steps: [fault] })

const refused: ReadonlyArray<readonly ["PUT" | "PATCH" | "POST", string, Schema.Json]> = [
  ["PUT", "/clock", { skewMillis: 1e99 }],
  ["PUT", "/clock", { skewMillis: -1e99 }],
  ["PATCH", "/behaviour", { installationTokenLife: 1e99 }],
  ["PATCH", "/behaviour", { installationTokenLife: -5000 }],
  ["PATCH", "/behaviour", { jwtClockTolerance: 3_650 * 86_400_000 + 1 }],
  ["POST", "/faults/script", script({ _tag: "DateSkew", millis: 1e99 })],
  ["POST", "/faults/script", script({ _tag: "Latency", millis: -1 })],
  ["POST", "/faults/script", script({ _tag: "FreshToken", millis: 1e99 })],
  ["POST", "/faults/script", script({ _tag: "Status", status: 503, headers: { "x-a\nb": "c" } })],
  ["POST", "/faults/script", script({ _tag: "Status", status: 503, headers: { "x-a": "b\r\nc: d" } })],
  ["POST", "/faults/script", script({ _tag: "Status", status: 503, headers: { "": "c" } })]
]

describe("the control interface", () => {
  it.live(
    "refuses times and headers that no answer can carry, and goes on answering",
    Effect.fnUntraced(function* () {
      for (const [method, path, body] of refused) {
        const answer = yield* manage(method, path, body)
        assert.strictEqual(answer.status, 400, JSON.stringify(body))
        assert.strictEqual((yield* callAsApp("GET", "/app/installations")).status, 200)
      }
      const { baseUrl, controlToken } = yield* Simulator
      const token = Redacted.value(controlToken)
      const pressed = yield* Effect.promise(() =>
        fetch(`${baseUrl}/_simulator/page`, {
          method: "POST",
          body: new URLSearchParams({ token, action: "skewClock", target: "1e30" })
        })
      )
      assert.strictEqual(pressed.status, 400)
      assert.include(yield* Effect.promise(() => pressed.text()), "skew")
      assert.strictEqual((yield* call("GET", "/")).status, 200)
    }, server)
  )

  it.live(
    "takes what lies just within the bounds",
    Effect.fnUntraced(function* () {
      const tenYears = 3_650 * 86_400_000
      assert.strictEqual((yield* manage("PATCH", "/behaviour", { installationTokenLife: tenYears })).status, 200)
      assert.strictEqual((yield* manage("PUT", "/clock", { skewMillis: -tenYears })).status, 200)
      assert.strictEqual((yield* manage("PUT", "/clock", { skewMillis: 0 })).status, 200)
      const fault = { _tag: "Status", status: 418, headers: { "X-Tea_pot!": "\u00fcber\thot" } }
      assert.strictEqual((yield* manage("POST", "/faults/script", script(fault))).status, 200)
      assert.strictEqual((yield* callAsApp("GET", "/app/installations")).status, 418)
    }, server)
  )
})

describe("the typed control", () => {
  it.effect(
    "gives SimulatorError for the same",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const attempts = [
        control.skewClock("4000 days"),
        control.skewClock("-4000 days"),
        control.setBehaviour({ appTokenLife: Duration.infinity }),
        control.setBehaviour({ freshTokenDelay: Duration.seconds(-1) }),
        control.faults.script("*", [{ _tag: "DateSkew", millis: Number.MAX_VALUE }]),
        control.faults.script("*", ["pass", [{ _tag: "Latency", millis: -1 }]]),
        control.faults.probability("*", 1, { _tag: "Status", status: 503, headers: { "a b": "c" } })
      ]
      for (const attempt of attempts) assert.strictEqual((yield* Effect.flip(attempt))._tag, "SimulatorError")
      assert.strictEqual(yield* control.faults.pending, 0)
      assert.strictEqual((yield* callAsApp("GET", "/app/installations")).status, 200)
    }, simulator)
  )

  it.effect(
    "an exchange that fails all the same is answered with the registry's 500",
    Effect.fnUntraced(function* () {
      // The one bad number left is the test's own clock.
      yield* TestClock.setTime(8.64e15 + 1)
      const response = yield* call("GET", "/projects")
      assert.deepStrictEqual(
        [response.status, yield* response.json],
        [500, { statusCode: 500, message: "Internal server error", error: "Internal Server Error" }]
      )
    }, simulator)
  )
})
