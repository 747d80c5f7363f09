import { Webhook } from "@effect-icr/webhooks/Webhook"
import { WebhookEvent } from "@effect-icr/webhooks/WebhookEvent"
import * as WebhookQueue from "@effect-icr/webhooks/WebhookQueue"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Queue, Schema, Stream } from "effect"
import { PersistedQueue } from "effect/persistence"
import { delivery, post, printed } from "./support/deliveries.ts"

const eventOf = Schema.decodeUnknownSync(WebhookEvent)
const given = [eventOf(printed("installed")), eventOf(printed("suspended")), eventOf({ event: "novel", more: [1] })]
const double = Webhook.layerTest(Stream.fromIterable(given))

const recorder = Effect.map(Queue.unbounded<WebhookEvent>(), (seen) => ({
  work: (event: WebhookEvent) => Queue.offer(seen, event),
  next: (n: number) => Queue.takeN(seen, n)
}))

describe("Webhook.layerTest", () => {
  it.effect("hands the given events to a handler, in order, and goes on when the work on one fails", () =>
    Effect.gen(function* () {
      const { next, work } = yield* recorder
      const { fetch, respond } = yield* (yield* Webhook).handler((event) =>
        Effect.andThen(work(event), event._tag === "Suspended" ? Effect.fail("not today") : Effect.void)
      )
      assert.deepStrictEqual(yield* next(3), given)
      assert.strictEqual((yield* Effect.promise(() => fetch(post({ body: "" })))).status, 202)
      assert.isTrue(Effect.isEffect(respond))
    }).pipe(Effect.provide(double))
  )

  it.effect("streams the given events, and verifies deliveries without looking at their signature", () =>
    Effect.gen(function* () {
      const { events, verify } = yield* Webhook
      assert.deepStrictEqual(yield* Stream.runCollect(events), given)
      const { body } = delivery(printed("uninstalled"))
      assert.strictEqual((yield* verify({ body, signature: undefined }))._tag, "Uninstalled")
      assert.strictEqual((yield* Effect.flip(verify({ body: "{", signature: undefined }))).kind, "bodyNotJson")
    }).pipe(Effect.provide(double))
  )

  it.effect("feeds a durable queue, whose workers decode the same events", () =>
    Effect.gen(function* () {
      const { next, work } = yield* recorder
      yield* WebhookQueue.handler()
      yield* WebhookQueue.work(work, { concurrency: 1 })
      assert.deepStrictEqual(yield* next(3), given)
    }).pipe(
      Effect.provide(
        Layer.merge(double, PersistedQueue.layer.pipe(Layer.provideMerge(PersistedQueue.layerStoreMemory)))
      )
    )
  )
})
