/** Credentials go to the configured address and nowhere else. */
import { IcrApp, IcrConfig, IcrHttp, ServerClock } from "@effect-icr/app"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Ref } from "effect"
import { FetchHttpClient, HttpClient, HttpClientError, HttpClientRequest, HttpClientResponse } from "effect/http"
import { withSimulator } from "../support/app.ts"
import { anyClient, firstId, played, wireOver } from "./support/wire.ts"

const leaving = [
  "https://evil.example/projects",
  "http://localhost/projects",
  "HTTPS://evil.example",
  "https:evil.example",
  "javascript:alert(1)",
  "//evil.example/projects",
  "\\\\evil.example",
  "/\\evil.example",
  "\\/evil.example",
  "/..",
  "/../admin",
  "..",
  "projects/../../admin",
  "/projects/%2e%2e/admin",
  "/projects/%2E%2E/admin",
  "/projects/.%2e/admin",
  "/projects/%2e./admin",
  "/./projects",
  "/%2e/projects",
  "/projects/..?x=1",
  "/projects/..#x",
  "/projects/..\\admin",
  "/pro\tjects",
  "\thttps://evil.example",
  "ht\ntps://evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  ".\t./admin",
  "/projects\u0000",
  "/projects\u007f"
]

const staying: ReadonlyArray<readonly [path: string, sent: string]> = [
  ["/projects", "/projects"],
  ["projects", "/projects"],
  ["/projects?page=0&limit=10", "/projects?page=0&limit=10"],
  ["", "/"],
  ["?x=1", "/?x=1"],
  ["/a..b/...", "/a..b/..."],
  ["/a%20b", "/a%20b"],
  ["/a?next=https://evil.example/..", "/a?next=https://evil.example/.."],
  ["@evil.example/x", "/@evil.example/x"],
  [" //evil.example", "/%20//evil.example"],
  [":80/x", "/:80/x"]
]

describe("paths given to appClient and installationClient", () => {
  it.effect("what would leave the base address fails before a token is asked for and before anything is sent", () =>
    Effect.gen(function* () {
      const { appClient, installationClient } = yield* IcrApp
      const { control } = yield* Simulator
      for (const [name, client] of [
        ["IcrApp.appClient", appClient],
        ["IcrApp.installationClient", installationClient(yield* firstId)]
      ] as const) {
        for (const path of leaving) {
          for (const send of [client.get(path), client.post(path), client.execute(HttpClientRequest.put(path))]) {
            const { reason } = yield* Effect.flip(send)
            assert.strictEqual(reason._tag, "InvalidRequest", path)
            assert.include(reason.message, `${name} sent nothing`)
            assert.notInclude(reason.message, "evil")
          }
        }
        const { reason } = yield* Effect.flip(client.get(new URL("https://evil.example/projects")))
        assert.strictEqual(reason._tag, "InvalidRequest")
      }
      assert.strictEqual(yield* control.requestCount(), 0)
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("what stays below it is sent there, with everything the request carries", () => {
    const urls: Array<string> = []
    const transport = HttpClient.make((request, url) =>
      Effect.sync(() => {
        urls.push(url.href)
        assert.strictEqual(request.headers["authorization"]?.slice(0, 11), "Bearer crs_")
        return HttpClientResponse.fromWeb(request, Response.json({}))
      })
    )
    const wire = IcrHttp.layer.pipe(
      Layer.provide([
        Layer.succeed(HttpClient.HttpClient, transport),
        ServerClock.layer,
        IcrConfig.layerWith({ appId: "app-1", baseUrl: "https://registry.example/api/" })
      ])
    )
    return Effect.gen(function* () {
      const client = yield* anyClient
      for (const [path] of staying) yield* client.get(path)
      yield* client.get("/things", { urlParams: { q: "a b" }, headers: { authorization: "Bearer mine" } })
      assert.deepStrictEqual(urls, [
        ...staying.map(([, sent]) => `https://registry.example/api${sent}`),
        "https://registry.example/api/things?q=a+b"
      ])
    }).pipe(Effect.provide(wire))
  })

  it.effect("a caller's headers go along, but not a credential or a host of its own", () => {
    const { layer, sent } = played(() => Effect.sync(() => Response.json({})))
    return Effect.gen(function* () {
      const client = yield* anyClient
      yield* client.get("/things", {
        headers: {
          authorization: "Bearer other",
          Host: "elsewhere.example",
          accept: "text/csv",
          "x-icr-api-version": "2030-01-01",
          "x-mine": "1"
        }
      })
      const { headers } = sent[0] ?? (yield* Effect.die("nothing was sent"))
      assert.match(headers["authorization"] ?? "", /^Bearer crs_/)
      assert.notProperty(headers, "host")
      assert.deepStrictEqual(
        [headers["accept"], headers["x-icr-api-version"], headers["x-mine"]],
        ["text/csv", "2030-01-01", "1"]
      )
    }).pipe(Effect.provide(wireOver(layer)))
  })

  it.effect("a request that cannot be made is the caller's mistake, not the network's, and made once", () => {
    const { layer, sent } = played((_, request) =>
      Effect.fail(new HttpClientError.HttpClientError({ reason: new HttpClientError.EncodeError({ request }) }))
    )
    return Effect.gen(function* () {
      const { reason } = yield* Effect.flatMap(anyClient, (client) => Effect.flip(client.get("/things")))
      assert.strictEqual(reason._tag, "InvalidRequest")
      assert.strictEqual(sent.length, 1)
    }).pipe(Effect.provide(wireOver(layer)))
  })
})

describe("redirects are not followed by fetch", () => {
  /** A `fetch` that notes how it was asked. */
  const asked = Effect.map(Ref.make<ReadonlyArray<RequestInit>>([]), (inits) => ({
    inits: Ref.get(inits),
    fetch: Layer.succeed(FetchHttpClient.Fetch, (_url, init) => {
      Effect.runSync(Ref.update(inits, (all) => [...all, init ?? {}]))
      return Promise.resolve(new Response(null, { status: 302, headers: { location: "https://evil.example/" } }))
    })
  }))

  const own = Layer.succeed(FetchHttpClient.RequestInit, { redirect: "follow", credentials: "include" })

  const rows: ReadonlyArray<
    readonly [name: string, client: (fetch: Layer.Layer<never>) => Layer.Layer<HttpClient.HttpClient>, keeps: boolean]
  > = [
    ["by default", (fetch) => FetchHttpClient.layer.pipe(Layer.provide(fetch)), false],
    [
      "with a RequestInit in the client's own layer, whose other options are kept",
      (fetch) => FetchHttpClient.layer.pipe(Layer.provide([fetch, own])),
      true
    ],
    [
      "with a RequestInit provided to everything",
      (fetch) => FetchHttpClient.layer.pipe(Layer.provide(fetch), Layer.provideMerge(own)),
      true
    ]
  ]
  for (const [name, clientOver, keeps] of rows) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const { fetch, inits } = yield* asked
        const { reason } = yield* Effect.flatMap(anyClient, (client) => client.get("/things")).pipe(
          // Around the call as well, as a program may.
          Effect.provideService(FetchHttpClient.RequestInit, { redirect: "follow" }),
          Effect.flip,
          Effect.provide(wireOver(clientOver(fetch)))
        )
        assert.strictEqual(reason._tag, "UnexpectedStatus")
        assert.include(reason.message, "redirects are not followed")
        const seen = yield* inits
        assert.deepStrictEqual(
          seen.map(({ credentials, redirect }) => [redirect, credentials]),
          [["manual", keeps ? "include" : undefined]]
        )
      })
    )
  }
})
