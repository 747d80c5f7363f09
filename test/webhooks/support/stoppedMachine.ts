/**
 * A function of a platform that stops the machine as soon as the answer is out and what `waitUntil` was given has settled.
 * Run as a process of its own: prints the status, and whether the work was done when the machine stopped.
 */
import { Webhook } from "@effect-icr/webhooks/Webhook"
import * as WebhookWeb from "@effect-icr/webhooks/WebhookWeb"
import { Effect, Redacted } from "effect"
import { writeSync } from "node:fs"
import { delivery, post, printed, secret } from "./deliveries.ts"

const layer = Webhook.layerVerifyOnly({ secret: Redacted.make(secret) })
const work = () =>
  Effect.andThen(
    Effect.sleep("300 millis"),
    Effect.sync(() => writeSync(1, "done "))
  )

const told: Array<Promise<unknown>> = []
const answers: Record<string, () => Promise<Response>> = {
  handler: () => WebhookWeb.receiver(layer, work).fetch(post(delivery(printed()))),
  waitUntil: () =>
    WebhookWeb.receiver(layer, work).fetch(post(delivery(printed())), {
      waitUntil: (promise: Promise<unknown>) => told.push(promise)
    }),
  handlerWith: () =>
    WebhookWeb.make(
      layer,
      Webhook.use(({ handlerWith }) => handlerWith(work))
    ).fetch(post(delivery(printed())))
}

const response = await answers[process.argv[2] ?? ""]?.()
await Promise.all(told)
writeSync(1, String(response?.status))
process.kill(process.pid, "SIGKILL")
