/**
 * A receiver as a listener of Node: for `createServer` of `node:http` and for a route of Express.
 *
 * It reads the request itself and works behind body parsers too: what `express.json()` has parsed is put together again,
 * since only the text of the field `signedData` is signed. It loads nothing of Node, so that it bundles anywhere.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import { Webhook } from "@effect-icr/webhooks/Webhook"
 * import * as WebhookNode from "@effect-icr/webhooks/WebhookNode"
 * import * as Effect from "effect/Effect"
 * import * as FetchHttpClient from "effect/http/FetchHttpClient"
 * import * as Layer from "effect/Layer"
 * import { createServer } from "node:http"
 *
 * const WebhookLive = Webhook.layer.pipe(Layer.provide(IcrApp.layer), Layer.provide(FetchHttpClient.layer))
 *
 * const webhook = WebhookNode.listener(WebhookLive, (event) => Effect.log(event.event))
 *
 * // With Express: app.post("/webhook", webhook)
 * export const server = createServer(webhook)
 *
 * process.once("SIGTERM", () => server.close(webhook.dispose))
 * ```
 *
 * @module
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import type { Webhook, WorkOptions } from "./Webhook.ts"
import type { WebhookEvent } from "./WebhookEvent.ts"
import * as WebhookWeb from "./WebhookWeb.ts"

/**
 * What is read of a request: an `IncomingMessage` of Node or a `Request` of Express.
 *
 * @category models
 * @since 0.1.0
 */
export interface NodeRequest extends AsyncIterable<Uint8Array<ArrayBuffer>> {
  readonly method?: string | undefined
  readonly headers: { readonly [name: string]: string | ReadonlyArray<string> | undefined }
  /** Whether somebody reads or has read the stream. */
  readonly readableDidRead: boolean
  /** What a body parser made of it. */
  readonly body?: unknown
}

/**
 * What is used of a response: a `ServerResponse` of Node or a `Response` of Express.
 *
 * @category models
 * @since 0.1.0
 */
export interface NodeResponse {
  readonly headersSent: boolean
  /** Begins the answer. */
  writeHead(status: number, headers: Record<string, string>): unknown
  /** Sends the body and ends the answer. */
  end(text: string): unknown
}

/**
 * A listener for requests, and what its receiver has beside `fetch`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Listener extends Omit<WebhookWeb.Receiver, "fetch"> {
  (request: NodeRequest, response: NodeResponse): void
}

/** The body, read as it is asked for. Where its reader stops early, the answer closes the connection. */
const streamOf = (request: NodeRequest) => {
  const chunks = request[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull: (controller) =>
        chunks.next().then(({ done, value }) => (done === true ? controller.close() : controller.enqueue(value)))
    },
    { highWaterMark: 0 }
  )
}

/** The body as a body parser left it; undefined where it was read and not kept. */
const contentOf = (body: unknown) => {
  if (body === undefined || Predicate.isString(body)) return body
  return ArrayBuffer.isView(body)
    ? Uint8Array.from(new Uint8Array(body.buffer, body.byteOffset, body.byteLength))
    : JSON.stringify(body)
}

const ofBody = ["content-encoding", "content-length"]
const ofContent = ["content-type", "x-icr-signature-256"]

/** The headers with these names; the values of a repeated header are joined, as Node does it. */
const headersOf = (request: NodeRequest, names: ReadonlyArray<string>) =>
  new Headers(
    names.flatMap((name): Array<[string, string]> => {
      const value = request.headers[name]
      return value === undefined ? [] : [[name, Predicate.isString(value) ? value : value.join(", ")]]
    })
  )

// The receiver ignores the address, and of the method only asks whether it is POST. `Request` refuses some methods of Node.
const address = "http://webhook.invalid/"

const webRequestOf = (request: NodeRequest): Request => {
  if (request.method !== "POST") return new Request(address)
  const [body, names] = request.readableDidRead
    ? [contentOf(request.body), ofContent]
    : [streamOf(request), [...ofContent, ...ofBody]]
  const init = { method: "POST", headers: headersOf(request, names), duplex: "half", ...(body && { body }) }
  return new Request(address, init)
}

const answer = (fetch: WebhookWeb.Receiver["fetch"], request: NodeRequest, response: NodeResponse) =>
  Effect.gen(function* () {
    const answered = yield* Effect.promise(() => fetch(webRequestOf(request)))
    const text = yield* Effect.promise(() => answered.text())
    response.writeHead(answered.status, Object.fromEntries(answered.headers))
    response.end(text)
  }).pipe(
    Effect.catchCause((cause) =>
      Effect.map(Effect.logError("A webhook delivery could not be answered", cause), () => {
        if (response.headersSent) return
        response.writeHead(503, {})
        response.end("notAccepted")
      })
    )
  )

/**
 * A listener made of a receiver, such as one over a `WebhookQueue`.
 *
 * ```ts
 * import { Webhook } from "@effect-icr/webhooks/Webhook"
 * import * as WebhookNode from "@effect-icr/webhooks/WebhookNode"
 * import * as WebhookWeb from "@effect-icr/webhooks/WebhookWeb"
 * import { Console, Redacted } from "effect"
 * import { createServer } from "node:http"
 *
 * const secret = Redacted.make(process.env["ICR_WEBHOOK_SECRET"] ?? "")
 * // Answers when the work is done
 * const receiver = WebhookWeb.make(
 *   Webhook.layerVerifyOnly({ secret }),
 *   Webhook.use(({ handlerWith }) => handlerWith(({ event }) => Console.log(event.event)))
 * )
 * export const server = createServer(WebhookNode.fromWeb(receiver))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromWeb = ({ dispose, fetch, start }: WebhookWeb.Receiver): Listener =>
  Object.assign(
    // Node calls this: no fiber runs yet.
    (request: NodeRequest, response: NodeResponse) => void Effect.runFork(answer(fetch, request, response)),
    {
      start,
      dispose
    }
  )

/**
 * A listener that works on events in this process, as the `handler` of `Webhook` does.
 *
 * @category constructors
 * @since 0.1.0
 */
export const listener = <R, E, EW>(
  layer: Layer.Layer<R | Webhook, E>,
  f: (event: WebhookEvent) => Effect.Effect<unknown, EW, R | Webhook>,
  options?: WorkOptions
): Listener => fromWeb(WebhookWeb.receiver(layer, f, options))
