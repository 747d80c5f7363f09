/**
 * What plain JavaScript may hand over: `Configuration` where a layer's options are none, `InvalidRequest` where what a function
 * is given is of a wrong type.
 */
import {
  IcrApp,
  IcrConfig,
  type IcrError,
  IcrHttp,
  KeyValueTokenStore,
  RateLimit,
  ServerClock,
  Signer,
  TokenCache
} from "@effect-icr/app"
import { fixed } from "@effect-icr/app/Credential"
import { assert, describe, it } from "@effect/vitest"
import { Config, Effect, Layer, Redacted, Schema, type Scope, Stream } from "effect"
import { HttpClient } from "effect/http"
import { KeyValueStore } from "effect/persistence"
import { privateKeyPem } from "../support/keys.ts"
import { fromPlainJavaScript } from "../support/plainJavaScript.ts"
import { idOf, reasonOf } from "../support/registry.ts"

const notOptions: ReadonlyArray<unknown> = [undefined, null, 7, "text", true]
const given = notOptions.slice(1)
const noFlag = given.filter((value) => value !== true)

const good = { appId: "app", baseUrl: "http://localhost", privateKey: Redacted.make(privateKeyPem) }
const values = {
  appId: Config.succeed(good.appId),
  baseUrl: Config.succeed(good.baseUrl),
  privateKey: Config.succeed(good.privateKey)
}
/** A network on which nothing is answered: whoever sends, waits. */
const silent = Layer.succeed(
  HttpClient.HttpClient,
  HttpClient.make(() => Effect.never)
)
const below = Layer.mergeAll(
  IcrConfig.layerWith(good),
  ServerClock.layer,
  Signer.layerTest(),
  KeyValueStore.layerMemory,
  silent
)
const http = IcrHttp.layer.pipe(Layer.provideMerge(below))

type Needs = IcrConfig | IcrHttp | ServerClock | Signer | HttpClient.HttpClient | KeyValueStore.KeyValueStore

const layers: {
  readonly [name: string]: readonly [(options: never) => Layer.Layer<never, IcrError, Needs>, ReadonlyArray<unknown>]
} = {
  "IcrApp.layerWith": [IcrApp.layerWith, notOptions],
  "the http of IcrApp.layerWith": [(http: never) => IcrApp.layerWith({ ...good, http }), given],
  "the tokens of IcrApp.layerWith": [(tokens: never) => IcrApp.layerWith({ ...good, tokens }), given],
  "the retry of IcrHttp.layerWith": [(retry: never) => IcrHttp.layerWith({ retry }), given],
  "the options of IcrApp.layerConfig": [(options: never) => IcrApp.layerConfig(values, options), given],
  "IcrApp.layerConfig": [IcrApp.layerConfig, notOptions],
  "IcrConfig.layerWith": [IcrConfig.layerWith, notOptions],
  "IcrConfig.layerConfig": [IcrConfig.layerConfig, notOptions],
  "an option of IcrConfig.layerConfig": [(appId: never) => IcrConfig.layerConfig({ ...values, appId }), notOptions],
  "IcrHttp.layerWith": [IcrHttp.layerWith, notOptions],
  "the transformClient of IcrHttp.layerWith": [
    (transformClient: never) => IcrHttp.layerWith({ transformClient }),
    given
  ],
  "the traceRequests of IcrHttp.layerWith": [(traceRequests: never) => IcrHttp.layerWith({ traceRequests }), noFlag],
  "the propagateTrace of IcrHttp.layerWith": [(propagateTrace: never) => IcrHttp.layerWith({ propagateTrace }), noFlag],
  "TokenCache.layerWith": [TokenCache.layerWith, notOptions],
  "RateLimit.layerMemoryWith": [RateLimit.layerMemoryWith, notOptions],
  "KeyValueTokenStore.layerWith": [KeyValueTokenStore.layerWith, notOptions]
}

describe("what is no options fails with Configuration in", () => {
  for (const [name, [layer, values]] of Object.entries(layers)) {
    for (const value of values) {
      it.effect(`${name}: ${String(value)}`, () =>
        Effect.gen(function* () {
          const built = Effect.suspend(() => Layer.build(layer(fromPlainJavaScript(value))))
          const reason = yield* reasonOf(Effect.provide(built, http))
          assert.strictEqual(reason._tag, "Configuration")
        }).pipe(Effect.scoped)
      )
    }
  }
})

describe("an option of layerConfig that is no Config", () => {
  for (const value of [...notOptions, {}, [], () => Config.succeed("app")]) {
    it.effect(`is refused by its name: ${String(value)}`, () =>
      Effect.gen(function* () {
        const layer = IcrConfig.layerConfig({ ...values, appId: fromPlainJavaScript(value) })
        const { message } = yield* reasonOf(Layer.build(layer))
        assert.strictEqual(message, "appId: must be a Config.")
      }).pipe(Effect.scoped)
    )
  }
})

type App = typeof IcrApp.Service
type Result = Effect.Effect<unknown, IcrError, Scope.Scope> | Stream.Stream<unknown, IcrError>

const empty = {}
const one = () => 1
const anything = [...notOptions, empty, [], one, Number.NaN, Symbol("s")]
const acme = idOf("acme")

/** Each argument of each function, and what of `anything` it takes. */
const functions: {
  readonly [name: string]: readonly [(app: App, value: never) => Result, taken?: ReadonlyArray<unknown>]
} = {
  "the options of appTokenWith": [(app, value) => app.appTokenWith(value), [empty]],
  "forceRefresh of appTokenWith": [(app, forceRefresh) => app.appTokenWith({ forceRefresh }), [undefined, true]],
  "the request of appClient": [(app, value) => app.appClient.execute(value)],
  "the id of installationToken": [(app, value) => app.installationToken(value), ["text"]],
  "the id of installationTokenWith": [(app, value) => app.installationTokenWith(value, {}), ["text"]],
  "the options of installationTokenWith": [(app, value) => app.installationTokenWith(acme, value), [empty]],
  "the id of scopedInstallationToken": [(app, value) => app.scopedInstallationToken(value), ["text"]],
  "the id of revokeInstallationToken": [(app, value) => app.revokeInstallationToken(value), ["text"]],
  "the options of appClientWith": [(app, value) => app.appClientWith(value).get("/projects")],
  "the operation of appClientWith": [(app, operation) => app.appClientWith({ operation }).get("/projects"), ["text"]],
  "the id of installationClient": [(app, value) => app.installationClient(value).get("/projects"), ["text"]],
  "the options of installationClientWith": [(app, value) => app.installationClientWith(acme, value).get("/projects")],
  "the id of installation": [(app, value) => app.installation(value), ["text"]],
  "the id of organizationInstallation": [(app, value) => app.organizationInstallation(value), ["text"]],
  "the options of installationPage": [(app, value) => app.installationPage(value)],
  "the limit of installationPage": [(app, limit) => app.installationPage({ limit, page: 0 }), [7]],
  "the options of createOrganization": [(app, value) => app.createOrganization(value)],
  "the function of forEachInstallation": [(app, value) => app.forEachInstallation(value), [one]],
  "the options of forEachInstallation": [
    (app, value) => app.forEachInstallation(() => Effect.void, value),
    [undefined, empty]
  ],
  "the concurrency of forEachInstallation": [
    (app, concurrency) => app.forEachInstallation(() => Effect.void, { concurrency }),
    [undefined, null, 7]
  ]
}

const credential = fixed(Redacted.make("token"))
const request = {
  operation: "op",
  path: "/p",
  method: "GET",
  success: Schema.Unknown,
  credential,
  idempotent: true
} as const

/** Each part of what `IcrHttp` is asked, and what of `anything` it takes. */
const calls: {
  readonly [name: string]: readonly [
    (http: typeof IcrHttp.Service, value: never) => Effect.Effect<unknown, IcrError>,
    taken?: ReadonlyArray<unknown>
  ]
} = {
  "the request of call": [(http, value) => http.call(value)],
  "the operation of call": [(http, operation) => http.call({ ...request, operation }), ["text"]],
  "the path of call": [(http, path) => http.call({ ...request, path }), ["text"]],
  "the success of call": [(http, success) => http.call({ ...request, success })],
  "the credential of call": [(http, credential) => http.call({ ...request, credential })],
  "the options of client": [(http, value) => http.client(value).get("/p")],
  "the operation of client": [(http, operation) => http.client({ operation, credential }).get("/p"), ["text"]],
  "the credential of client": [(http, credential) => http.client({ operation: "op", credential }).get("/p")],
  "the value of a credential": [
    (http, value) =>
      http.client({ operation: "op", credential: { ...credential, get: Effect.succeed({ value }) } }).get("/p")
  ],
  "what a credential gives": [
    (http, value) =>
      http.client({ operation: "op", credential: { ...credential, get: Effect.succeed(value) } }).get("/p")
  ],
  "the value of fixed": [
    (http, value) => http.client({ operation: "op", credential: fixed(value) }).get("/p"),
    ["text"]
  ]
}

describe("what IcrHttp cannot take is an InvalidRequest, and nothing is sent:", () => {
  for (const [name, [call, taken = []]] of Object.entries(calls)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const service = yield* IcrHttp
        for (const value of anything.filter((value) => !taken.includes(value))) {
          const reason = yield* reasonOf(Effect.suspend(() => call(service, fromPlainJavaScript(value))))
          assert.strictEqual(reason._tag, "InvalidRequest", String(value))
        }
      }).pipe(Effect.scoped, Effect.provide(http))
    )
  }
})

describe("what a function cannot take is an InvalidRequest, and nothing is sent:", () => {
  for (const [name, [call, taken = []]] of Object.entries(functions)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const app = yield* IcrApp
        for (const value of anything.filter((value) => !taken.includes(value))) {
          const result = call(app, fromPlainJavaScript(value))
          const reason = yield* reasonOf(Stream.isStream(result) ? Stream.runDrain(result) : result)
          assert.strictEqual(reason._tag, "InvalidRequest", String(value))
        }
      }).pipe(Effect.scoped, Effect.provide(IcrApp.layerWith(good)), Effect.provide(silent))
    )
  }
})
