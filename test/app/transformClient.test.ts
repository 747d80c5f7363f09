/** The caller's hook around the transport. */
import { IcrHttp } from "@effect-icr/app"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { inspect } from "node:util"
import { credential, failure, get, inVirtualTime, ok, played, status, wireOver } from "./support/wire.ts"

/** Notes the requests that pass through a client. */
const noting = () => {
  const seen: Array<HttpClientRequest.HttpClientRequest> = []
  let made = 0
  return {
    seen,
    made: () => made,
    transformClient: (client: HttpClient.HttpClient) => {
      made++
      return HttpClient.tapRequest(client, (request) => Effect.sync(() => seen.push(request)))
    }
  }
}

describe("transformClient", () => {
  it.effect("changes what is sent", () => {
    const { layer, sent } = played(() => Effect.sync(ok))
    const transformClient = HttpClient.mapRequest(HttpClientRequest.setHeader("x-job", "nightly"))
    return Effect.gen(function* () {
      yield* get
      assert.strictEqual(sent[0]?.headers["x-job"], "nightly")
      assert.match(sent[0]?.headers["authorization"] ?? "", /^Bearer crs_/)
    }).pipe(Effect.provide(wireOver(layer, { transformClient })))
  })

  it.effect("wraps the transport once for a layer, and every attempt and token exchange passes through it", () => {
    const { made, seen, transformClient } = noting()
    const { layer } = played((n) => Effect.sync(() => (n === 1 ? status(503) : ok())))
    return Effect.gen(function* () {
      yield* inVirtualTime(get)
      const http = yield* IcrHttp
      yield* http.call({
        operation: "Test.exchange",
        method: "POST",
        path: "/app/accessTokens",
        credential,
        idempotent: true,
        isExchange: true,
        success: Schema.Unknown
      })
      assert.deepStrictEqual(
        seen.map(({ method, url }) => `${method} ${url}`),
        ["GET http://localhost/things", "GET http://localhost/things", "POST http://localhost/app/accessTokens"]
      )
      assert.strictEqual(made(), 1)
    }).pipe(Effect.provide(wireOver(layer, { transformClient })))
  })

  it.effect("sees requests whose credential does not print", () => {
    const { seen, transformClient } = noting()
    const { layer } = played(() => Effect.sync(ok))
    return Effect.gen(function* () {
      yield* get
      const request = seen[0] ?? (yield* Effect.die("nothing was seen"))
      const { value } = yield* credential.get
      assert.strictEqual(request.headers["authorization"], `Bearer ${Redacted.value(value)}`)
      const printed = [JSON.stringify(request), String(request), inspect(request), inspect(request.headers)].join("\n")
      assert.notInclude(printed, Redacted.value(value))
      assert.include(printed, "<redacted>")
    }).pipe(Effect.provide(wireOver(layer, { transformClient })))
  })

  it.effect("may refuse statuses by itself, which hides nothing", () => {
    const { layer } = played(() => Effect.sync(() => Response.json({ message: "it is gone" }, { status: 404 })))
    return Effect.gen(function* () {
      const reason = yield* failure(get)
      assert.strictEqual(reason._tag, "NotFound")
      assert.include(reason.message, "it is gone")
    }).pipe(Effect.provide(wireOver(layer, { transformClient: HttpClient.filterStatusOk })))
  })

  it.effect("leaves redirects unfollowed and the program's RequestInit in place", () => {
    const inits: Array<RequestInit | undefined> = []
    const fetch: typeof globalThis.fetch = (_url, init) => {
      inits.push(init)
      return Promise.resolve(new Response("{}"))
    }
    const transport = FetchHttpClient.layer.pipe(
      Layer.provide([
        Layer.succeed(FetchHttpClient.Fetch, fetch),
        Layer.succeed(FetchHttpClient.RequestInit, { redirect: "follow", credentials: "include" })
      ])
    )
    return Effect.gen(function* () {
      yield* get
      assert.deepStrictEqual(
        inits.map((init) => [init?.redirect, init?.credentials]),
        [["manual", "include"]]
      )
    }).pipe(Effect.provide(wireOver(transport, { transformClient: noting().transformClient })))
  })
})
