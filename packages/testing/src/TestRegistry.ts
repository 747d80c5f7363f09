/**
 * An ICR App over a registry in memory, in one layer.
 *
 * **When to use**
 *
 * In tests of a program that uses `IcrApp`, `Webhook` or `InstallFlow`. `Simulator.control` makes the registry fail, suspend
 * an installation or send a delivery.
 *
 * **Details**
 *
 * The registry answers on the fiber of the caller, and signatures, HMACs, digests and seals are made there too, by
 * `node:crypto`. No call takes real time, so `fork → TestClock.adjust → join` has one outcome, however far the clock is moved.
 *
 * **Gotchas**
 *
 * A call that waits on the clock waits until the test moves it: fork the call, adjust the clock, then join. A layer of one's
 * own that uses WebCrypto directly, or `Signer.layer`, takes real time again.
 *
 * ```ts
 * import { InstallationId } from "@effect-icr/app/domain/Ids"
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import { Simulator } from "@effect-icr/simulator/Simulator"
 * import * as TestRegistry from "@effect-icr/testing/TestRegistry"
 * import { Effect, Fiber } from "effect"
 * import { TestClock } from "effect/testing"
 *
 * const test = Effect.gen(function* () {
 *   const { control, installationIds } = yield* Simulator
 *   const [id = ""] = yield* installationIds
 *   yield* control.faults.script("GET /app/installations/{installationId}", [{ _tag: "Status", status: 503 }])
 *   const fiber = yield* Effect.forkChild(Effect.flatMap(IcrApp, (app) => app.installation(InstallationId.make(id))))
 *   yield* TestClock.adjust("1 minute") // the retry waits for it
 *   return yield* Fiber.join(fiber)
 * })
 *
 * await Effect.runPromise(test.pipe(Effect.provide(TestRegistry.layer), Effect.provide(TestClock.layer())))
 * ```
 *
 * ```ts
 * import { Simulator } from "@effect-icr/simulator/Simulator"
 * import * as TestRegistry from "@effect-icr/testing/TestRegistry"
 * import { Effect } from "effect"
 * import * as assert from "node:assert"
 *
 * const thousand: TestRegistry.Options = { simulator: { installations: 1000 }, app: { tokens: { capacity: 100 } } }
 *
 * const ids = Effect.flatMap(Simulator, ({ installationIds }) => installationIds)
 * assert.strictEqual((await Effect.runPromise(Effect.provide(ids, TestRegistry.layerWith(thousand)))).length, 1000)
 * ```
 *
 * @module
 */
import { IcrApp, type Options as AppOptions } from "@effect-icr/app/IcrApp"
import { defaultApiVersion, IcrConfig } from "@effect-icr/app/IcrConfig"
import type { IcrError } from "@effect-icr/app/IcrError"
import { IcrHttp } from "@effect-icr/app/IcrHttp"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { TokenCache } from "@effect-icr/app/TokenCache"
import type { TokenInvalidation } from "@effect-icr/app/TokenInvalidation"
import { Simulator, type SimulatorOptions } from "@effect-icr/simulator/Simulator"
import type { SimulatorError } from "@effect-icr/simulator/SimulatorError"
import { InstallFlow, type Options as InstallFlowOptions } from "@effect-icr/webhooks/InstallFlow"
import { type Options as WebhookOptions, Webhook } from "@effect-icr/webhooks/Webhook"
import type { Aead } from "effect/crypto/Aead"
import type { Digest } from "effect/crypto/Digest"
import type { Mac } from "effect/crypto/Mac"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Cryptography from "./internal/cryptography.ts"
import * as Signing from "./internal/signing.ts"

/**
 * Options of each part. Nothing is read from the environment: ids, address, key and secrets are those of the registry.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** How the registry is set up. Default: three installations of one app. */
  readonly simulator?: SimulatorOptions | undefined
  /** Options of the app over it. */
  readonly app?: Pick<AppOptions, "apiPath" | "apiVersion" | "http" | "tokens"> | undefined
  /** Options of `Webhook`. Its secret is that of the registry's app unless one is given. */
  readonly webhooks?: WebhookOptions | undefined
  /** Options of `InstallFlow`. Its secret is a fixed one unless one is given. */
  readonly installFlow?: InstallFlowOptions | undefined
}

/**
 * What a test is given. `Mac`, `Digest` and `Aead` are those of {@link layerCrypto}, for layers that the test builds on top.
 *
 * @category services
 * @since 0.1.0
 */
export type Services = IcrApp | TokenInvalidation | Simulator | HttpClient | Webhook | InstallFlow | Mac | Digest | Aead

/**
 * The cryptography of `node:crypto`, for layers that stand beneath the app, such as a sealed `TokenStore`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerCrypto: Layer.Layer<Mac | Digest | Aead> = Cryptography.layer

const stateSecret = Redacted.make("the secret of install states in tests")

/** The app that the registry knows, with everything above it. */
const layerApp = ({ app: options = {}, installFlow = {}, webhooks = {} }: Options) =>
  Layer.unwrap(
    Effect.map(Simulator, ({ app, baseUrl }) => {
      const { apiPath = "", apiVersion = defaultApiVersion, http = {}, tokens = {} } = options
      const { appId, privateKey, webhookSecret } = app
      const config = IcrConfig.layerWith({ appId, privateKey, baseUrl, apiPath, apiVersion, allowInsecureHttp: false })
      return Layer.mergeAll(
        Webhook.layerWith({ secret: webhookSecret, ...webhooks }),
        InstallFlow.layerWith({ stateSecret, ...installFlow })
      ).pipe(
        Layer.provideMerge(IcrApp.layerNoDeps),
        Layer.provide(TokenCache.layerWith(tokens)),
        Layer.provide([Signing.layerSigner(privateKey), IcrHttp.layerWith(http)]),
        Layer.provide(ServerClock.layer),
        Layer.provide(config)
      )
    })
  )

/**
 * An app over a registry with these options.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (options: Options): Layer.Layer<Services, IcrError | SimulatorError> =>
  Layer.unwrap(
    Effect.map(Signing.privateKey, (privateKey) =>
      layerApp(options).pipe(
        Layer.provideMerge([Simulator.layerWith({ privateKey, ...options.simulator }), layerCrypto]),
        // Two registries in one program share nothing.
        Layer.fresh
      )
    )
  )

/**
 * {@link layerWith} with defaults: three installations of one app.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Services, IcrError | SimulatorError> = layerWith({})
