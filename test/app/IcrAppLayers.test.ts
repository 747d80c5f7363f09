/** The layers of an app: each service swapped alone, and several apps in one program. */
import { AppAccessToken, InstallationAccessToken, InstallationId } from "@effect-icr/app"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { IcrHttp } from "@effect-icr/app/IcrHttp"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Context, DateTime, Effect, Layer, Redacted, Ref, Schema } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as jose from "jose"
import * as documents from "../support/documents.ts"
import { privateKeyPem } from "../support/keys.ts"
import { doubles } from "./support/doubles.ts"

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

  /** A registry that issues a token named after the app that asks. */
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
