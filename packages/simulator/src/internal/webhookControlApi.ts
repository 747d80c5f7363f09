/** The webhook group of the control interface: deliveries, secrets, transactions and callback URLs. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as Schema from "effect/Schema"
import { BadRequest } from "../ErrorBody.ts"
import { Delivery, SimulatedTransaction, Tampering } from "../Webhooks.ts"

const appId = { appId: Schema.optionalKey(Schema.String) }
const done = { success: Schema.Boolean, error: BadRequest }
const delivered = { success: Delivery, error: BadRequest }

export const webhookGroup = HttpApiGroup.make("webhooks").add(
  HttpApiEndpoint.put("setWebhook", "/webhook", {
    payload: Schema.Struct({ ...appId, url: Schema.NullOr(Schema.String) }),
    ...done
  }),
  HttpApiEndpoint.post("rotateWebhookSecret", "/webhook/secret/rotate", {
    payload: Schema.Struct(appId),
    success: Schema.Struct({ webhookSecret: Schema.String }),
    error: BadRequest
  }),
  HttpApiEndpoint.post("removeWebhookSecret", "/webhook/secret/remove", { payload: Schema.Struct(appId), ...done }),
  HttpApiEndpoint.get("deliveries", "/deliveries", { success: Schema.Array(Delivery) }),
  HttpApiEndpoint.post("redeliver", "/deliveries/:number/redeliver", {
    params: { number: Schema.FiniteFromString },
    payload: Tampering,
    ...delivered
  }),
  HttpApiEndpoint.post("transaction", "/installations/:id/transactions", {
    params: { id: Schema.String },
    payload: Schema.Struct({ ...SimulatedTransaction.fields, ...Tampering.fields }),
    ...delivered
  }),
  HttpApiEndpoint.post("sendEvent", "/installations/:id/events", {
    params: { id: Schema.String },
    payload: Schema.Struct({ event: Schema.NonEmptyString, ...Tampering.fields }),
    ...delivered
  }),
  HttpApiEndpoint.put("setCallbackUrls", "/callback-urls", {
    payload: Schema.Struct({ ...appId, urls: Schema.Array(Schema.String) }),
    ...done
  })
)
