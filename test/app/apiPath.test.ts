/** `apiPath`: the version in the path, between the registry's address and what a call names. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { IcrHttp, type TestRequest } from "@effect-icr/app/IcrHttp"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Stream } from "effect"
import { fromPlainJavaScript } from "../support/plainJavaScript.ts"
import { privateKeyPem } from "../support/keys.ts"
import { textOf, tokenBody } from "../support/registry.ts"
import { makeStore } from "../support/tokenStore.ts"
import { anyClient, firstId } from "./support/wire.ts"

const readWith = (env: Record<string, string>) =>
  Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))

const base = { ICR_APP_ID: "1" }
const fromEnv = (env: Record<string, string>) =>
  IcrConfig.pipe(Effect.provide(IcrConfig.layer, { local: true }), readWith({ ...base, ...env }))
const withOption = (apiPath: unknown, env: Record<string, string> = {}) =>
  IcrConfig.pipe(
    Effect.provide(IcrConfig.layerWith(fromPlainJavaScript({ appId: "1", apiPath })), { local: true }),
    readWith(env)
  )

describe("ICR_API_PATH", () => {
  it.effect("is none unless it is set", () => Effect.map(fromEnv({}), ({ apiPath }) => assert.strictEqual(apiPath, "")))

  const meant: ReadonlyArray<readonly [given: string, path: string]> = [
    ["/v0.5", "/v0.5"],
    ["v0.5", "/v0.5"],
    ["/v0.5/", "/v0.5"],
    ["/v0.5//", "/v0.5"],
    [" '/v0.5'\n", "/v0.5"],
    ["/v1", "/v1"],
    ["/gateway/icr/v0.5", "/gateway/icr/v0.5"],
    ["/", ""]
  ]
  for (const [given, path] of meant) {
    it.effect(`${JSON.stringify(given)} means ${path === "" ? "none" : path}`, () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* fromEnv({ ICR_API_PATH: given })).apiPath, path)
        assert.strictEqual((yield* withOption(given)).apiPath, path)
      })
    )
  }

  const mistakes: ReadonlyArray<readonly [given: string, says: RegExp]> = [
    ["https://api.carbonregistry.com/v0.5", /the path alone.*ICR_BASE_URL/],
    ["HTTP:v0.5", /the path alone/],
    ["//evil.example/v0.5", /the path alone/],
    ["\\\\evil.example", /the path alone/],
    ["/..", /'\.\.'/],
    ["/v0.5/../admin", /'\.\.'/],
    ["/./v0.5", /'\.\.'/],
    ["/%2e%2e", /letters, digits/],
    ["/v0.5?key=p4ss", /query or a fragment/],
    ["/v0.5#p4ss", /query or a fragment/],
    ["/v0 5", /letters, digits/],
    ["/v0.5\\admin", /letters, digits/],
    ["/a//v0.5", /letters, digits/],
    ["/vé", /letters, digits/],
    ["2023-06-16", /ICR_API_VERSION/],
    ["0.5", /such as \/v0\.5/],
    ["${ICR_PATH}", /placeholder/]
  ]
  for (const [given, says] of mistakes) {
    it.effect(`${JSON.stringify(given)} is refused by its name, with what to do`, () =>
      Effect.gen(function* () {
        const variable = yield* Effect.flip(fromEnv({ ICR_API_PATH: given }))
        assert.match(variable.message, /^ICR_API_PATH: /)
        assert.match(variable.message, says)
        assert.notInclude(variable.message, "p4ss")
        assert.match((yield* Effect.flip(withOption(given))).message, /^apiPath: /)
      })
    )
  }

  it.effect("is refused where the address ends with it already", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(fromEnv({ ICR_BASE_URL: "https://x.example/v0.5/", ICR_API_PATH: "/v0.5" }))
      assert.match(error.message, /^ICR_API_PATH: is at the end of the registry's address already/)
      assert.strictEqual(
        (yield* fromEnv({ ICR_BASE_URL: "https://x.example/v0.5/" })).baseUrl,
        "https://x.example/v0.5"
      )
    })
  )

  it.effect("gives way to the option, and an empty option says none", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* withOption("/v1", { ICR_API_PATH: "/v0.5" })).apiPath, "/v1")
      assert.strictEqual((yield* withOption("", { ICR_API_PATH: "/v0.5" })).apiPath, "")
      assert.strictEqual((yield* withOption(undefined, { ICR_API_PATH: "/v0.5" })).apiPath, "/v0.5")
    })
  )

  it.effect("is what the error of a version that is none points to", () =>
    Effect.gen(function* () {
      assert.match((yield* Effect.flip(fromEnv({ ICR_API_VERSION: "v0.5" }))).message, /ICR_API_PATH/)
    })
  )

  for (const other of [5, null, {}]) {
    it.effect(`of another type from plain JavaScript is refused: ${JSON.stringify(other)}`, () =>
      Effect.map(Effect.flip(withOption(other)), ({ message }) => assert.match(message, /^apiPath: must be a text/))
    )
  }
})

describe("with a version in the path", () => {
  const config = (baseUrl: string, apiPath = "/v0.5") => IcrConfig.layerWith({ appId: "test", baseUrl, apiPath })
  const seenOver = (answer: number, baseUrl = "http://localhost") => {
    const seen: Array<TestRequest> = []
    const layer = IcrHttp.layerTest((request) => Effect.sync(() => (seen.push(request), { status: answer })), {
      retry: false
    }).pipe(Layer.provide(config(baseUrl)))
    return { seen, layer }
  }

  it.effect("it goes between the address and the path, and the header stays pinned", () => {
    const { layer, seen } = seenOver(200, "http://localhost/icr")
    return Effect.gen(function* () {
      const client = yield* anyClient
      for (const path of ["/projects", "projects?page=0", "", "?x=1"]) yield* client.get(path)
      assert.deepStrictEqual(
        seen.map(({ path }) => path),
        ["/icr/v0.5/projects", "/icr/v0.5/projects?page=0", "/icr/v0.5/", "/icr/v0.5/?x=1"]
      )
      assert.deepStrictEqual(new Set(seen.map(({ headers }) => headers["x-icr-api-version"])), new Set(["2023-06-16"]))
    }).pipe(Effect.provide(layer))
  })

  it.effect("a path that names a version itself is sent as it is", () => {
    const { layer, seen } = seenOver(200)
    return Effect.gen(function* () {
      const client = yield* anyClient
      const paths = ["/v1/transactions?page=0", "/v0.5/openapi", "/v1", "/v1?x=1"]
      for (const path of [...paths, "/vintages/1"]) yield* client.get(path)
      assert.deepStrictEqual(
        seen.map(({ path }) => path),
        [...paths, "/v0.5/vintages/1"]
      )
    }).pipe(Effect.provide(layer))
  })

  it.effect("an error shows the path as the reference prints it", () => {
    const { layer } = seenOver(404)
    return Effect.gen(function* () {
      const client = yield* anyClient
      const pathOf = (path: string) =>
        Effect.map(Effect.flip(client.get(path)), ({ reason }) => ("path" in reason ? reason.path : reason._tag))
      assert.strictEqual(yield* pathOf("/projects/123"), "/projects/{id}")
      assert.strictEqual(yield* pathOf("/v0.5/openapi"), "/v0.5/openapi")
    }).pipe(Effect.provide(layer))
  })

  it.effect("what would leave the address is refused as without it", () => {
    const { layer, seen } = seenOver(200)
    return Effect.gen(function* () {
      const client = yield* anyClient
      for (const path of ["https://evil.example/v0.5", "//evil.example", "/../admin", "/v1/../admin"]) {
        assert.strictEqual((yield* Effect.flip(client.get(path))).reason._tag, "InvalidRequest")
      }
      assert.deepStrictEqual(seen, [])
    }).pipe(Effect.provide(layer))
  })

  it.effect("exchanges and pages go there too, to a registry that takes nothing else", () =>
    Effect.gen(function* () {
      const app = yield* IcrApp
      assert.lengthOf(yield* Stream.runCollect(app.installations), 120)
      yield* app.installationToken(yield* firstId)
      yield* app.appClient.get("/projects?limit=1&page=0")
      const paths = (yield* (yield* Simulator).control.requestLog).map(({ path }) => path)
      assert.isAtLeast(paths.length, 5)
      assert.deepStrictEqual(
        paths.filter((path) => !path.startsWith("/v0.5/")),
        []
      )
    }).pipe(
      Effect.provide(
        Layer.unwrap(
          Effect.map(Simulator, ({ app, baseUrl }) =>
            IcrApp.layerWith({ appId: app.appId, privateKey: app.privateKey, baseUrl, apiPath: "/v0.5" })
          )
        ).pipe(
          Layer.provideMerge(
            Simulator.layerWith({ privateKey: privateKeyPem, installations: 120, behaviour: { versionIn: "path" } })
          )
        )
      )
    )
  )

  it.effect("a stored token is found again whatever the version: it is the registry's", () => {
    const store = makeStore()
    const exchanging = IcrHttp.layerTest(({ path }) => {
      const issued = path.endsWith("/app/accessTokens")
      const token = { text: "crs_1", installation: undefined, now: 0, life: 7_200_000 }
      return Effect.succeed(issued ? { body: tokenBody(token) } : { status: 404 })
    })
    const appToken = (apiPath: string) =>
      Effect.flatMap(TokenCache, (cache) => cache.appToken).pipe(
        Effect.provide(
          TokenCache.layer.pipe(
            Layer.provide([store.layer, exchanging, Signer.layerTest()]),
            Layer.provide([ServerClock.layer, config("http://localhost", apiPath)]),
            Layer.fresh
          )
        )
      )
    return Effect.gen(function* () {
      yield* appToken("/v0.5")
      assert.strictEqual(textOf(yield* appToken("")), "crs_1")
      assert.deepStrictEqual([...store.entries.keys()], ["test@http://localhost#app"])
      assert.lengthOf(
        store.log.filter((line) => line.startsWith("set ")),
        1
      )
    })
  })
})
