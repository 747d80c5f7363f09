import { Webhook } from "@effect-icr/webhooks/Webhook"
import type { WebhookEvent } from "@effect-icr/webhooks/WebhookEvent"
import * as WebhookNode from "@effect-icr/webhooks/WebhookNode"
import * as WebhookQueue from "@effect-icr/webhooks/WebhookQueue"
import * as WebhookWeb from "@effect-icr/webhooks/WebhookWeb"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Layer, Queue, Redacted } from "effect"
import { PersistedQueue } from "effect/persistence"
import { createServer, type IncomingMessage, request, type RequestListener, type ServerResponse } from "node:http"
import { type AddressInfo, connect } from "node:net"
import { vi } from "vitest"
import { delivery, post, printed, secret } from "./support/deliveries.ts"

const layer = Webhook.layerVerifyOnly({ secret: Redacted.make(secret) })

const recorder = Effect.map(Queue.unbounded<string>(), (seen) => ({
  work: ({ event }: WebhookEvent) => Queue.offer(seen, event),
  next: Queue.take(seen),
  rest: Queue.clear(seen)
}))

/** The port of a server with this listener. */
const serve = (listener: RequestListener) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const server = createServer(listener)
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => void server.close().closeAllConnections())
    ),
    (server) => (server.address() as AddressInfo).port
  )

const disposed = (listener: WebhookNode.Listener) =>
  Effect.acquireRelease(Effect.succeed(listener), ({ dispose }) => Effect.promise(dispose))

interface Sent {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string | Array<string>>
  readonly body?: string
}

/** The status and the text that a request is answered with. */
const sent = (port: number, { body = "", headers = {}, method = "POST", path = "/webhook" }: Sent) =>
  Effect.callback<readonly [number | undefined, string]>((resume) => {
    const out = request({ host: "127.0.0.1", port, method, path, headers }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => void (text += chunk))
      response.on("end", () => resume(Effect.succeed([response.statusCode, text])))
    })
    out.on("error", (error) => resume(Effect.die(error)))
    out.end(body)
  })

const signed = (event: string, more: Record<string, string | Array<string>> = {}): Sent => {
  const { body, signature } = delivery(printed(event))
  return { body, headers: { "content-type": "application/json", "x-icr-signature-256": signature, ...more } }
}

type Parser = (text: string) => unknown

/** What a body parser of Express does: reads the stream, keeps what it made of it, and goes on. */
const behind = (parse: Parser, next: RequestListener) => (incoming: IncomingMessage, response: ServerResponse) => {
  const chunks: Array<Buffer> = []
  incoming.on("data", (chunk: Buffer) => void chunks.push(chunk))
  incoming.on("end", () => next(Object.assign(incoming, { body: parse(Buffer.concat(chunks).toString()) }), response))
}

describe("WebhookNode.listener", () => {
  it.live("receives what a server of Node is sent, and answers by what was wrong", () =>
    Effect.gen(function* () {
      const { next, work } = yield* recorder
      const port = yield* serve(yield* disposed(WebhookNode.listener(layer, work)))
      assert.deepStrictEqual(yield* sent(port, signed("installed")), [202, ""])
      assert.strictEqual(yield* next, "installed")
      const { headers = {} } = signed("suspended")
      const { signature } = delivery(printed("suspended"))
      const large = " ".repeat(4 * 1024 * 1024)
      for (const [status, kind, given] of [
        [403, "signatureMissing", { body: "{}" }],
        [403, "signatureJunk", signed("suspended", { "x-icr-signature-256": [signature, signature] })],
        [415, "contentType", signed("suspended", { "content-type": "text/plain" })],
        [415, "contentEncoding", signed("suspended", { "content-encoding": "gzip" })],
        [413, "bodyTooLarge", { ...signed("suspended"), body: large }],
        [413, "bodyTooLarge", { headers: { ...headers, "transfer-encoding": "chunked" }, body: large }],
        [400, "bodyNotJson", { ...signed("suspended"), body: "" }],
        [405, "method", { ...signed("suspended"), method: "PUT" }],
        [405, "method", { method: "GET", path: "//" }],
        [405, "method", { method: "TRACE" }],
        [202, "", { ...signed("suspended"), path: "http://[" }]
      ] as const) {
        assert.deepStrictEqual(yield* sent(port, given), [status, kind])
      }
      assert.strictEqual(yield* next, "suspended")
    })
  )

  for (const [name, parse] of [
    ["json", (text) => JSON.parse(text)],
    ["raw", (text) => Buffer.from(text)],
    ["text", (text) => text]
  ] as ReadonlyArray<readonly [string, Parser]>) {
    it.live(`receives it behind a parser of bodies: ${name}`, () =>
      Effect.gen(function* () {
        const { next, work } = yield* recorder
        const listener = yield* disposed(WebhookNode.listener(layer, work))
        const port = yield* serve(behind(parse, listener))
        // The parser has unpacked what was packed.
        assert.deepStrictEqual(yield* sent(port, signed("installed", { "content-encoding": "gzip" })), [202, ""])
        assert.strictEqual(yield* next, "installed")
        const forged = { ...signed("installed"), body: delivery(printed("suspended")).body }
        assert.deepStrictEqual(yield* sent(port, forged), [403, "signatureMismatch"])
      })
    )
  }

  it.live("refuses a body that was read and not kept", () =>
    Effect.gen(function* () {
      const listener = yield* disposed(WebhookNode.listener(layer, () => Effect.void))
      const port = yield* serve(behind(() => undefined, listener))
      assert.deepStrictEqual(yield* sent(port, signed("installed")), [400, "bodyCut"])
    })
  )

  it.live("outlives a sender that goes away in the middle", () =>
    Effect.gen(function* () {
      const { next, work } = yield* recorder
      const ended = yield* Deferred.make<void>()
      const listener = yield* disposed(WebhookNode.listener(layer, work))
      const port = yield* serve((incoming, response) => {
        incoming.on("close", () => Deferred.doneUnsafe(ended, Effect.void))
        listener(incoming, response)
        socket.destroy()
      })
      const socket = connect(port, "127.0.0.1", () =>
        socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\nx-icr-signature-256: sha256=00\r\n\r\n{")
      )
      yield* Deferred.await(ended)
      assert.deepStrictEqual(yield* sent(port, signed("installed")), [202, ""])
      assert.strictEqual(yield* next, "installed")
    })
  )

  it.live("finishes what it accepted when it is disposed of, and refuses what comes then", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { rest, work } = yield* recorder
      const listener = WebhookNode.listener(layer, (event) => Effect.andThen(Deferred.await(gate), work(event)))
      const port = yield* serve(listener)
      assert.deepStrictEqual(yield* sent(port, signed("installed")), [202, ""])
      const stopped = listener.dispose()
      assert.deepStrictEqual(yield* sent(port, signed("suspended")), [503, "stopping"])
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.promise(() => stopped)
      assert.deepStrictEqual(yield* rest, ["installed"])
      assert.deepStrictEqual(yield* sent(port, signed("suspended")), [503, "stopping"])
    })
  )

  it.live("serves a queue, by way of WebhookWeb", () =>
    Effect.gen(function* () {
      const { next, work } = yield* recorder
      const durable = Layer.merge(layer, PersistedQueue.layer.pipe(Layer.provideMerge(PersistedQueue.layerStoreMemory)))
      const handler = Effect.andThen(WebhookQueue.work(work), WebhookQueue.handler())
      const port = yield* serve(yield* disposed(WebhookNode.fromWeb(WebhookWeb.make(durable, handler))))
      assert.deepStrictEqual(yield* sent(port, signed("installed")), [202, ""])
      assert.strictEqual(yield* next, "installed")
    })
  )
})

class Product extends Context.Service<Product, { readonly name: string }>()("test/Product") {}

describe("WebhookWeb.receiver", () => {
  it.live("gives the work what the layer has, and builds it once", () =>
    Effect.gen(function* () {
      let built = 0
      const seen = yield* Queue.unbounded<string>()
      const product = Layer.effect(
        Product,
        Effect.sync(() => ({ name: `product ${++built}` }))
      )
      const { dispose, fetch, start } = WebhookWeb.receiver(Layer.merge(layer, product), (event) =>
        Effect.flatMap(Product, ({ name }) => Queue.offer(seen, `${event.event} ${name}`))
      )
      yield* Effect.promise(start)
      for (const event of ["installed", "suspended"]) {
        const { status } = yield* Effect.promise(() => fetch(post(delivery(printed(event)))))
        assert.strictEqual(status, 202)
        assert.strictEqual(yield* Queue.take(seen), `${event} product 1`)
      }
      const { status } = yield* Effect.promise(() => fetch(undefined as never))
      assert.strictEqual(status, 400)
      yield* Effect.promise(dispose)
    })
  )

  it.live("answers 503 and says why when the layer cannot be built; start rejects", () =>
    Effect.gen(function* () {
      const broken = Webhook.layerVerifyOnly({ secret: Redacted.make("") })
      const printed = yield* Effect.acquireRelease(
        Effect.sync(() => vi.spyOn(console, "log").mockImplementation(() => {})),
        (spy) => Effect.sync(() => spy.mockRestore())
      )
      const { dispose, fetch, start } = WebhookWeb.receiver(broken, () => Effect.void)
      const answer = yield* Effect.promise(() => fetch(post(delivery({ event: "novel" }))))
      assert.deepStrictEqual([answer.status, yield* Effect.promise(() => answer.text())], [503, "notAccepted"])
      assert.isTrue(printed.mock.calls.some((line) => line.join(" ").includes("could not be built")))
      const failed = yield* Effect.promise(() => start().then(String, String))
      assert.include(failed, "secret: is empty")
      yield* Effect.promise(dispose)
    })
  )
})
