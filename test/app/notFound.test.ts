/** Answers that are about the address or the state of a copy rather than about an id. */
import { IcrHttp } from "@effect-icr/app"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { HttpClientRequest } from "effect/http"
import { anyClient, credential, failure, played, wireOver } from "./support/wire.ts"

describe("an answer with status 304", () => {
  const notModified = () =>
    played(() => Effect.sync(() => new Response(null, { status: 304, headers: { etag: '"v1"' } })))
  for (const header of ["if-none-match", "If-Modified-Since"]) {
    it.effect(`to a read with ${header} is handed out`, () =>
      Effect.gen(function* () {
        const client = yield* anyClient
        const read = HttpClientRequest.get("/things").pipe(HttpClientRequest.setHeader(header, '"v1"'))
        const response = yield* client.execute(read)
        assert.deepStrictEqual([response.status, response.headers["etag"], yield* response.text], [304, '"v1"', ""])
      }).pipe(Effect.provide(wireOver(notModified().layer)))
    )
  }

  it.effect("to anything else is an unexpected status", () =>
    Effect.gen(function* () {
      const client = yield* anyClient
      for (const call of [client.get("/things"), client.post("/things", { headers: { "if-none-match": '"v1"' } })]) {
        assert.strictEqual((yield* Effect.flip(call)).reason._tag, "UnexpectedStatus")
      }
    }).pipe(Effect.provide(wireOver(notModified().layer)))
  )
})

describe("404 and 410", () => {
  const exchange = (status: number, body: string | undefined) =>
    Effect.flatMap(anyClient, (client) => failure(client.get("/things/123"))).pipe(
      Effect.provide(wireOver(played(() => Effect.sync(() => new Response(body ?? null, { status }))).layer))
    )

  for (const status of [404, 410]) {
    it.effect(`${status} in the registry's words is about an id`, () =>
      Effect.gen(function* () {
        const { _tag, message } = yield* exchange(status, JSON.stringify({ message: "No such thing" }))
        assert.strictEqual(_tag, "NotFound")
        assert.include(message, "check the ids in the path")
      })
    )
    for (const [name, body] of [
      ["no route", JSON.stringify({ message: "Cannot GET /v9/things/123" })],
      ["no route of a long path", JSON.stringify({ message: `Cannot GET /v0.6/app/${"things_1/".repeat(8)}123` })],
      ["no route of a gateway", JSON.stringify({ message: "no Route matched with those values" })],
      ["the two words that all servers say", JSON.stringify({ message: "Not Found" })],
      ["a page", "<h1>Not found</h1>"],
      ["nothing", undefined]
    ] as const) {
      it.effect(`${status} with ${name} may be about the base URL`, () =>
        Effect.gen(function* () {
          const { _tag, message } = yield* exchange(status, body)
          assert.strictEqual(_tag, "NotFound")
          assert.include(message, "check the base URL")
          assert.notInclude(message, "ids")
        })
      )
    }
  }

  for (const body of [
    { message: "Not Found" },
    { message: "no Route matched with those values" },
    { message: "Gone" }
  ]) {
    it.effect(`at a path without an id, with "${body.message}", speaks of no ids`, () =>
      Effect.gen(function* () {
        const { message } = yield* failure((yield* anyClient).get("/app/accessTokens"))
        assert.include(message, "check the base URL and the path")
        assert.notInclude(message, "ids")
      }).pipe(Effect.provide(wireOver(played(() => Effect.sync(() => Response.json(body, { status: 404 }))).layer)))
    )
  }

  const uuid = "123e4567-e89b-12d3-a456-426614174000"
  for (const [message, tag, advice] of [
    ["Cannot POST /v9/app/installations/i-1/accessTokens", "NotFound", "check the base URL"],
    [`Cannot POST /v0.6/app/installations/${uuid}/accessTokens`, "NotFound", `"Cannot POST /v0.6/app/installations/`],
    ["Cannot POST /api-2/v0.5/app/installations/inst_1234567890/accessTokens", "NotFound", "check the base URL"],
    ["no Route matched with those values", "NotFound", "check the base URL"],
    ["Not Found", "InstallationNotFound", "or the base URL is wrong"],
    ["Installation not found", "InstallationNotFound", "it may have been uninstalled."]
  ] as const) {
    it.effect(`to an exchange with "${message}" is ${tag}`, () =>
      Effect.gen(function* () {
        const http = yield* IcrHttp
        const { reason } = yield* Effect.flip(
          http.call({
            operation: "Test.call",
            method: "POST",
            path: "/app/installations/{installationId}/accessTokens",
            params: { installationId: "i-1" },
            credential,
            idempotent: true,
            isExchange: true,
            success: Schema.Struct({}),
            notFound: "i-1"
          })
        )
        assert.strictEqual(reason._tag, tag)
        assert.include(reason.message, advice)
      }).pipe(
        Effect.provide(wireOver(played(() => Effect.sync(() => Response.json({ message }, { status: 404 }))).layer))
      )
    )
  }
})
