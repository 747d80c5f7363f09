/** What can go wrong on a real socket, for each transport: the right reason, one request, and no handle left open. */
import { type IcrError, IcrConfig, IcrHttp, ServerClock, schemaBodyJson } from "@effect-icr/app"
import type { Options } from "@effect-icr/app/IcrHttp"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Schema, Stream } from "effect"
import { FetchHttpClient, HttpBody, type HttpClient } from "effect/http"
import { gzipSync } from "node:zlib"
import { badServer, closedPort, head, later } from "./support/badServer.ts"
import { impatient, json, patient, rows } from "./support/badServerRows.ts"
import { anyClient } from "./support/wire.ts"

/** As a program has it that reads each answer once more, for its log: to cancel one of the two bodies cancels nothing. */
const cloning: typeof fetch = (...call) =>
  fetch(...call).then((answer) => {
    void answer
      .clone()
      .arrayBuffer()
      .catch(() => {})
    return answer
  })

const transports: Readonly<Record<string, Layer.Layer<HttpClient.HttpClient>>> = {
  fetch: FetchHttpClient.layer,
  "a fetch that clones": Layer.provide(FetchHttpClient.layer, Layer.succeed(FetchHttpClient.Fetch, cloning)),
  undici: NodeHttpClient.layerUndici,
  "node:http": NodeHttpClient.layerNodeHttp
}

const wireTo = (baseUrl: string, transport: Layer.Layer<HttpClient.HttpClient>, options: Options) =>
  IcrHttp.layerWith(options).pipe(
    Layer.provide([transport, ServerClock.layer, IcrConfig.layerWith({ appId: "app-1", baseUrl })])
  )

const bomb = gzipSync(Buffer.alloc(8_000_000, " "))

const Thing = schemaBodyJson(Schema.Struct({ name: Schema.String }))
const getThing = Effect.flatMap(anyClient, (client) => Effect.flatMap(client.get("/things"), Thing))

/** The parts of a failure that differ here. */
const brief = ({ reason }: IcrError): string => {
  switch (reason._tag) {
    case "Transport":
      return `Transport ${reason.kind}`
    case "Timeout":
      return `Timeout of the ${reason.of}`
    case "DecodeFailure":
      return `DecodeFailure: ${reason.expected}`
    case "ServerError":
      return `ServerError ${reason.status} ${reason.registryMessage.join()}`
    default:
      return reason._tag
  }
}

/** Sockets of this process. Resolves when none is left; a leak makes the test run into its time limit. */
const noSocketLeft: Effect.Effect<void> = Effect.callback<void>((resume) => {
  const look = () => {
    const left = process.getActiveResourcesInfo().filter((name) => /TCPSocketWrap|TLSWrap|HTTPCLIENT/.test(name))
    if (left.length === 0) resume(Effect.void)
    else setImmediate(look)
  }
  look()
})

for (const [transport, layer] of Object.entries(transports)) {
  describe(transport, () => {
    for (const { expected, misbehave, name, options = patient } of rows) {
      it.live(name, () =>
        Effect.gen(function* () {
          const server = yield* badServer(misbehave)
          const wire = wireTo(`http://127.0.0.1:${server.port}`, layer, options)
          const error = yield* getThing.pipe(
            Effect.flip,
            // While the client's layer still lives: nothing but the end of the call may have closed the connection.
            Effect.tap(() => server.quiet),
            Effect.provide(wire)
          )
          assert.strictEqual(brief(error), expected, error.message)
          assert.strictEqual(server.requests(), 1)
        }).pipe(Effect.scoped, Effect.andThen(noSocketLeft))
      )
    }

    it.live("refused, and repeated as often as the policy says", () =>
      Effect.gen(function* () {
        const wire = wireTo(`http://127.0.0.1:${yield* closedPort}`, layer, { retry: { base: 0 } })
        const error = yield* getThing.pipe(Effect.flip, Effect.provide(wire))
        assert.strictEqual(brief(error), "Transport refused")
        assert.include(error.message, "after 4 attempts")
      }).pipe(Effect.andThen(noSocketLeft))
    )

    it.live("a name that does not exist", () =>
      Effect.gen(function* () {
        const wire = wireTo("https://nothing.invalid", layer, patient)
        assert.strictEqual(brief(yield* getThing.pipe(Effect.flip, Effect.provide(wire))), "Transport dns")
      }).pipe(Effect.andThen(noSocketLeft))
    )

    it.live("TLS to a port that speaks plain HTTP", () =>
      Effect.gen(function* () {
        const server = yield* badServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"))
        const wire = wireTo(`https://127.0.0.1:${server.port}`, layer, patient)
        assert.strictEqual(brief(yield* getThing.pipe(Effect.flip, Effect.provide(wire))), "Transport tls")
      }).pipe(Effect.scoped, Effect.andThen(noSocketLeft))
    )

    it.live("a redirect to another host is not followed", () =>
      Effect.gen(function* () {
        const other = yield* badServer((socket) => socket.end(head("200 OK", ["content-length: 16"]) + json))
        for (const status of ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]) {
          const server = yield* badServer((socket) =>
            socket.end(head(status, [`location: http://127.0.0.1:${other.port}/`, "content-length: 0"]))
          )
          const wire = wireTo(`http://127.0.0.1:${server.port}`, layer, patient)
          assert.strictEqual(brief(yield* getThing.pipe(Effect.flip, Effect.provide(wire))), "UnexpectedStatus")
          assert.strictEqual(server.requests(), 1)
        }
        assert.strictEqual(other.requests(), 0)
      }).pipe(Effect.scoped, Effect.andThen(noSocketLeft))
    )

    it.live("interrupting a call closes its connection, before the head and within the body", () =>
      Effect.forEach(
        ["", head("200 OK", ["content-length: 1000"]) + "{", head("200 OK", ["transfer-encoding: chunked"])],
        (sent) =>
          Effect.gen(function* () {
            let onRequest = () => {}
            const server = yield* badServer((socket) => {
              socket.write(sent)
              later(() => onRequest())
            })
            const arrived = Effect.callback<void>((resume) => {
              onRequest = () => resume(Effect.void)
            })
            yield* Effect.gen(function* () {
              const waiting = yield* Effect.forkChild(arrived, { startImmediately: true })
              const call = yield* Effect.forkChild(getThing)
              yield* Fiber.join(waiting)
              yield* Fiber.interrupt(call)
              yield* server.quiet
            }).pipe(Effect.provide(wireTo(`http://127.0.0.1:${server.port}`, layer, patient)))
            assert.strictEqual(server.requests(), 1)
          }).pipe(Effect.scoped)
      ).pipe(Effect.andThen(noSocketLeft))
    )

    it.live("a compressed body is measured by what it unpacks to", () =>
      Effect.gen(function* () {
        const server = yield* badServer((socket) => {
          socket.write(head("200 OK", ["content-encoding: gzip", `content-length: ${bomb.length}`]))
          socket.end(bomb)
        })
        const wire = wireTo(`http://127.0.0.1:${server.port}`, layer, { ...patient, maxBodyBytes: 1_000_000 })
        const error = yield* getThing.pipe(Effect.flip, Effect.provide(wire))
        // Only fetch unpacks by itself; to the others the bytes are no JSON.
        assert.strictEqual(
          brief(error),
          transport.includes("fetch")
            ? "DecodeFailure: expected a body of at most 1000000 bytes"
            : "DecodeFailure: expected JSON"
        )
      }).pipe(Effect.scoped, Effect.andThen(noSocketLeft))
    )

    it.live("accepts any content type, a chunked body, 204, HEAD, and a body without a length", () =>
      Effect.gen(function* () {
        const answers = [
          `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: 16\r\n\r\n${json}`,
          head("200 OK", ["transfer-encoding: chunked"]) +
            `8\r\n${json.slice(0, 8)}\r\n8\r\n${json.slice(8)}\r\n0\r\n\r\n`,
          head("200 OK") + json
        ]
        for (const answer of answers) {
          const server = yield* badServer((socket) => socket.end(answer))
          const wire = wireTo(`http://127.0.0.1:${server.port}`, layer, patient)
          assert.deepStrictEqual(yield* getThing.pipe(Effect.provide(wire)), { name: "thing" })
        }
        const empty = yield* badServer((socket) => socket.end(head("204 No Content")))
        const none = yield* Effect.flatMap(anyClient, (client) => client.del("/things")).pipe(
          Effect.flatMap((response) => Effect.map(response.text, (text) => [response.status, text])),
          Effect.provide(wireTo(`http://127.0.0.1:${empty.port}`, layer, patient))
        )
        assert.deepStrictEqual(none, [204, ""])
        const headed = yield* badServer((socket) => socket.end(head("200 OK", ["content-length: 99999999999"])))
        const only = yield* Effect.flatMap(anyClient, (client) => client.head("/things")).pipe(
          Effect.provide(wireTo(`http://127.0.0.1:${headed.port}`, layer, patient))
        )
        assert.deepStrictEqual([only.status, only.headers["content-length"]], [200, "99999999999"])
      }).pipe(Effect.scoped, Effect.andThen(noSocketLeft))
    )
  })
}

describe("an upload under way when the call ends", () => {
  const tooLong = head("200 OK", ["content-length: 100000"]) + " ".repeat(50_000)
  for (const [name, answer, options] of [
    ["since the answer came early", head("413 Content Too Large", ["content-length: 2"]) + "{}", patient],
    ["since its answer stalls", head("200 OK", ["content-length: 100"]) + "{", impatient],
    ["since its answer is too long", tooLong, { ...patient, maxBodyBytes: 1000 }]
  ] as const) {
    it.live(`${name} ends as well`, () =>
      Effect.gen(function* () {
        const server = yield* badServer((socket) => socket.write(answer))
        const ended = yield* Deferred.make<void>()
        const chunk = Effect.as(Effect.sleep("5 millis"), new Uint8Array(1024))
        const body = HttpBody.stream(
          Stream.ensuring(Stream.fromEffectRepeat(chunk), Deferred.succeed(ended, undefined))
        )
        const upload = Effect.flatMap(anyClient, (client) => client.post("/things", { body }))
        yield* Effect.flip(upload).pipe(
          Effect.provide(wireTo(`http://127.0.0.1:${server.port}`, FetchHttpClient.layer, options))
        )
        yield* Deferred.await(ended)
      }).pipe(Effect.scoped)
    )
  }
})
