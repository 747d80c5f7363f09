/**
 * A server on Express, in async/await: /webhook takes the registry's deliveries, and a route reads the credits in an
 * organization's warehouse.
 *
 * One `ManagedRuntime` holds all services for the life of the process, so that every request finds the same tokens.
 * ICR_APP_ID, ICR_PRIVATE_KEY, ICR_WEBHOOK_SECRET and ICR_ENVIRONMENT or ICR_BASE_URL say who the app is; PORT where to
 * listen (default 4042).
 */
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrError } from "@effect-icr/app/IcrError"
import { Registry } from "@effect-icr/registry/Registry"
import { Webhook } from "@effect-icr/webhooks/Webhook"
import * as WebhookNode from "@effect-icr/webhooks/WebhookNode"
import { Console, Effect, Layer, ManagedRuntime, Option, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import express, { type NextFunction, type Request, type Response } from "express"

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
const webhook = WebhookNode.listener(Layer.effectContext(icr.contextEffect), (event) =>
  Console.log(`worked on ${event.event}`)
)

const app = express()

app.post("/webhook", webhook)

// Express 5 hands a rejected promise to the error handler below.
// oxlint-disable-next-line oxc/no-async-endpoint-handlers
app.get("/installations/:id/credits", async (request, response) => {
  const id = Schema.decodeUnknownOption(InstallationId)(request.params.id)
  if (Option.isNone(id)) return response.status(404).json({ error: "no such installation" })
  return response.json(await icr.runPromise(creditsOf(id.value)))
})

app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
  if (!(error instanceof IcrError)) return next(error)
  const status = error.reason._tag === "InstallationNotFound" ? 404 : error.isRetryable ? 503 : 502
  response.status(status).json({ error: error.message })
})

// A wrong secret or key ends the program here, and not at the first delivery.
await webhook.start()
const server = app.listen(Number(process.env["PORT"] ?? 4042), "127.0.0.1", () => {
  const address = server.address()
  console.log(`Listening on http://127.0.0.1:${typeof address === "object" ? address?.port : address}`)
})

// First no new connections, then the work on what was accepted, then the services it stands on.
process.once("SIGTERM", () => {
  server.close()
  void webhook.dispose().then(() => icr.dispose())
})
