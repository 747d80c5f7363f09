/** An error that may be for want of a proxy says so: undici and node:http take none from the environment by themselves. */
import { IcrConfig, IcrHttp, ServerClock } from "@effect-icr/app"
import { NodeHttpClient } from "@effect/platform-node"
import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpClient, HttpClientError } from "effect/http"
import { anyClient } from "./support/wire.ts"
import { closedPort } from "./support/badServer.ts"

const variables = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
afterEach(() => {
  vi.unstubAllEnvs()
})

/** The message of a call that fails like that. */
const message = (transport: Layer.Layer<HttpClient.HttpClient>, baseUrl: string, env: Record<string, string> = {}) =>
  Effect.gen(function* () {
    for (const name of variables) vi.stubEnv(name, env[name])
    const wire = IcrHttp.layerWith({ retry: false }).pipe(
      Layer.provide([transport, ServerClock.layer, IcrConfig.layerWith({ appId: "app-1", baseUrl })])
    )
    const error = yield* Effect.flip(
      Effect.flatMap(anyClient, (client) => client.get("/things")).pipe(Effect.provide(wire))
    )
    return error.message
  })

const failing = (code: string) =>
  Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) =>
      Effect.fail(
        new HttpClientError.HttpClientError({
          reason: new HttpClientError.TransportError({ request, cause: { code } })
        })
      )
    )
  )

describe("a proxy in the environment", () => {
  const at = "http://user:secret@proxy.example:3128"
  for (const [baseUrl, name] of [
    ["https://registry.example", "HTTPS_PROXY"],
    ["https://registry.example", "https_proxy"],
    ["https://registry.example", "ALL_PROXY"],
    ["http://localhost", "HTTP_PROXY"]
  ] as const) {
    it.effect(`${name} is named when a connection to ${baseUrl} fails`, () =>
      Effect.gen(function* () {
        for (const code of ["ENOTFOUND", "ECONNREFUSED", "UND_ERR_CONNECT_TIMEOUT", "SELF_SIGNED_CERT_IN_CHAIN"]) {
          const said = yield* message(failing(code), baseUrl, { [name]: at })
          assert.include(said, `${name} is set: check that this HttpClient goes through the proxy`)
          assert.notInclude(said, "secret")
        }
      })
    )
  }

  it.effect("is not named when there is none, when it is for another scheme, or when the connection was there", () =>
    Effect.gen(function* () {
      for (const said of [
        yield* message(failing("ENOTFOUND"), "https://registry.example"),
        yield* message(failing("ENOTFOUND"), "https://registry.example", { HTTPS_PROXY: "" }),
        yield* message(failing("ENOTFOUND"), "https://registry.example", { HTTP_PROXY: at }),
        yield* message(failing("ECONNRESET"), "https://registry.example", { HTTPS_PROXY: at })
      ]) {
        assert.notInclude(said, "proxy")
      }
    })
  )

  for (const [name, transport] of [
    ["undici", NodeHttpClient.layerUndici],
    ["node:http", NodeHttpClient.layerNodeHttp]
  ] as const) {
    it.live(`is named over ${name}`, () =>
      Effect.gen(function* () {
        const port = yield* closedPort
        assert.include(yield* message(transport, `http://127.0.0.1:${port}`, { HTTP_PROXY: at }), "HTTP_PROXY is set")
      })
    )
  }
})
