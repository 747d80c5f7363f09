/**
 * Receives and verifies the webhook deliveries of the registry.
 *
 * A delivery is a JSON body whose field `signedData` is base64 text, and a header with the HMAC-SHA-256 of that text
 * (`Validating webhook deliveries`). Everything beside `signedData` is unsigned, so the event is decoded from the signed text
 * alone. No page says how long the registry waits, whether it repeats a delivery, or in which order deliveries come: the
 * answer is given as soon as the event is safely accepted, and the work happens afterwards.
 *
 * HMACs are computed by WebCrypto, which is everywhere and takes some 40 µs a call, because it is asynchronous. A program that
 * provides Effect's `Mac` service, such as `NodeCrypto.layerMac`, has them computed there.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import { Webhook } from "@effect-icr/webhooks/Webhook"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * // Served by `HttpRouter.serve`; `examples/webhook-server.ts` is the whole program.
 * export const routes = Webhook.route("/webhook", (event) => Effect.log(event._tag)).pipe(
 *   Layer.provide(Webhook.layer),
 *   Layer.provide(IcrApp.layer)
 * )
 * ```
 *
 * @module
 */
import { readConfig } from "@effect-icr/app/extension"
import type { IcrError } from "@effect-icr/app/IcrError"
import { TokenInvalidation } from "@effect-icr/app/TokenInvalidation"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import { makeDouble } from "./internal/double.ts"
import { makeReceiver } from "./internal/receiver.ts"
import type { Options, Service, VerifyOnlyOptions, WorkOptions } from "./internal/service.ts"
import type { WebhookEvent } from "./WebhookEvent.ts"

export type * from "./internal/service.ts"
export type { Secrets } from "../mac/internal/secrets.ts"

const make = Effect.fnUntraced(function* (options: Options) {
  const { invalidateInstallationToken } = yield* TokenInvalidation
  return yield* makeReceiver(options, invalidateInstallationToken)
})

/**
 * Receives and verifies webhook deliveries.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import { Webhook } from "@effect-icr/webhooks/Webhook"
 * import { UnknownEvent } from "@effect-icr/webhooks/WebhookEvent"
 * import { Config, Effect, Layer, Stream } from "effect"
 *
 * // Options
 * const given = Webhook.layerWith({ responseTimeout: "20 seconds" })
 * // A `Config` for each of them
 * const configured = Webhook.layerConfig({ secret: Config.Redacted("MY_WEBHOOK_SECRET") })
 * export const layers = [given, configured].map(Layer.provide(IcrApp.layer))
 *
 * // In a test: events without requests
 * const double = Webhook.layerTest(Stream.make(new UnknownEvent({ event: "creditsFrozen", payload: {} })))
 * const count = Effect.flatMap(Webhook, ({ events }) => Stream.runCount(events))
 * await Effect.runPromise(Effect.provide(count, double))
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class Webhook extends Context.Service<Webhook, Service>()("@effect-icr/webhooks/Webhook") {
  /**
   * With the secret from `ICR_WEBHOOK_SECRET`, and during a rotation the one before from `ICR_WEBHOOK_SECRET_PREVIOUS`. The
   * layers of `IcrApp` provide the `TokenInvalidation` it needs. Fails with the reason `Configuration`.
   */
  static readonly layer: Layer.Layer<Webhook, IcrError, TokenInvalidation> = Layer.effect(
    Webhook,
    Effect.suspend(() => make({}))
  )

  /** With options given here; a secret not given comes from the environment. */
  static readonly layerWith = (options: Options): Layer.Layer<Webhook, IcrError, TokenInvalidation> =>
    Layer.effect(Webhook, make(options))

  /** From a `Config` for each value; a secret not given comes from the environment. */
  static readonly layerConfig = (config: Config.Wrap<Options>): Layer.Layer<Webhook, IcrError, TokenInvalidation> =>
    Layer.effect(Webhook, Effect.flatMap(readConfig(config), make))

  /** For a process that holds no tokens, such as one that verifies deliveries and hands them on. */
  static readonly layerVerifyOnly = (options: VerifyOnlyOptions): Layer.Layer<Webhook, IcrError> =>
    Layer.effect(
      Webhook,
      makeReceiver(options, () => Effect.void)
    )

  /**
   * A double for tests of what a program does about events: `events` is the stream given here, and each handler works on
   * its events as if they had been delivered, one after another. Requests to a handler are answered 202 and not read.
   */
  static readonly layerTest = (events: Stream.Stream<WebhookEvent>): Layer.Layer<Webhook> =>
    Layer.effect(Webhook, makeDouble(events))

  /** `handler` as a route: `HttpRouter.serve(Webhook.route("/webhook", f))`. */
  static readonly route = <E = never, R = never>(
    path: HttpRouter.PathInput,
    f?: (event: WebhookEvent) => Effect.Effect<unknown, E, R>,
    options?: WorkOptions
  ): Layer.Layer<never, IcrError, Webhook | HttpRouter.HttpRouter | R> =>
    Layer.unwrap(
      Effect.gen(function* () {
        const { respond } = yield* (yield* Webhook).handler(f, options)
        return HttpRouter.add("POST", path, respond)
      })
    )
}
