/**
 * A receiver in a program that is not written in Effect: a listener for a server of Node, or for a route of Express.
 *
 * ICR_WEBHOOK_SECRET is the app's webhook secret. This example sends itself one delivery, as the registry would, and stops.
 */
import { Webhook } from "@effect-icr/webhooks/Webhook"
import * as WebhookNode from "@effect-icr/webhooks/WebhookNode"
import * as Console from "effect/Console"
import * as Redacted from "effect/Redacted"
import { createHmac } from "node:crypto"
import { once } from "node:events"
import { createServer } from "node:http"

const secret = process.env["ICR_WEBHOOK_SECRET"] ?? ""

// With the layer of an app, as in webhook-server.ts, the work may call the registry.
const WebhookLive = Webhook.layerVerifyOnly({ secret: Redacted.make(secret) })

const webhook = WebhookNode.listener(WebhookLive, (event) => Console.log(`worked on ${event.event}`))

// With Express: `app.post("/webhook", webhook)`, before or after `express.json()`.
const server = createServer(webhook)

await webhook.start()
server.listen(0, "127.0.0.1")
await once(server, "listening")
const address = server.address()
const port = typeof address === "object" ? address?.port : undefined

const installation = { id: "1", appId: "1", appNameId: "app1", permissions: { organization_info: "VIEW" } }
const signedData = Buffer.from(JSON.stringify({ event: "installed", installation })).toString("base64")
const { status } = await fetch(`http://127.0.0.1:${port}/webhook`, {
  method: "POST",
  headers: {
    "content-type": "application/json",
    "x-icr-signature-256": `sha256=${createHmac("sha256", secret).update(signedData).digest("hex")}`
  },
  body: JSON.stringify({ signedData })
})
console.log(`answered ${status}`)

// A program does this when it is told to stop: no new connections, then the work on what was accepted.
server.close()
await webhook.dispose()
