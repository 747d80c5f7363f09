/**
 * What the platform has to be told of work that goes on after the answer.
 *
 * Serverless platforms may stop the machine once the answer is out, unless a promise was handed to their `waitUntil`.
 * `fetch` of a handler takes the platform as its second argument. Under a router of Effect it is given with the request:
 * `handler(request, Context.make(WebhookPlatform, ctx))`, where `handler` comes from `HttpRouter.toWebHandler`.
 *
 * ```ts
 * import { Webhook } from "@effect-icr/webhooks/Webhook"
 * import { WebhookPlatform } from "@effect-icr/webhooks/WebhookPlatform"
 * import { Console, Context, Layer, Redacted } from "effect"
 * import { HttpRouter, HttpServer } from "effect/http"
 *
 * const secret = Redacted.make(process.env["ICR_WEBHOOK_SECRET"] ?? "")
 * const { handler } = HttpRouter.toWebHandler(
 *   Webhook.route("/webhook", (event) => Console.log(event.event)).pipe(
 *     Layer.provide(Webhook.layerVerifyOnly({ secret })),
 *     Layer.provideMerge(HttpServer.layerServices)
 *   )
 * )
 *
 * // A module Worker
 * export default {
 *   fetch: (request: Request, _env: unknown, ctx: { waitUntil(work: Promise<unknown>): void }) =>
 *     handler(request, Context.make(WebhookPlatform, ctx))
 * }
 * ```
 *
 * @module
 */
import * as Context from "effect/Context"

/**
 * Whatever has a `waitUntil`: the `ctx` of Workers, the `context` of Netlify, `{ waitUntil: after }` with the `after` of
 * Next.js, `{ waitUntil }` with that of `@vercel/functions`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Platform {
  /** Keeps the machine until the promise is settled. It is given one for each accepted event, and none ever rejects. */
  waitUntil?(work: Promise<unknown>): unknown
}

/**
 * The platform that the current request came from. By default nobody is told.
 *
 * @category services
 * @since 0.1.0
 */
export const WebhookPlatform: Context.Reference<Platform> = Context.Reference("@effect-icr/webhooks/WebhookPlatform", {
  defaultValue: () => ({})
})
