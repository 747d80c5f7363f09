/** No route reads a body of any size into memory. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { callAsApp, exchange } from "./support/calls.ts"
import { appJwt } from "./support/jwt.ts"
import { rawRequest } from "./support/raw.ts"

const limit = 1024 * 1024
const json = "application/json"
const form = "application/x-www-form-urlencoded"

const control = Effect.map(Simulator, ({ controlToken }) => Redacted.value(controlToken))
const organization = Effect.map(
  Effect.flatMap(Simulator, ({ organizationIds }) => organizationIds),
  ([id]) => id ?? ""
)

/** Every kind of route that reads a body: its path, credential and content type, and a body that it takes. */
const routes = [
  { method: "PUT", path: "/_simulator/clock", bearer: control, type: json, body: '{"skewMillis":0}', status: 200 },
  { method: "PUT", path: "/_simulator/webhook", bearer: control, type: json, body: '{"url":null}', status: 200 },
  { method: "POST", path: "/_simulator/page", bearer: Effect.succeed(""), type: form, body: "x=", status: 400 },
  {
    method: "POST",
    path: "/apps/app1/installations/new",
    bearer: Effect.succeed(""),
    type: form,
    body: "x=",
    status: 400
  },
  {
    method: "POST",
    path: "/app/create/user/organization",
    bearer: appJwt(),
    type: json,
    body: JSON.stringify({
      user: { email: "a@example.com", fullName: "A B" },
      organization: { fullName: "An organization", type: "marketParticipant" }
    }),
    status: 200
  },
  {
    method: "POST",
    path: "/organizations/{id}/inventory/requests/transfer",
    bearer: exchange(),
    type: json,
    body: "{}",
    status: 400
  }
] as const

const server = Effect.provide(Layer.merge(Simulator.layerServer, FetchHttpClient.layer))

describe("a request's body", () => {
  for (const { bearer, body, method, path, status, type } of routes) {
    const send = Effect.fnUntraced(function* (text: string, headers: Record<string, string> = {}) {
      const { baseUrl } = yield* Simulator
      return yield* rawRequest(baseUrl, {
        method,
        target: path.replace("{id}", yield* organization),
        host: new URL(baseUrl).host,
        headers: { authorization: `Bearer ${yield* bearer}`, "content-type": type, ...headers },
        body: text
      })
    })
    const padded = (bytes: number) =>
      type === json ? body + " ".repeat(bytes - body.length) : body + "a".repeat(bytes - body.length)

    it.live(
      `of 1 MiB is taken by ${method} ${path}, a larger one is answered with 413`,
      Effect.fnUntraced(function* () {
        assert.strictEqual((yield* send(padded(limit))).status, status)
        const refused = yield* send(padded(limit + 1))
        assert.strictEqual(refused.status, 413)
        assert.include(refused.text, type === json ? '"statusCode":413' : "<h1>Not done</h1>")
        assert.include(refused.text, "larger than 1 MiB")
      }, server)
    )

    it.live(
      `of 64 MiB is refused by ${method} ${path} before it has arrived`,
      Effect.fnUntraced(function* () {
        const part = padded(limit + 1)
        assert.strictEqual((yield* send(part, { "content-length": String(64 * limit) })).status, 413)
        const chunk = `${part.length.toString(16)}\r\n${part}\r\n`
        assert.strictEqual((yield* send(chunk, { "transfer-encoding": "chunked" })).status, 413)
        assert.strictEqual((yield* callAsApp("GET", "/app/installations")).status, 200)
      }, server)
    )
  }
})
