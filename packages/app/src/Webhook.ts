/**
 * What the registry tells the app, believed only when it is signed.
 *
 * A delivery is a JSON body whose field `signedData` is base64 text, and a header with the HMAC-SHA-256 of that text
 * (`Validating webhook deliveries`). Everything beside `signedData` is unsigned, so the event handed out is decoded from the
 * signed text alone. No page says how long the registry waits, whether it repeats a delivery, or in which order they come:
 * the answer is given as soon as the event is safely taken in, and the work happens afterwards.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import { Webhook } from "@effect-icr/app/Webhook"
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 *
 * // Served by `HttpRouter.serve`; `examples/webhook-server.ts` is the whole program.
 * export const routes = Webhook.route("/webhook", (event) => Effect.log(event._tag)).pipe(
 *   Layer.provide(Webhook.layerEnv),
 *   Layer.provide(IcrApp.layerEnv)
 * )
 * ```
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { WebhookEvent } from "./domain/WebhookEvent.ts"
import { IcrApp } from "./IcrApp.ts"
import { IcrConfig } from "./IcrConfig.ts"
import type { IcrError } from "./IcrError.ts"
import { makeReceiver } from "./internal/receiver.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Service
// ---------------------------------------------------------------------------------------------------------------------

/** A delivery as it came. */
export interface Delivery {
  /** The body, unparsed. */
  readonly body: string | Uint8Array
  /** The header `x-icr-signature-256`. */
  readonly signature: string | null | undefined
}

/** A delivery that passed every check. */
export interface Accepted {
  readonly event: WebhookEvent
  /** The verified text the event was decoded from, for handing on. Whoever gets it has to trust the one who gives it. */
  readonly signedData: string
  /** SHA-256 of the signed text, in hex: the same for a replay, and for two events with the same content. */
  readonly id: string
}

/** One receiver in two forms. Neither ever fails; both answer 202, or the status of the `WebhookRefused`. */
export interface Handler {
  /** For a router of Effect: `HttpRouter.add("POST", "/webhook", handler.respond)`. */
  readonly respond: Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest>
  /** For everything that speaks `Request` and `Response`: Hono, Next.js, Bun, Deno, Workers. */
  readonly fetch: (request: Request) => Promise<Response>
}

/** How the work in this process is bounded. */
export interface WorkOptions {
  /** Events worked on side by side; default 16. With 1, they are worked on in the order they came. */
  readonly concurrency?: number | undefined
  /** Events accepted and not yet done; more are answered with 503. Default 10,000. */
  readonly capacity?: number | undefined
  /** How long the work may go on when the program stops; what is not done by then is cut off. Default 30 s. */
  readonly drain?: Duration.Input | undefined
}

/** What the layer hands out. */
export interface Service {
  /**
   * The event inside a delivery. Fails with `WebhookRefused`, whose `kind` says what was wrong. Does not look for
   * duplicates, and tells nobody.
   */
  readonly verify: (delivery: Delivery) => Effect.Effect<WebhookEvent, IcrError>

  /**
   * A receiver that answers 202 once an event is taken in and then works on it in this process, supervised: failures are
   * logged and counted, and the scope waits for what was accepted. A crash loses it; `WebhookQueue` does not. Without `f`
   * it only feeds `events`.
   */
  readonly handler: <E = never, R = never>(
    f?: (event: WebhookEvent) => Effect.Effect<unknown, E, R>,
    options?: WorkOptions
  ) => Effect.Effect<Handler, IcrError, R | Scope.Scope>

  /** A receiver that answers 202 when `accept` has succeeded, such as after putting the event on a queue of one's own. */
  readonly handlerWith: <E, R>(
    accept: (accepted: Accepted) => Effect.Effect<unknown, E, R>,
    options?: {
      /** Off where `accept` itself drops what came before; `events` is not fed then, for it would repeat. Default on. */
      readonly deduplicate?: boolean | undefined
    }
  ) => Effect.Effect<Handler, never, R>

  /**
   * Every event taken in by the handlers, from the moment the stream runs; duplicates left out. Several consumers each see
   * all. While the slowest one is `capacity` events behind, new ones are not streamed to any, which is counted and logged;
   * only `handler()` without `f`, which has no other place for them, answers 503 instead. The receivers of `WebhookQueue`
   * do not feed it.
   */
  readonly events: Stream.Stream<WebhookEvent>

  /**
   * Empties the token slot of an installation whose tokens the event makes worthless (`uninstalled`, `suspended`) or
   * outdated (`newPermissionsAccepted`). The handlers do it before anything else.
   */
  readonly forgetToken: (event: WebhookEvent) => Effect.Effect<void>
}

// ---------------------------------------------------------------------------------------------------------------------
// Options
// ---------------------------------------------------------------------------------------------------------------------

/** How deliveries are taken in. */
export interface Options {
  /** The longest body, in bytes; default 1 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** How long a body may take to arrive, and then the event to be taken in; default 4 s each. */
  readonly answerWithin?: Duration.Input | undefined
  /** For how long the same content counts as a duplicate; default 10 minutes, 0 turns it off. */
  readonly deduplicationWindow?: Duration.Input | undefined
  /** How many events `events` holds for its slowest consumer; default 1,024. */
  readonly capacity?: number | undefined
}

/** Options together with the secrets. */
export interface SecretOptions extends Options {
  /** The secret from the app's dashboard; during a rotation several, each of which is accepted. */
  readonly secret: Redacted.Redacted | ReadonlyArray<Redacted.Redacted>
}

/** Which events make an installation's token worthless or outdated. */
const forgetting =
  (app: IcrApp["Service"]): Service["forgetToken"] =>
  (event) =>
    event._tag === "Uninstalled" || event._tag === "Suspended" || event._tag === "NewPermissionsAccepted"
      ? app.forgetInstallationToken(event.installation.id)
      : Effect.void

const listOf = (secret: SecretOptions["secret"]) => (Redacted.isRedacted(secret) ? [secret] : secret)

// ---------------------------------------------------------------------------------------------------------------------
// Layers
// ---------------------------------------------------------------------------------------------------------------------

/** What the registry tells the app, believed only when it is signed. */
export class Webhook extends Context.Service<Webhook, Service>()("@effect-icr/app/Webhook") {
  /** With the secrets of `IcrConfig`. Fails with `Configuration` when there are none. */
  static readonly layerWith = (options: Options): Layer.Layer<Webhook, IcrError, IcrConfig | IcrApp> =>
    Layer.effect(
      Webhook,
      Effect.gen(function* () {
        const { webhookSecrets } = yield* IcrConfig
        return yield* makeReceiver(webhookSecrets, forgetting(yield* IcrApp), options)
      })
    )

  /** With the secrets of `IcrConfig` and every default. */
  static readonly layer: Layer.Layer<Webhook, IcrError, IcrConfig | IcrApp> = Webhook.layerWith({})

  /** With the secret from `ICR_WEBHOOK_SECRET`, and during a rotation the one before from `ICR_WEBHOOK_SECRET_PREVIOUS`. */
  static readonly layerEnv: Layer.Layer<Webhook, IcrError, IcrApp> = Webhook.layer.pipe(
    Layer.provide(IcrConfig.layerEnv)
  )

  /** With secrets given here. */
  static readonly layerOptions = (options: SecretOptions): Layer.Layer<Webhook, IcrError, IcrApp> =>
    Layer.effect(
      Webhook,
      Effect.flatMap(IcrApp, (app) => makeReceiver(listOf(options.secret), forgetting(app), options))
    )

  /** For a process that holds no tokens, such as one that only verifies and hands on. */
  static readonly layerWithoutApp = (options: SecretOptions): Layer.Layer<Webhook, IcrError> =>
    Layer.effect(
      Webhook,
      makeReceiver(listOf(options.secret), () => Effect.void, options)
    )

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
