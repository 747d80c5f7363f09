/** Where a request says its version: API versions (the older page) and Versions (the newer one). One test per rule. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { body, call, callAsApp, errorOf, exchange, firstInstallation, status } from "./support/calls.ts"

const simulator = Effect.provide(Simulator.layer)
const readingIn = (versionIn: "header" | "path") => Effect.provide(Simulator.layerWith({ behaviour: { versionIn } }))
const versionHeader = { "x-icr-api-version": "2023-06-16" }

describe("the version of a request", () => {
  it.effect(
    "is taken from the header and from the path by default, with the same answer",
    Effect.fnUntraced(function* () {
      const token = yield* exchange()
      const inHeader = yield* (yield* call("GET", "/projects?limit=2&page=0", token, versionHeader)).text
      const inPath = yield* (yield* call("GET", "/v0.5/projects?limit=2&page=0", token)).text
      assert.strictEqual(inPath, inHeader)
      const { control } = yield* Simulator
      assert.strictEqual(yield* control.requestCount("GET /projects"), 2)
      assert.deepStrictEqual(
        (yield* control.requestLog).slice(-2).map(({ apiVersion, path }) => [apiVersion, path]),
        [
          ["2023-06-16", "/projects?limit=2&page=0"],
          ["v0.5", "/v0.5/projects?limit=2&page=0"]
        ]
      )
    }, simulator)
  )
  it.effect(
    "in the path reaches every route, token exchanges included",
    Effect.fnUntraced(function* () {
      const id = yield* firstInstallation
      assert.strictEqual((yield* callAsApp("POST", `/v0.5/app/installations/${id}/accessTokens`)).status, 200)
      assert.strictEqual((yield* callAsApp("GET", "/v0.5/app/installations?limit=1&page=0")).status, 200)
    }, simulator)
  )
  it.effect(
    "in the path stands for a header that would be required, and does not excuse a wrong one",
    Effect.fnUntraced(
      function* () {
        assert.strictEqual((yield* callAsApp("POST", "/app/accessTokens")).status, 400)
        assert.strictEqual((yield* callAsApp("POST", "/v0.5/app/accessTokens")).status, 200)
        const wrong = yield* callAsApp("POST", "/v0.5/app/accessTokens", { "x-icr-api-version": "1999-01-01" })
        assert.deepStrictEqual(yield* errorOf(wrong), { status: 400, message: "Unsupported API version" })
      },
      Effect.provide(Simulator.layerWith({ behaviour: { missingVersion: "refuse" } }))
    )
  )
  it.effect(
    "only in the header: a path with a version is an unknown one, and there is no /v0.5/openapi",
    Effect.fnUntraced(function* () {
      const token = yield* exchange()
      assert.strictEqual(yield* status("/projects", token), 200)
      for (const path of ["/v0.5/projects", "/v0.5/openapi"]) {
        assert.deepStrictEqual(yield* Effect.flatMap(call("GET", path, token), errorOf), {
          status: 404,
          message: `Cannot GET ${path} (the version is read in the header only)`
        })
      }
    }, readingIn("header"))
  )
  it.effect(
    "only in the path: a path without one is answered with 404, and the header means nothing",
    Effect.fnUntraced(function* () {
      const missing = yield* callAsApp("POST", "/app/accessTokens", versionHeader)
      assert.deepStrictEqual(yield* errorOf(missing), {
        status: 404,
        message: "Cannot POST /app/accessTokens (the version belongs into the path, such as /v0.5)"
      })
      const ignored = { "x-icr-api-version": "1999-01-01" }
      assert.strictEqual((yield* callAsApp("POST", "/v0.5/app/accessTokens", ignored)).status, 200)
    }, readingIn("path"))
  )
  it.effect(
    "of an API that is not simulated, or of none, is answered with 404",
    Effect.fnUntraced(function* () {
      const token = yield* exchange()
      const messages = yield* Effect.forEach(
        ["/v0/openapi", "/v1/openapi", "/v1/projects", "/v7/projects", "/v0.5/nothing", "/v0.5"],
        (path) => Effect.map(Effect.flatMap(call("GET", path, token), errorOf), ({ message }) => message)
      )
      assert.deepStrictEqual(messages, [
        "Cannot GET /v0/openapi (documented, but not simulated)",
        "Cannot GET /v1/openapi (documented, but not simulated)",
        "Cannot GET /v1/projects (documented, but not simulated)",
        "Cannot GET /v7/projects",
        "Cannot GET /v0.5/nothing",
        "Cannot GET /v0.5"
      ])
    }, simulator)
  )
  it.effect(
    "in the path leads to the registry's own routes, not to the simulator's pages",
    Effect.fnUntraced(function* () {
      for (const path of ["/v0.5/openapi.json", "/v0.5//openapi.json"]) {
        assert.strictEqual((yield* call("GET", path)).status, 404)
      }
    }, simulator)
  )
})

describe("GET /v0.5/openapi", () => {
  const Document = Schema.Struct({
    openapi: Schema.String,
    paths: Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Unknown))
  })

  it.effect(
    "describes what the simulator serves, and takes no token",
    Effect.fnUntraced(function* () {
      const { openapi, paths } = yield* Effect.flatMap(call("GET", "/v0.5/openapi"), body(Document))
      assert.match(openapi, /^3\./)
      assert.containsAllKeys(paths["/projects/{id}"], ["get"])
      assert.containsAllKeys(paths["/organizations/{id}/warehouse/inventory/reservations"], ["get", "post"])
      assert.strictEqual(
        yield* (yield* call("GET", "/v0.5/openapi")).text,
        yield* (yield* call("GET", "/openapi.json")).text
      )
    }, simulator)
  )
})
