/** Options of layers as plain JavaScript may hand them over: `Configuration` where they are no options. */
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
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { KeyValueStore } from "effect/persistence"
import { privateKeyPem } from "../support/keys.ts"
import { fromPlainJavaScript } from "../support/plainJavaScript.ts"
import { reasonOf } from "../support/registry.ts"

const notOptions: ReadonlyArray<unknown> = [undefined, null, 7, "text", true]
const given = notOptions.slice(1)

const good = { appId: "app", baseUrl: "http://localhost", privateKey: Redacted.make(privateKeyPem) }
const below = Layer.mergeAll(
  IcrConfig.layerWith(good),
  ServerClock.layer,
  Signer.layerTest(),
  KeyValueStore.layerMemory,
  Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make(() => Effect.never)
  )
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
  "IcrConfig.layerWith": [IcrConfig.layerWith, notOptions],
  "IcrHttp.layerWith": [IcrHttp.layerWith, notOptions],
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
