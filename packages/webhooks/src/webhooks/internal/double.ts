/** The double behind `Webhook.layerTest`. */
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { WebhookEvent } from "../WebhookEvent.ts"
import type { Accepted, Handler, Service } from "./service.ts"
import { eventOf, partsOf, signedDataOf } from "./verify.ts"
import { supervised } from "./workers.ts"

/** Answers every request alike. */
const handler: Handler = {
  respond: Effect.succeed(HttpServerResponse.empty({ status: 202 })),
  fetch: () => Promise.resolve(new Response(null, { status: 202 }))
}

const encodeEvent = Schema.encodeEffect(Schema.fromJsonString(WebhookEvent))

const acceptedOf = (event: WebhookEvent, index: number): Effect.Effect<Accepted> =>
  Effect.map(Effect.orDie(encodeEvent(event)), (text) => ({
    event,
    signedData: Base64.encode(text),
    id: `test-${index}`
  }))

/** Hands each event to the handlers as soon as they are made. What they do with it goes on until the layer's scope closes. */
export const makeDouble = Effect.fnUntraced(function* (events: Stream.Stream<WebhookEvent>) {
  const scope = yield* Effect.scope
  const deliver = <E, R>(accept: (accepted: Accepted) => Effect.Effect<unknown, E, R>) =>
    Stream.mapEffect(Stream.zipWithIndex(events), ([event, index]) => acceptedOf(event, index)).pipe(
      Stream.runForEach((accepted) => Effect.exit(supervised(accepted, accept(accepted)))),
      Effect.forkIn(scope),
      Effect.as(handler)
    )

  return {
    verify: (delivery) => Effect.fromResult(Result.flatMap(signedDataOf(partsOf(delivery).body, Infinity), eventOf)),
    handler: (f) => (f === undefined ? Effect.succeed(handler) : deliver(({ event }) => f(event))),
    handlerWith: (accept) => deliver(accept),
    events,
    invalidateToken: () => Effect.void
  } satisfies Service
})
