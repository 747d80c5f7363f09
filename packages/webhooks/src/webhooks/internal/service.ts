/** The types of the `Webhook` service. */
import type { IcrError } from "@effect-icr/app/IcrError"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { WebhookError } from "../WebhookError.ts"
import type { WebhookEvent } from "../WebhookEvent.ts"
import type { Platform } from "../WebhookPlatform.ts"
import type { Secrets } from "../../mac/internal/secrets.ts"

/**
 * A delivery as it came.
 *
 * @category models
 * @since 0.1.0
 */
export interface Delivery {
  /** The body, unparsed. Where a gateway says `isBase64Encoded`, decode it first. */
  readonly body: string | Uint8Array | ArrayBuffer
  /** The header `x-icr-signature-256`. */
  readonly signature: string | null | undefined
}

/**
 * A delivery that passed every check.
 *
 * @category models
 * @since 0.1.0
 */
export interface Accepted {
  readonly event: WebhookEvent
  /** The verified text the event was decoded from, for handing on. Whoever gets it has to trust the one who gives it. */
  readonly signedData: string
  /** SHA-256 of the signed text, in hex: the same for a replay, and for two events with the same content. */
  readonly id: string
}

/**
 * One receiver in two forms. Neither ever fails; both answer 202, or the status of the `WebhookError`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Handler {
  /** For a router of Effect: `HttpRouter.add("POST", "/webhook", handler.respond)`. */
  readonly respond: Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest>
  /**
   * For everything that speaks `Request` and `Response`: Hono, Next.js, Bun, Deno. Never rejects. Where the platform
   * may stop the machine once the answer is out, `platform` is told of the work that goes on: `context` on Netlify,
   * `{ waitUntil: after }` on Next.js. `WebhookNode` takes requests of Node and Express.
   */
  readonly fetch: (request: Request, platform?: Platform) => Promise<Response>
}

/**
 * How the work in this process is bounded.
 *
 * @category options
 * @since 0.1.0
 */
export interface WorkOptions {
  /** Events worked on side by side; default 16. With 1, they are worked on in the order they came. */
  readonly concurrency?: number | undefined
  /** Events accepted and not yet done; more are answered with 503. Default 10,000. */
  readonly capacity?: number | undefined
  /** How long the work may go on when the program stops; then it is interrupted. Default 30 s. */
  readonly shutdownTimeout?: Duration.Input | undefined
}

/**
 * What deliveries are signed with, and how they are received.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * The secret from the app's dashboard; during a rotation several, each of which is accepted. Default: that of
   * `ICR_WEBHOOK_SECRET`, and during a rotation of `ICR_WEBHOOK_SECRET_PREVIOUS` too.
   */
  readonly secret?: Secrets | undefined
  /** The longest body, in bytes; default 1 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** How long a body may take to arrive, and then the event to be accepted; default 4 s each. */
  readonly responseTimeout?: Duration.Input | undefined
  /**
   * For how long the same content counts as a duplicate; default 10 minutes. With 0 every duplicate is worked on; tokens are
   * then invalidated once in 10 minutes all the same.
   */
  readonly deduplicationWindow?: Duration.Input | undefined
  /** How many events `events` holds for its slowest consumer; default 1,024. */
  readonly capacity?: number | undefined
}

/**
 * As {@link Options}, with the secret given.
 *
 * @category options
 * @since 0.1.0
 */
export interface VerifyOnlyOptions extends Options {
  readonly secret: Secrets
}

/**
 * Receives and verifies webhook deliveries.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** The event inside a delivery. Does not look for duplicates, and invalidates no token. */
  readonly verify: (delivery: Delivery) => Effect.Effect<WebhookEvent, WebhookError>

  /**
   * A receiver that answers 202 once an event is accepted and then works on it in this process, supervised: failures are
   * logged and counted, and the scope waits for what was accepted. A crash loses it; `WebhookQueue` does not. A platform that
   * stops the machine after the answer loses it too, unless `fetch` is given its `waitUntil`. Without `f` it only feeds
   * `events`. Fails with `Configuration` for an option out of range.
   */
  readonly handler: <E = never, R = never>(
    f?: (event: WebhookEvent) => Effect.Effect<unknown, E, R>,
    options?: WorkOptions
  ) => Effect.Effect<Handler, IcrError, R | Scope.Scope>

  /**
   * A receiver that answers 202 when `accept` has succeeded, such as after putting the event on a queue of one's own. Nothing
   * goes on after the answer: the form for Lambda, with a `responseTimeout` that `accept` keeps to.
   */
  readonly handlerWith: <E, R>(
    accept: (accepted: Accepted) => Effect.Effect<unknown, E, R>,
    options?: {
      /** Off where `accept` itself drops duplicates; `events` is not fed then, since it would repeat them. Default on. */
      readonly deduplicate?: boolean | undefined
    }
  ) => Effect.Effect<Handler, never, R>

  /**
   * Every event accepted by the handlers, from the moment the stream runs; duplicates left out. Each of several consumers
   * gets all of them. While the slowest one is `capacity` events behind, new events are streamed to none, which is counted
   * and logged; only `handler()` without `f`, which has no other place for them, answers 503 instead. The receivers of
   * `WebhookQueue` do not feed it.
   */
  readonly events: Stream.Stream<WebhookEvent>

  /**
   * Invalidates the cached token of an installation whose tokens the event makes worthless (`uninstalled`, `suspended`) or
   * outdated (`newPermissionsAccepted`). The handlers do it before anything else, for the first of identical deliveries only,
   * so that replays cost no exchanges. Given the `id` of an `Accepted`, it does it once for this id in this process; without,
   * each time.
   */
  readonly invalidateToken: (event: WebhookEvent, id?: string) => Effect.Effect<void>
}
