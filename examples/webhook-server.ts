/**
 * A server that takes the registry's webhook deliveries at /webhook and works on the events after answering.
 *
 * ICR_APP_ID, ICR_PRIVATE_KEY, ICR_WEBHOOK_SECRET and ICR_ENVIRONMENT or ICR_BASE_URL say who the app is; PORT where to
 * listen (default 4040, 0 takes a free one). Ctrl-C or SIGTERM finishes the work that was accepted.
 */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { Webhook } from "@effect-icr/webhooks/Webhook"
import type { WebhookEvent } from "@effect-icr/webhooks/WebhookEvent"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { createServer } from "node:http"

/** What this product does about an event: here it only says so. */
const work = Effect.fn("work")(function* (event: WebhookEvent) {
  switch (event._tag) {
    case "Installed": {
      const app = yield* IcrApp
      const { organization } = yield* app.installation(event.installation.id)
      return yield* Console.log(`installed ${event.installation.id} on ${organization.displayName}`)
    }
    case "WarehouseTransaction":
    case "OrganizationTransaction": {
      const amount = Option.flatMap(event.transaction, ({ amount }) => amount)
      return yield* Console.log(`${event.event} of ${Option.getOrElse(amount, () => "unknown")} t`)
    }
    case "Unknown":
      return yield* Console.log(`something new: ${event.event}`)
    default:
      return yield* Console.log(`${event.event} ${event.installation.id}`)
  }
})

const server = Layer.unwrap(
  Effect.map(Config.Int("PORT").pipe(Config.withDefault(4040)), (port) =>
    NodeHttpServer.layer(createServer, { port, host: "127.0.0.1" })
  )
)

HttpRouter.serve(Webhook.route("/webhook", work), { disableLogger: true }).pipe(
  Layer.provide(Webhook.layer),
  Layer.provide(IcrApp.layer),
  Layer.provide([server, NodeHttpClient.layerUndici]),
  Layer.launch,
  NodeRuntime.runMain
)
