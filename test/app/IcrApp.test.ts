import {
  AppAccessToken,
  InstallationAccessToken,
  InstallationId,
  OrganizationId,
  schemaBodyJson
} from "@effect-icr/app"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { IcrHttp } from "@effect-icr/app/IcrHttp"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Context, DateTime, Effect, Exit, Layer, Redacted, Ref, Result, Schema, Stream } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as jose from "jose"
import { withSimulator } from "../support/app.ts"
import * as documents from "../support/documents.ts"
import { privateKeyPem } from "../support/keys.ts"

const firstInstallation = Effect.flatMap(Simulator, ({ installationIds }) =>
  Effect.map(installationIds, ([id]) => InstallationId.make(id ?? ""))
)

describe("against the simulator", () => {
  it.effect("gets an app token and reads a public list with it", () =>
    Effect.gen(function* () {
      const { appClient, appToken } = yield* IcrApp
      const simulator = yield* Simulator
      assert.strictEqual((yield* appToken).appId, simulator.app.appId)
      const Projects = Schema.Struct({ projects: Schema.Array(Schema.Struct({ fullName: Schema.String })) })
      const { projects } = yield* Effect.flatMap(appClient.get("/projects?limit=5&page=0"), schemaBodyJson(Projects))
      assert.strictEqual(projects.length, 5)
      assert.strictEqual(yield* simulator.control.requestCount("POST /app/accessTokens"), 1)
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("gets an installation's token and reads its organization with it", () =>
    Effect.gen(function* () {
      const { installation, installationClient, installationToken } = yield* IcrApp
      const id = yield* firstInstallation
      const { organization } = yield* installation(id)
      const token = yield* installationToken(id)
      assert.strictEqual(token.organizationId, organization.id)
      const Info = schemaBodyJson(Schema.Struct({ fullName: Schema.String }))
      const info = yield* Effect.flatMap(installationClient(id).get(`/organizations/${organization.id}`), Info)
      assert.strictEqual(info.fullName, organization.fullName)
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("finds an installation by its organization", () =>
    Effect.gen(function* () {
      const { installation, organizationInstallation } = yield* IcrApp
      const id = yield* firstInstallation
      const { organization } = yield* installation(id)
      assert.strictEqual((yield* organizationInstallation(organization.id)).id, id)
      const error = yield* Effect.flip(organizationInstallation(OrganizationId.make("nobody")))
      assert.strictEqual(error.reason._tag, "InstallationNotFound")
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("revokes with one request, and what is dead already counts as done", () =>
    Effect.gen(function* () {
      const { installationToken, revokeInstallationToken } = yield* IcrApp
      const { control } = yield* Simulator
      const id = yield* firstInstallation
      yield* revokeInstallationToken(id)
      assert.strictEqual(yield* control.requestCount(), 0)
      const token = yield* installationToken(id)
      yield* control.revokeToken(token.token)
      yield* revokeInstallationToken(id)
      assert.strictEqual(yield* control.requestCount("DELETE /app/installations/token"), 1)
      const next = yield* installationToken(id)
      assert.notStrictEqual(Redacted.value(next.token), Redacted.value(token.token))
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("a token of a suspended installation needs no revoking", () =>
    Effect.gen(function* () {
      const { installationToken, revokeInstallationToken } = yield* IcrApp
      const { control } = yield* Simulator
      const id = yield* firstInstallation
      yield* installationToken(id)
      yield* control.suspend(id)
      yield* revokeInstallationToken(id)
      assert.strictEqual(yield* control.requestCount("DELETE /app/installations/token"), 1)
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("works on several installations at once, eight unless told otherwise", () =>
    Effect.gen(function* () {
      const { forEachInstallation } = yield* IcrApp
      const busy = yield* Ref.make({ now: 0, most: 0 })
      const work = Effect.acquireUseRelease(
        Ref.update(busy, ({ most, now }) => ({ now: now + 1, most: Math.max(most, now + 1) })),
        () => Effect.yieldNow,
        () => Ref.update(busy, ({ most, now }) => ({ now: now - 1, most }))
      )
      yield* Stream.runDrain(forEachInstallation(() => work))
      assert.strictEqual((yield* Ref.get(busy)).most, 8)
    }).pipe(Effect.provide(withSimulator({ installations: 20 })))
  )

  it.effect("a scoped token is one's own and is revoked when its scope ends, whatever the outcome", () =>
    Effect.gen(function* () {
      const { installationToken, scopedInstallationToken } = yield* IcrApp
      const { control } = yield* Simulator
      const id = yield* firstInstallation
      const shared = yield* installationToken(id)
      const exit = yield* scopedInstallationToken(id).pipe(
        Effect.flatMap((token) => {
          assert.notStrictEqual(Redacted.value(token.token), Redacted.value(shared.token))
          return Effect.fail("the job's own failure")
        }),
        Effect.scoped,
        Effect.exit
      )
      assert.deepStrictEqual(exit, Exit.fail("the job's own failure"))
      assert.strictEqual(yield* control.requestCount("DELETE /app/installations/token"), 1)
      assert.strictEqual(yield* installationToken(id), shared)
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("goes on past an installation that is suspended while it runs", () =>
    Effect.gen(function* () {
      const { forEachInstallation } = yield* IcrApp
      const { control } = yield* Simulator
      const suspended = yield* firstInstallation
      yield* control.setBehaviour({ listSuspended: true })
      yield* control.suspend(suspended)
      const outcomes = yield* forEachInstallation(({ organization }, client) =>
        client.get(`/organizations/${organization.id}`)
      ).pipe(Stream.runCollect)
      assert.strictEqual(outcomes.length, 12)
      for (const { installation, result } of outcomes) {
        assert.strictEqual(Result.isFailure(result), installation.id === suspended)
        if (Result.isFailure(result)) assert.strictEqual(result.failure.reason._tag, "InstallationSuspended")
      }
    }).pipe(Effect.provide(withSimulator({ installations: 12 })))
  )

  it.effect("sends the version and the accepted type with every request", () =>
    Effect.gen(function* () {
      const seen = yield* Ref.make<ReadonlyArray<HttpClientRequest.HttpClientRequest>>([])
      const inner = yield* HttpClient.HttpClient
      const { app, baseUrl } = yield* Simulator
      const watched = HttpClient.tapRequest(inner, (request) => Ref.update(seen, (all) => [...all, request]))
      yield* Effect.gen(function* () {
        const { appClient, installation, installations, revokeInstallationToken, installationToken } = yield* IcrApp
        const id = yield* firstInstallation
        yield* installation(id)
        yield* installationToken(id)
        yield* revokeInstallationToken(id)
        yield* Stream.runDrain(installations)
        yield* appClient.get("/projects")
      }).pipe(
        Effect.provide(
          IcrApp.layerWith({ appId: app.appId, privateKey: app.privateKey, baseUrl }).pipe(
            Layer.provide(Layer.succeed(HttpClient.HttpClient, watched))
          )
        )
      )
      const requests = yield* Ref.get(seen)
      assert.strictEqual(requests.length, 6)
      for (const { headers } of requests) {
        assert.strictEqual(headers["x-icr-api-version"], "2023-06-16")
        assert.strictEqual(headers["accept"], "application/json")
        assert.match(headers["authorization"] ?? "", /^Bearer /)
      }
    }).pipe(Effect.provide(withSimulator()))
  )
})

describe("installations", () => {
  it.effect("streams every one once over several pages, counting pages from 0", () =>
    Effect.gen(function* () {
      const { installations } = yield* IcrApp
      const simulator = yield* Simulator
      const seen = yield* Stream.runCollect(installations)
      assert.deepStrictEqual(
        seen.map(({ id }) => String(id)),
        [...(yield* simulator.installationIds)]
      )
      assert.strictEqual(yield* simulator.control.requestCount("GET /app/installations"), 3)
    }).pipe(Effect.provide(withSimulator({ installations: 120 })))
  )

  it.effect("needs no request for a page that nobody consumes", () =>
    Effect.gen(function* () {
      const { installations } = yield* IcrApp
      const { control } = yield* Simulator
      yield* installations.pipe(Stream.take(50), Stream.runDrain)
      assert.strictEqual(yield* control.requestCount("GET /app/installations"), 1)
    }).pipe(Effect.provide(withSimulator({ installations: 120 })))
  )

  it.effect("needs no last empty page when the total is reached", () =>
    Effect.gen(function* () {
      const { installations } = yield* IcrApp
      const { control } = yield* Simulator
      assert.strictEqual((yield* Stream.runCollect(installations)).length, 100)
      assert.strictEqual(yield* control.requestCount("GET /app/installations"), 2)
    }).pipe(Effect.provide(withSimulator({ installations: 100 })))
  )

  it.effect("reaches the end when the registry caps pages below what was asked", () =>
    Effect.gen(function* () {
      const { installations } = yield* IcrApp
      assert.strictEqual((yield* Stream.runCollect(installations)).length, 35)
    }).pipe(Effect.provide(withSimulator({ installations: 35, behaviour: { pageCap: 10 } })))
  )

  it.effect("an empty list is an empty stream", () =>
    Effect.gen(function* () {
      const { installations } = yield* IcrApp
      assert.strictEqual((yield* Stream.runCollect(installations)).length, 0)
    }).pipe(Effect.provide(withSimulator({ installations: 0 })))
  )

  /** A registry whose lists say nothing of their length, or something wrong. */
  const listing = (total: (pages: number) => number | null, sizes: ReadonlyArray<number>) => {
    const seen: Array<number> = []
    const layer = doubles((path) => {
      const page = Number(new URL(path, "http://localhost").searchParams.get("page"))
      seen.push(page)
      return {
        body: {
          pagination: { total: total(page), currentPage: null, nextPage: null },
          installations: Array.from({ length: sizes[page] ?? 0 }, (_, index) => ({
            ...documents.installation,
            id: `i-${page}-${index}`
          }))
        }
      }
    })
    const all = Effect.flatMap(IcrApp, ({ installations }) => Stream.runCollect(installations)).pipe(
      Effect.map((found) => ({ found: found.length, pages: seen })),
      Effect.provide(layer)
    )
    return all
  }

  it.effect("without a total, stops at the first short page", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* listing(() => null, [50, 50, 20]), { found: 120, pages: [0, 1, 2] })
    })
  )

  it.effect("without a total, a last full page needs one look behind it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* listing(() => null, [50, 50]), { found: 100, pages: [0, 1, 2] })
    })
  )

  it.effect("a total that is too large ends at the first empty page", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* listing(() => 1000, [50, 10]), { found: 60, pages: [0, 1, 2] })
    })
  )

  it.effect("a total that is too small hides nothing", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* listing(() => 0, [50, 50, 20]), { found: 120, pages: [0, 1, 2] })
    })
  )

  it.effect("a registry that repeats its page for ever is refused", () =>
    Effect.gen(function* () {
      const { installations } = yield* IcrApp
      const error = yield* Effect.flip(Stream.runDrain(installations))
      assert.strictEqual(error.reason._tag, "DecodeFailure")
      assert.include(error.message, "page 1")
    }).pipe(Effect.provide(doubles(() => ({ body: documents.installationPage }))))
  )

  for (const options of [
    { limit: 0, page: 0 },
    { limit: 10, page: -1 },
    { limit: 1.5, page: 0 },
    { limit: Number.NaN, page: 0 }
  ]) {
    it.effect(`a page of ${JSON.stringify(options)} is refused before any request`, () =>
      Effect.gen(function* () {
        const { installationPage } = yield* IcrApp
        const error = yield* Effect.flip(installationPage(options))
        assert.strictEqual(error.reason._tag, "InvalidRequest")
        assert.strictEqual(yield* (yield* Simulator).control.requestCount(), 0)
      }).pipe(Effect.provide(withSimulator()))
    )
  }
})

/** Every service beneath `IcrApp` but the cache swapped for a double. */
const doubles = (script: (path: string) => { readonly status?: number; readonly body?: unknown }) =>
  IcrApp.layerNoDeps.pipe(
    Layer.provide(TokenCache.layer),
    Layer.provide([Signer.layerTest(), IcrHttp.layerTest(({ path }) => Effect.sync(() => script(path)))]),
    Layer.provide([ServerClock.layer, IcrConfig.layerWith({ appId: "67890" })])
  )

describe("each service can be swapped alone", () => {
  it.effect("Signer.layerTest: the double's JWT is what goes out", () =>
    Effect.gen(function* () {
      const seen = yield* Ref.make("")
      const http = IcrHttp.layerTest(({ authorization }) =>
        Effect.as(Ref.set(seen, Redacted.value(authorization)), { body: documents.installation })
      )
      yield* Effect.flatMap(IcrApp, ({ installation }) => installation(InstallationId.make("i1"))).pipe(
        Effect.provide(
          IcrApp.layerNoDeps.pipe(
            Layer.provide(TokenCache.layer),
            Layer.provide([Signer.layerTest("a-jwt-of-the-double"), http]),
            Layer.provide([ServerClock.layer, IcrConfig.layerWith({ appId: "67890" })])
          )
        )
      )
      assert.strictEqual(yield* Ref.get(seen), "a-jwt-of-the-double")
    })
  )

  it.effect("IcrHttp.layerTest: the script plays the registry, errors and decoding stay real", () =>
    Effect.gen(function* () {
      const { installation } = yield* IcrApp
      const error = yield* Effect.flip(installation(InstallationId.make("i1")))
      assert.strictEqual(error.reason._tag, "InstallationNotFound")
      assert.include(error.message, "gone fishing")
    }).pipe(Effect.provide(doubles(() => ({ status: 404, body: { message: "gone fishing" } }))))
  )

  it.effect("TokenCache.layerTest: its tokens authorise the calls", () =>
    Effect.gen(function* () {
      const app = Schema.decodeUnknownSync(AppAccessToken)(documents.appAccessToken)
      const installation = Schema.decodeUnknownSync(InstallationAccessToken)(documents.installationAccessToken)
      const seen = yield* Ref.make("")
      const layer = IcrApp.layerNoDeps.pipe(
        Layer.provide(TokenCache.layerTest({ app, installation: () => Effect.succeed(installation) })),
        Layer.provide(Signer.layerTest()),
        Layer.provide(
          IcrHttp.layerTest(({ authorization }) => Effect.as(Ref.set(seen, Redacted.value(authorization)), {}))
        )
      )
      yield* Effect.flatMap(IcrApp, ({ appClient }) => appClient.get("/projects")).pipe(Effect.provide(layer))
      assert.strictEqual(yield* Ref.get(seen), documents.appAccessToken.token)
    })
  )

  it.effect("Signer.layerSign: a KMS that fails is a signing error, and no request goes out", () =>
    Effect.gen(function* () {
      const requests = yield* Ref.make(0)
      const http = IcrHttp.layerTest(() =>
        Effect.as(
          Ref.update(requests, (n) => n + 1),
          {}
        )
      )
      const config = Layer.mergeAll(ServerClock.layer, IcrConfig.layerWith({ appId: "67890" }))
      const layer = IcrApp.layerNoDeps.pipe(
        Layer.provide(TokenCache.layer),
        Layer.provide([http, Signer.layerSign(() => Effect.fail(new Error("HSM offline")))]),
        Layer.provide(config)
      )
      const error = yield* Effect.flip(Effect.flatMap(IcrApp, ({ appToken }) => appToken)).pipe(Effect.provide(layer))
      assert.strictEqual(error.reason._tag, "Signing")
      assert.include(error.message, "HSM offline")
      assert.strictEqual(yield* Ref.get(requests), 0)
    })
  )
})

describe("layers", () => {
  it.effect("layer needs an HttpClient and the environment, nothing else", () =>
    Effect.gen(function* () {
      const { app, baseUrl } = yield* Simulator
      const env = { ICR_APP_ID: app.appId, ICR_PRIVATE_KEY: Redacted.value(app.privateKey), ICR_BASE_URL: baseUrl }
      const { expiresAt } = yield* Effect.flatMap(IcrApp, ({ appToken }) => appToken).pipe(
        Effect.provide(IcrApp.layer, { local: true }),
        Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))
      )
      assert.isTrue(DateTime.toEpochMillis(expiresAt) > 0)
    }).pipe(Effect.provide(Simulator.layerWith({ privateKey: privateKeyPem })))
  )

  /** A registry that mints a token named after the app that asks. */
  const registry = Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) => {
      const jwt = (request.headers["authorization"] ?? "").replace("Bearer ", "")
      const appId = String(jose.decodeJwt(jwt).iss)
      const body = {
        ...documents.installationAccessToken,
        expiresAt: "2099-01-01T00:00:00Z",
        token: `token of ${appId}`,
        appId,
        installationId: "9"
      }
      return Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(body)))
    })
  )
  const appOf = (appId: string) =>
    IcrApp.layerWith({ appId, privateKey: Redacted.make(privateKeyPem), baseUrl: "http://localhost" }).pipe(
      Layer.provide(registry)
    )
  const tokenOf = (app: IcrApp["Service"]) =>
    Effect.map(app.installationToken(InstallationId.make("9")), ({ token }) => Redacted.value(token))

  class First extends Context.Service<First, IcrApp["Service"]>()("test/First") {}
  class Second extends Context.Service<Second, IcrApp["Service"]>()("test/Second") {}

  it.effect("two apps in one program share nothing, even for the same installation id", () =>
    Effect.gen(function* () {
      const tokens = yield* Effect.all([Effect.flatMap(First, tokenOf), Effect.flatMap(Second, tokenOf)], {
        concurrency: 2
      })
      assert.deepStrictEqual(tokens, ["token of app-1", "token of app-2"])
    }).pipe(
      Effect.provide(
        Layer.merge(
          Layer.effect(First, IcrApp).pipe(Layer.provide(appOf("app-1"))),
          Layer.effect(Second, IcrApp).pipe(Layer.provide(appOf("app-2")))
        )
      )
    )
  )

  it.effect("an app composed by hand does not lend its key to a ready-made one beside it", () => {
    const config = Layer.merge(
      ServerClock.layer,
      IcrConfig.layerWith({ appId: "app-1", privateKey: Redacted.make(privateKeyPem), baseUrl: "http://localhost" })
    )
    const byHand = IcrApp.layerNoDeps.pipe(
      Layer.provide(TokenCache.layer),
      Layer.provide([Signer.layer, IcrHttp.layer]),
      Layer.provide([config, registry])
    )
    return Effect.gen(function* () {
      assert.strictEqual(yield* tokenOf(yield* First), "token of app-1")
      const second = yield* Effect.provide(Effect.flatMap(IcrApp, tokenOf), appOf("app-2"))
      assert.strictEqual(second, "token of app-2")
    }).pipe(Effect.provide(Layer.provideMerge(Layer.effect(First, IcrApp), byHand)))
  })

  it.effect("one layer value provided in two places is one app with one cache", () => {
    const app = appOf("app-1")
    return Effect.gen(function* () {
      assert.strictEqual(yield* First, yield* Second)
    }).pipe(
      Effect.provide(
        Layer.merge(
          Layer.effect(First, IcrApp).pipe(Layer.provide(app)),
          Layer.effect(Second, IcrApp).pipe(Layer.provide(app))
        )
      )
    )
  })
})
