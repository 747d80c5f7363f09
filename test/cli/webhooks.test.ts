/** `icr webhooks listen` and `icr webhooks send`, against each other, the simulator, and a program behind them. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { NodeHttpServer, NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Queue, Schema } from "effect"
import { HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"
import { atTerminal, environment, hasTerminal, icr, secrets, start } from "./support/icr.ts"

const secret = { ICR_WEBHOOK_SECRET: "a long random secret of the app" }
const live = Effect.provide(Layer.mergeAll(NodeServices.layer, Simulator.layerServer))

const Shown = Schema.fromJsonString(
  Schema.Struct({
    at: Schema.String,
    verified: Schema.Boolean,
    event: Schema.optionalKey(Schema.String),
    installation: Schema.optionalKey(Schema.NullOr(Schema.String)),
    kind: Schema.optionalKey(Schema.String),
    message: Schema.optionalKey(Schema.String),
    forwarded: Schema.optionalKey(
      Schema.Struct({ status: Schema.optionalKey(Schema.Int), failure: Schema.optionalKey(Schema.String) })
    )
  })
)

/** `icr webhooks listen` on a free port: its address, and what it shows. */
const listen = Effect.fnUntraced(function* (args: ReadonlyArray<string> = [], env: Record<string, string> = secret) {
  const { handle, stderr, stdout } = yield* start(["webhooks", "listen", "--port", "0", ...args], env)
  const ready = yield* Queue.take(stderr)
  const [, url = ""] = /^icr: listening on (http:\/\/127\.0\.0\.1:\d+), any path; Ctrl-C ends it$/.exec(ready) ?? []
  assert.notStrictEqual(url, "", ready)
  return { handle, url, shown: Effect.flatMap(Queue.take(stdout), (line) => Schema.decodeEffect(Shown)(line)) }
})

/** A program that answers with this status and keeps what came. */
const program = Effect.fnUntraced(function* (status: number, headers: Record<string, string> = {}) {
  const requests = yield* Queue.unbounded<{
    readonly body: string
    readonly headers: Record<string, string | undefined>
  }>()
  const server = yield* NodeHttpServer.make(createServer, { port: 0, host: "127.0.0.1" })
  yield* server.serve(
    Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      yield* Queue.offer(requests, { body: yield* Effect.orDie(request.text), headers: request.headers })
      return HttpServerResponse.empty({ status, headers })
    })
  )
  return { url: `${HttpServer.formatAddress(server.address)}/hook`, requests }
})

describe("icr webhooks listen", () => {
  it.live("shows deliveries of the registry as they come, verified or why not", () =>
    Effect.gen(function* () {
      const { control, installationIds } = yield* Simulator
      const [id = ""] = yield* installationIds
      const { shown, url } = yield* listen([], yield* environment)
      yield* control.webhooks.setTarget(`${url}/any/path`)
      const good = yield* control.webhooks.send(id, "suspended")
      assert.strictEqual(good.status, 202)
      const first = yield* shown
      assert.deepStrictEqual([first.verified, first.event, first.installation], [true, "suspended", id])
      const bad = yield* control.webhooks.send(id, "suspended", { tamper: "signature" })
      assert.strictEqual(bad.status, 403)
      const second = yield* shown
      assert.deepStrictEqual([second.verified, second.kind], [false, "signatureMismatch"])
      assert.include(second.message, "another secret")
      const unsigned = yield* control.webhooks.send(id, "suspended", { secret: "none" })
      assert.strictEqual(unsigned.status, 403)
      assert.strictEqual((yield* shown).kind, "signatureMissing")
    }).pipe(live)
  )

  it.live("hands deliveries on byte for byte, and answers what the program answers", () =>
    Effect.gen(function* () {
      const { control, installationIds } = yield* Simulator
      const [id = ""] = yield* installationIds
      const behind = yield* program(418)
      const { shown, url } = yield* listen(["--forward", behind.url], yield* environment)
      yield* control.webhooks.setTarget(url)
      const sent = yield* control.webhooks.send(id, "installed")
      assert.strictEqual(sent.status, 418)
      const { body, headers } = yield* Queue.take(behind.requests)
      assert.strictEqual(body, sent.body)
      assert.strictEqual(headers["x-icr-signature-256"], sent.signature)
      assert.strictEqual(headers["content-type"], "application/json")
      const { forwarded, verified } = yield* shown
      assert.deepStrictEqual([verified, forwarded?.status], [true, 418])
    }).pipe(live)
  )

  it.live("says when the program behind it does not answer, with 502", () =>
    Effect.gen(function* () {
      const { shown, url } = yield* listen(["--forward", "http://127.0.0.1:1/hook"])
      const sent = yield* icr(["webhooks", "send", url], secret)
      assert.strictEqual(sent.exitCode, 1)
      assert.include(sent.stdout, '"status":502')
      const { forwarded, verified } = yield* shown
      assert.deepStrictEqual([verified, forwarded?.failure], [true, "no connection, or cut off"])
    }).pipe(live)
  )

  it.live("refuses what is no delivery: other methods, and bodies of more than 1 MiB", () =>
    Effect.gen(function* () {
      const { shown, url } = yield* listen()
      const status = (init: RequestInit) => Effect.promise(() => fetch(url, init).then((response) => response.status))
      assert.strictEqual(yield* status({ method: "GET" }), 405)
      assert.strictEqual((yield* shown).kind, "method")
      assert.strictEqual(yield* status({ method: "POST", body: "a".repeat(1024 * 1024 + 1) }), 413)
      assert.strictEqual((yield* shown).kind, "bodyTooLarge")
    }).pipe(live)
  )

  it.live("ends on Ctrl-C with exit code 130, and says in one line that a port is in use", () =>
    Effect.gen(function* () {
      const { handle, url } = yield* listen()
      const taken = yield* icr(["webhooks", "listen", "--port", new URL(url).port], secret)
      assert.strictEqual(taken.exitCode, 1)
      assert.match(taken.stderr, /^icr: cannot listen on port \d+: .*EADDRINUSE.*\n$/)
      yield* handle.kill({ killSignal: "SIGINT" })
      assert.strictEqual(yield* handle.exitCode, 130)
    }).pipe(live)
  )

  it.live("needs the secret", () =>
    Effect.gen(function* () {
      const { exitCode, stderr } = yield* icr(["webhooks", "listen", "--port", "0"])
      assert.strictEqual(exitCode, 3)
      assert.match(stderr, /^icr: ICR_WEBHOOK_SECRET: is missing.*\n$/)
    })
  )
})

describe("icr webhooks send", () => {
  it.live("sends one signed delivery, with the event and the installation asked for", () =>
    Effect.gen(function* () {
      const { shown, url } = yield* listen()
      const args = ["webhooks", "send", `${url}/hook`, "--event", "uninstalled", "--installation", "an-id"]
      const { exitCode, stderr, stdout } = yield* icr(args, secret)
      assert.deepStrictEqual([exitCode, stderr], [0, ""])
      assert.match(stdout, /^\{"event":"uninstalled","installation":"an-id","status":202,"millis":\d+\}\n$/)
      const { event, installation, verified } = yield* shown
      assert.deepStrictEqual([verified, event, installation], [true, "uninstalled", "an-id"])
    }).pipe(live)
  )

  it.live("fails where the receiver refuses, as it must for --forged", () =>
    Effect.gen(function* () {
      const { shown, url } = yield* listen()
      const { exitCode, stderr, stdout } = yield* icr(["webhooks", "send", url, "--forged"], secret)
      assert.strictEqual(exitCode, 1)
      assert.include(stdout, '"status":403')
      assert.match(stderr, /^icr: 127\.0\.0\.1:\d+ did not accept the delivery: status 403\n$/)
      assert.strictEqual((yield* shown).kind, "signatureMismatch")
      assert.notInclude(stdout + stderr, secret.ICR_WEBHOOK_SECRET)
    }).pipe(live)
  )

  it.live("follows no redirect and sends nothing twice", () =>
    Effect.gen(function* () {
      const behind = yield* program(307, { location: "/elsewhere" })
      const { exitCode, stdout } = yield* icr(["webhooks", "send", behind.url], secret)
      assert.strictEqual(exitCode, 1)
      assert.include(stdout, '"status":307')
      yield* Queue.take(behind.requests)
      assert.strictEqual(yield* Queue.size(behind.requests), 0)
    }).pipe(live)
  )

  it.live("says in one line that nobody is there", () =>
    Effect.gen(function* () {
      const { exitCode, stderr, stdout } = yield* icr(["webhooks", "send", "http://127.0.0.1:1/hook"], secret)
      assert.deepStrictEqual([exitCode, stdout], [1, ""])
      assert.strictEqual(stderr, "icr: 127.0.0.1:1 did not take the delivery: no connection, or cut off\n")
    })
  )

  it.live.skipIf(!hasTerminal)("speaks in a sentence at a terminal", () =>
    Effect.gen(function* () {
      const { url } = yield* listen()
      const { stdout } = yield* atTerminal(["webhooks", "send", url], secret)
      assert.match(stdout, /^installed sent to 127\.0\.0\.1:\d+: answered 202 in \d+ ms\r?\n$/)
      assert.notMatch(stdout, secrets)
    }).pipe(live)
  )
})
