/** Values that a request cannot carry are refused before anything is sent. */
import { AppAccessToken, IcrHttp } from "@effect-icr/app"
import { fixed } from "@effect-icr/app/Credential"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { appAccessToken } from "../support/documents.ts"
import { anyClient, credential, ok, played, wireOver } from "./support/wire.ts"

const call = (installationId: unknown) =>
  Effect.flatMap(IcrHttp, (http) =>
    http.call({
      operation: "Test.call",
      method: "POST",
      path: "/app/installations/{installationId}/accessTokens",
      // What plain JavaScript may hand over.
      params: JSON.parse(JSON.stringify({ installationId })),
      credential,
      idempotent: true,
      success: Schema.Struct({})
    })
  )

describe("values of a path", () => {
  for (const value of [
    "",
    ".",
    "..",
    "%2e%2e",
    "a/b",
    "a b",
    "a\0b",
    "é",
    "undefined",
    "x".repeat(300),
    undefined,
    null,
    5,
    {},
    "\uD800"
  ]) {
    it.effect(`${JSON.stringify(value)?.slice(0, 20)} is an InvalidRequest that names the value's place`, () => {
      const { layer, sent } = played(() => Effect.sync(ok))
      return Effect.gen(function* () {
        const { message, reason } = yield* Effect.flip(call(value))
        assert.strictEqual(reason._tag, "InvalidRequest")
        assert.include(message, "installationId must be an id of 1 to 200 characters")
        assert.strictEqual(sent.length, 0)
      }).pipe(Effect.provide(wireOver(layer)))
    })
  }

  it.effect("an id is one segment", () => {
    const { layer, sent } = played(() => Effect.sync(ok))
    return Effect.gen(function* () {
      for (const value of ["...", "a~b", "a:b", "a@b=c"]) yield* call(value)
      assert.deepStrictEqual(
        sent.map(({ url }) => url.split("/")[5]),
        ["...", "a~b", "a%3Ab", "a%40b%3Dc"]
      )
    }).pipe(Effect.provide(wireOver(layer)))
  })
})

describe("values of a header", () => {
  for (const headers of [
    { "x-mine": "a\r\nx-evil: 1" },
    { "x-mine": "\u0000" },
    { "x-mine": "€" },
    { "x mine": "1" }
  ]) {
    it.effect(`${JSON.stringify(headers)} is an InvalidRequest`, () => {
      const { layer, sent } = played(() => Effect.sync(ok))
      return Effect.gen(function* () {
        const { message, reason } = yield* Effect.flip((yield* anyClient).get("/things", { headers }))
        assert.strictEqual(reason._tag, "InvalidRequest")
        assert.match(message, /its header "x.mine"/)
        assert.notInclude(message, "evil")
        assert.strictEqual(sent.length, 0)
      }).pipe(Effect.provide(wireOver(layer)))
    })
  }

  it.effect("what a header can carry goes out as it is", () => {
    const { layer, sent } = played(() => Effect.sync(ok))
    return Effect.gen(function* () {
      const value = "a\tb ~ é"
      yield* (yield* anyClient).get("/things", { headers: { "x-mine": value } })
      assert.strictEqual(sent[0]?.headers["x-mine"], value)
    }).pipe(Effect.provide(wireOver(layer)))
  })

  it.effect("a token that no header can carry is no token, and no credential", () => {
    const { layer, sent } = played(() => Effect.sync(() => Response.json({ ...appAccessToken, token: "crs_1\n" })))
    return Effect.gen(function* () {
      const http = yield* IcrHttp
      const { reason } = yield* Effect.flip(
        http.call({
          operation: "Test.call",
          method: "POST",
          path: "/app/accessTokens",
          credential,
          idempotent: true,
          success: AppAccessToken
        })
      )
      assert.strictEqual(reason._tag, "DecodeFailure")
      if (reason._tag === "DecodeFailure") assert.strictEqual(reason.at, "token")
      assert.notInclude(reason.message, "crs_1")
      for (const value of ["crs_1\n", "crs_\u00e9", ""]) {
        const client = http.client({ operation: "Test.call", credential: fixed(Redacted.make(value)) })
        assert.strictEqual((yield* Effect.flip(client.post("/things"))).reason._tag, "InvalidRequest")
      }
      assert.strictEqual(sent.length, 1)
    }).pipe(Effect.provide(wireOver(layer)))
  })
})
