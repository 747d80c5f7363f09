/**
 * A server on Hono, in async/await: /webhook takes the registry's deliveries, and a route reads the credits in an
 * organization's warehouse. The app itself runs wherever Hono does; here it is served by Node.
 *
 * One `ManagedRuntime` holds all services for the life of the process, so that every request finds the same tokens.
 * ICR_APP_ID, ICR_PRIVATE_KEY, ICR_WEBHOOK_SECRET and ICR_ENVIRONMENT or ICR_BASE_URL say who the app is; PORT where to
 * listen (default 4043).
 */
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrError } from "@effect-icr/app/IcrError"
import { Registry } from "@effect-icr/registry/Registry"
import { Webhook } from "@effect-icr/webhooks/Webhook"
import * as WebhookWeb from "@effect-icr/webhooks/WebhookWeb"
import { serve } from "@hono/node-server"
import { Console, Effect, Layer, ManagedRuntime, Option, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { Hono } from "hono"

const icr = ManagedRuntime.make(
  Layer.merge(Registry.layer, Webhook.layer).pipe(
    Layer.provideMerge(IcrApp.layer),
    Layer.provide(FetchHttpClient.layer)
  )
)

const creditsOf = Effect.fn("creditsOf")(function* (id: InstallationId) {
  const { warehouse } = (yield* Registry).organization(id)
  const credits = yield* warehouse.credits
  return credits.map(({ amount, id }) => ({ id, amount }))
})

// On the services of the process: an `uninstalled` drops the token that the routes would use.
const webhook = WebhookWeb.receiver(Layer.effectContext(icr.contextEffect), (event) =>
  Console.log(`worked on ${event.event}`)
)

const app = new Hono()

app.post("/webhook", (context) => webhook.fetch(context.req.raw))

app.get("/installations/:id/credits", async (context) => {
  const id = Schema.decodeUnknownOption(InstallationId)(context.req.param("id"))
  if (Option.isNone(id)) return context.json({ error: "no such installation" }, 404)
  return context.json(await icr.runPromise(creditsOf(id.value)))
})

app.onError((error, context) => {
  if (!(error instanceof IcrError)) return context.text("Internal Server Error", 500)
  const status = error.reason._tag === "InstallationNotFound" ? 404 : error.isRetryable ? 503 : 502
  return context.json({ error: error.message }, status)
})

// A wrong secret or key ends the program here, and not at the first delivery.
await webhook.start()
const port = Number(process.env["PORT"] ?? 4043)
const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port }, (address) =>
  console.log(`Listening on http://127.0.0.1:${address.port}`)
)

// First no new connections, then the work on what was accepted, then the services it stands on.
process.once("SIGTERM", () => {
  server.close()
  void webhook.dispose().then(() => icr.dispose())
})
