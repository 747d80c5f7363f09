/** What a receiver answers to a request, and how it reads its body. */
import { Webhook } from "@effect-icr/webhooks/Webhook"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Metric, Queue } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { TestClock } from "effect/testing"
import { delivery, post, printed } from "./support/deliveries.ts"
import { nothing, receiver, recorder, send } from "./support/receiver.ts"

describe("Webhook.handler", () => {
  it.effect("answers a refused request with the status and the kind of its error, and an accepted one with 202", () =>
    Effect.gen(function* () {
      const { fetch } = yield* (yield* Webhook).handler(nothing)
      const good = delivery(printed())
      const to = (init: RequestInit) => new Request("http://receiver.test/webhook", { method: "POST", ...init })
      const headers = { "x-icr-signature-256": good.signature }
      const body = good.body
      const bytes = new TextEncoder().encode(body)
      const json = "application/json; charset=utf-8"
      assert.deepStrictEqual(yield* send(fetch, post(good)), { status: 202, text: "" })
      for (const [status, text, request] of [
        [403, "signatureMissing", post({ body })],
        [403, "signatureMismatch", post({ ...delivery(printed(), { key: "other" }) })],
        [400, "bodyNotJson", post({ ...good, body: "{" })],
        [400, "unknownShape", post(delivery({ event: "installed" }))],
        [413, "bodyTooLarge", post({ ...good, body: " ".repeat(1024 * 1024 + 1) })],
        [415, "contentType", to({ body, headers: { ...headers, "content-type": "text/plain" } })],
        [415, "contentEncoding", to({ body: bytes, headers: { ...headers, "content-encoding": "gzip" } })],
        [415, "contentEncoding", to({ body: bytes, headers: { ...headers, "content-encoding": "identity, br" } })],
        [405, "method", new Request("http://receiver.test/webhook", { headers })],
        [202, "", to({ body, headers: { ...headers, "content-type": json } })],
        [202, "", to({ body: bytes, headers: { ...headers, "content-encoding": "Identity" } })],
        // No page names the header that the registry sends, so none is fine.
        [202, "", to({ body: bytes, headers })]
      ] as const) {
        assert.deepStrictEqual(yield* send(fetch, request), { status, text })
      }
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("counts refusals by their kind, and nothing else of them", () =>
    Effect.gen(function* () {
      const { fetch } = yield* (yield* Webhook).handler(nothing)
      const { body, signature } = delivery(printed())
      yield* send(fetch, post({ body }))
      yield* send(fetch, post({ body }))
      yield* send(fetch, post({ body, signature: `${signature}00` }))
      yield* send(fetch, post({ body, signature }))
      const refused = (yield* Metric.snapshot).filter(({ id }) => id === "icr_webhook_refused")
      assert.deepStrictEqual(
        refused.map(({ attributes, state }) => [attributes, "count" in state ? state.count : undefined]),
        [
          [{ kind: "signatureMissing" }, 2],
          [{ kind: "signatureLength" }, 1]
        ]
      )
    }).pipe(Effect.provide(receiver()), Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.effect("closes the connection after a body it did not read, and takes a body read before for a cut one", () =>
    Effect.gen(function* () {
      const { fetch } = yield* (yield* Webhook).handler(nothing)
      const good = delivery(printed())
      const large = yield* Effect.promise(() => fetch(post({ ...good, body: " ".repeat(1024 * 1024 + 1) })))
      assert.strictEqual(large.headers.get("connection"), "close")
      const read = post(good)
      yield* Effect.promise(() => read.text())
      assert.deepStrictEqual(yield* send(fetch, read), { status: 400, text: "bodyCut" })
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("stops reading a body without an end", () =>
    Effect.gen(function* () {
      const { fetch } = yield* (yield* Webhook).handler(nothing)
      let sent = 0
      const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull: (controller) => {
          sent += 65_536
          controller.enqueue(new Uint8Array(65_536).fill(32))
        }
      })
      const init = {
        method: "POST",
        body: endless,
        headers: { "content-type": "application/json", "x-icr-signature-256": delivery(printed()).signature },
        duplex: "half"
      }
      const request = new Request("http://receiver.test", init)
      assert.deepStrictEqual(yield* send(fetch, request), { status: 413, text: "bodyTooLarge" })
      assert.isBelow(sent, 3 * 1024 * 1024)
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("answers 408 when the body does not arrive, 503 when the event cannot be put anywhere in time", () =>
    Effect.gen(function* () {
      const webhook = yield* Webhook
      const reached = yield* Queue.unbounded<true>()
      const arrived = () => Queue.offerUnsafe(reached, true)
      const { fetch } = yield* webhook.handlerWith(() => Effect.andThen(Effect.sync(arrived), Effect.never))
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({ pull: () => void arrived() }, { highWaterMark: 0 })
      const init = { method: "POST", body, duplex: "half" }
      const stalled = new Request("http://receiver.test", init)
      for (const [request, expected] of [
        [stalled, { status: 408, text: "bodyTimeout" }],
        [post(delivery(printed())), { status: 503, text: "notAccepted" }],
        // What was not accepted gave its claim back: the same delivery is not a duplicate.
        [post(delivery(printed())), { status: 503, text: "notAccepted" }]
      ] as const) {
        const answer = yield* Effect.forkChild(send(fetch, request))
        yield* Queue.take(reached)
        yield* TestClock.adjust("4 seconds")
        assert.deepStrictEqual(yield* Fiber.join(answer), expected)
      }
    }).pipe(Effect.provide(receiver()))
  )

  it.live("is a route of an Effect router", () =>
    Effect.gen(function* () {
      const { seen, work } = yield* recorder
      const { dispose, handler } = HttpRouter.toWebHandler(
        Webhook.route("/webhook", work).pipe(Layer.provide(receiver()), Layer.provideMerge(HttpServer.layerServices)),
        { disableLogger: true }
      )
      assert.strictEqual((yield* send(handler, post(delivery(printed())))).status, 202)
      assert.strictEqual((yield* send(handler, post({ body: "{}" }))).status, 403)
      yield* Effect.promise(dispose)
      assert.deepStrictEqual(yield* seen, ["installed"])
    })
  )
})
