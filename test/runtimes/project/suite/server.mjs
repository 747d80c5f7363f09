/** The server that each runtime runs with its own API: one app for the whole process, and a receiver of webhooks. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { Webhook } from "@effect-icr/webhooks/Webhook"
import * as WebhookWeb from "@effect-icr/webhooks/WebhookWeb"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { appLayer } from "./context.mjs"

/**
 * `webhook` receives deliveries. `answer` takes the path of any other request: `/handled` lists the events that were worked
 * on, and everything else makes a call for the installation and answers with the end of its token.
 */
export const makeServer = (context) => {
  const { installationId, organizationId, webhookSecret } = context.world
  const handled = []
  const webhook = WebhookWeb.receiver(
    Layer.provide(Webhook.layerWith({ secret: webhookSecret }), appLayer(context)),
    // The work ends after the delivery was answered.
    ({ event }) =>
      Effect.delay(
        Effect.sync(() => handled.push(event)),
        "20 millis"
      )
  )
  const runtime = ManagedRuntime.make(appLayer(context))
  const call = Effect.gen(function* () {
    const { installationClient, installationToken } = yield* IcrApp
    yield* installationClient(installationId).get(`/organizations/${organizationId}`)
    return new Response(DateTime.formatIso((yield* installationToken(installationId)).expiresAt))
  }).pipe(Effect.catch(({ message }) => Effect.succeed(new Response(message, { status: 500 }))))
  const answer = async (path) => (path === "/handled" ? Response.json(handled) : runtime.runPromise(call))
  /** All of it, for servers that speak `Request` and `Response`. */
  const fetch = (request) => {
    const { pathname } = new URL(request.url)
    return pathname === "/webhook" ? webhook.fetch(request) : answer(pathname)
  }
  return { webhook, answer, fetch }
}
