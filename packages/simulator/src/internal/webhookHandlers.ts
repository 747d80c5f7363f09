/** Serves the webhook group of the control interface. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Redacted from "effect/Redacted"
import type { Control } from "../Control.ts"
import { ControlApi } from "../ControlApi.ts"
import { badRequest } from "../ErrorBody.ts"
import type { SimulatorError } from "../SimulatorError.ts"

const refused = <A, R>(effect: Effect.Effect<A, SimulatorError, R>) =>
  Effect.mapError(effect, ({ message }) => badRequest(message))
const done = <R>(effect: Effect.Effect<void, SimulatorError, R>) => refused(Effect.as(effect, true))

/** Handlers of the webhook group. */
export const layer = ({ setCallbackUrls, webhooks }: Control) =>
  HttpApiBuilder.group(ControlApi, "webhooks", (handlers) =>
    handlers
      .handle("setWebhook", ({ payload }) => done(webhooks.setTarget(payload.url ?? undefined, payload.appId)))
      .handle("rotateWebhookSecret", ({ payload }) =>
        refused(
          Effect.map(webhooks.rotateSecret(payload.appId), (secret) => ({ webhookSecret: Redacted.value(secret) }))
        )
      )
      .handle("removeWebhookSecret", ({ payload }) => done(webhooks.removeSecret(payload.appId)))
      .handle("deliveries", () => webhooks.deliveries)
      .handle("redeliver", ({ params, payload }) => refused(webhooks.redeliver(params.number, payload)))
      .handle("transaction", ({ params, payload }) => refused(webhooks.transaction(params.id, payload, payload)))
      .handle("sendEvent", ({ params, payload }) => refused(webhooks.send(params.id, payload.event, payload)))
      .handle("setCallbackUrls", ({ payload }) => done(setCallbackUrls(payload.urls, payload.appId)))
  )
