/** `icr webhooks listen`: shows deliveries as they come, and hands them on. */
import { Webhook } from "@effect-icr/webhooks/Webhook"
import { WebhookError } from "@effect-icr/webhooks/WebhookError"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as ByteSize from "effect/ByteSize"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { createServer } from "node:http"
import { expectedUrl, httpUrl } from "../environment/url.ts"
import { webhookSecret } from "../environment/webhookSecret.ts"
import { Failure } from "../failure/failure.ts"
import { isTerminal, jsonLine, write } from "../output/output.ts"
import { record, type Seen, sentence } from "./delivery.ts"
import { post } from "./post.ts"

const flags = {
  port: Flag.Int("port").pipe(
    Flag.filter(
      (port) => port >= 0 && port <= 65_535,
      (port) => `must be from 0 to 65535, not ${port}`
    ),
    Flag.withDescription("Port on 127.0.0.1; 0 takes a free one, default 4020"),
    Flag.withDefault(4020)
  ),
  forward: Flag.String("forward").pipe(
    Flag.withMetavar("URL"),
    Flag.filterMap(httpUrl, expectedUrl),
    Flag.withDescription("Hand each delivery on as it came, refused ones too, and answer what this program answers"),
    Flag.optional
  )
}

const largest = ByteSize.mebibytes(1)

/** Body and signature, or why the request is no delivery. */
const read = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest) {
  if (request.method !== "POST") return yield* new WebhookError({ kind: "method" })
  const buffer = yield* request.arrayBuffer.pipe(
    Effect.provideService(HttpServerRequest.MaxBodySize, largest),
    Effect.mapError(() => new WebhookError({ kind: "bodyTooLarge" }))
  )
  return { body: new Uint8Array(buffer), signature: request.headers["x-icr-signature-256"] }
})

const forwarded = (forward: Option.Option<URL>, body: Uint8Array, signature: string | undefined) =>
  Option.match(forward, {
    onNone: () => Effect.succeedNone,
    onSome: (url) => Effect.asSome(Effect.result(post(url, body, signature)))
  })

/** Without a program behind it, the command answers as a receiver does; else what that program answers, 502 for nothing. */
const statusOf = ({ forwarded, verified }: Seen) =>
  Option.match(forwarded, {
    onSome: Result.match({ onSuccess: ({ status }) => status, onFailure: () => 502 }),
    onNone: () => Result.match(verified, { onSuccess: () => 202, onFailure: ({ status }) => status })
  })

const answer = Effect.fnUntraced(function* <R>(
  forward: Option.Option<URL>,
  show: (seen: Seen) => Effect.Effect<unknown, never, R>
) {
  const { verify } = yield* Webhook
  const given = yield* Effect.result(read(yield* HttpServerRequest.HttpServerRequest))
  const at = yield* DateTime.now
  const seen: Seen = Result.isFailure(given)
    ? { at, verified: Result.fail(given.failure), forwarded: Option.none() }
    : {
        at,
        verified: yield* Effect.result(verify(given.success)),
        forwarded: yield* forwarded(forward, given.success.body, given.success.signature)
      }
  yield* show(seen)
  return HttpServerResponse.empty({ status: statusOf(seen) })
})

const server = (port: number) =>
  Effect.mapError(
    NodeHttpServer.make(createServer, { port, host: "127.0.0.1", gracefulShutdownTimeout: "500 millis" }),
    ({ cause }) => new Failure({ message: `cannot listen on port ${port}: ${String(cause)}` })
  )

const layerOf = (port: number) =>
  Layer.merge(
    Layer.unwrap(Effect.map(webhookSecret, (secret) => Webhook.layerVerifyOnly({ secret }))),
    Layer.effect(HttpServer.HttpServer, server(port))
  )

/** Runs until it is interrupted. */
export const webhooksListen = Command.make(
  "listen",
  flags,
  Effect.fnUntraced(function* ({ forward }) {
    const isWatched = yield* isTerminal
    const show = (seen: Seen) =>
      isWatched ? Console.log(sentence(seen)) : Effect.orDie(write(Stream.make(jsonLine(record(seen)))))
    yield* HttpServer.serveEffect(answer(forward, show))
    yield* HttpServer.addressFormattedWith((url) => Console.error(`icr: listening on ${url}, any path; Ctrl-C ends it`))
    return yield* Effect.never
  }, Effect.scoped)
).pipe(
  Command.withDescription("Show webhook deliveries as they come: verified, or why not"),
  Command.withExamples([{ command: "icr webhooks listen --port 4020 --forward http://localhost:3000/webhook" }]),
  Command.provide(({ port }) => layerOf(port))
)
