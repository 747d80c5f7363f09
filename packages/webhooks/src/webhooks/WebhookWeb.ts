/**
 * A receiver as a plain object with `fetch`, for programs that do not run Effect themselves: Next.js, Hono, Deno, Bun.
 *
 * It owns a `ManagedRuntime` with everything the layer builds, once for all requests: make it when the program starts and not
 * in a request. The layer is built at the first request, or by `start`.
 *
 * **Gotchas**: on Workers no request can wait for what another one has begun, and a receiver stops after as many events as it
 * works on at a time. There make one in each request, or keep it in a Durable Object.
 *
 * ```ts
 * import { Webhook } from "@effect-icr/webhooks/Webhook"
 * import * as WebhookWeb from "@effect-icr/webhooks/WebhookWeb"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * const secret = Redacted.make(process.env["ICR_WEBHOOK_SECRET"] ?? "")
 * const webhook = WebhookWeb.receiver(Webhook.layerVerifyOnly({ secret }), (event) => Effect.log(event.event))
 *
 * // A function of Netlify; its `context` has the `waitUntil` that keeps the machine until the work is done.
 * export default (request: Request, context: { waitUntil(work: Promise<unknown>): void }) => webhook.fetch(request, context)
 * ```
 *
 * @module
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import type * as Scope from "effect/Scope"
import { type Handler, Webhook, type WorkOptions } from "./Webhook.ts"
import { WebhookError } from "./WebhookError.ts"
import type { WebhookEvent } from "./WebhookEvent.ts"

/**
 * A receiver that is ready for use outside of Effect.
 *
 * @category models
 * @since 0.1.0
 */
export interface Receiver {
  /** As the `fetch` of a handler. Answers 503 and logs why when the layer cannot be built. Never rejects. */
  readonly fetch: Handler["fetch"]
  /** Builds the layer now. Rejects when that fails, for example because the secret is missing. */
  readonly start: () => Promise<void>
  /** Waits for the work on accepted events, up to its `shutdownTimeout`, and releases everything. */
  readonly dispose: () => Promise<void>
}

class Built extends Context.Service<Built, Handler>()("@effect-icr/webhooks/WebhookWeb/Built") {}

const notBuilt: Handler["fetch"] = () =>
  Promise.resolve(new Response("notAccepted", { status: new WebhookError({ kind: "notAccepted" }).status }))

/**
 * A receiver made of a handler, such as `WebhookQueue.handler()` or one of `handlerWith`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <R, E, EH>(
  layer: Layer.Layer<R, E>,
  handler: Effect.Effect<Handler, EH, R | Scope.Scope>
): Receiver => {
  const runtime = ManagedRuntime.make(Layer.effect(Built, handler).pipe(Layer.provide(layer)))
  // Read the context once: disposing replaces it, while the handler still answers what comes during a shutdown.
  const built = Effect.map(runtime.contextEffect, Context.get(Built))
  const fetchOrRefuse = built.pipe(
    Effect.map(({ fetch }) => fetch),
    Effect.catchCause((cause) => Effect.as(Effect.logError("The webhook receiver could not be built", cause), notBuilt))
  )
  return {
    fetch: (request, platform) =>
      Effect.runPromise(Effect.flatMap(fetchOrRefuse, (fetch) => Effect.promise(() => fetch(request, platform)))),
    start: () => Effect.runPromise(Effect.asVoid(built)),
    dispose: () => runtime.dispose()
  }
}

/**
 * A receiver that works on events in this process, as the `handler` of `Webhook` does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const receiver = <R, E, EW>(
  layer: Layer.Layer<R | Webhook, E>,
  f: (event: WebhookEvent) => Effect.Effect<unknown, EW, R | Webhook>,
  options?: WorkOptions
): Receiver =>
  make(
    layer,
    Effect.flatMap(Webhook, ({ handler }) => handler(f, options))
  )
