import type { Fault } from "@effect-icr/simulator/Fault"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import * as http from "node:http"
import { call, callAsApp, errorOf } from "./support/calls.ts"
import { appJwt } from "./support/jwt.ts"
import { manage } from "./support/manage.ts"

const server = Effect.provide(Layer.merge(Simulator.layerServer, FetchHttpClient.layer))

/** What plain `node:http` sees of one exchange: head, bytes of the body, and how it ended. */
const observe = Effect.fnUntraced(function* (fault: Fault, until: "end" | "silence" | "silence after data" = "end") {
  const { baseUrl, control } = yield* Simulator
  yield* control.faults.script("GET /app/installations", [fault])
  const jwt = yield* appJwt()
  return yield* Effect.callback<{ status?: number; announced?: number; bytes: number; end: string }>((resume) => {
    let bytes = 0
    let response: http.IncomingMessage | undefined
    const done = (end: string) =>
      resume(
        Effect.succeed({
          ...(response?.statusCode === undefined ? {} : { status: response.statusCode }),
          announced: Number(response?.headers["content-length"]),
          bytes,
          end
        })
      )
    const request = http.get(`${baseUrl}/app/installations`, {
      headers: { authorization: `Bearer ${jwt}` },
      agent: false
    })
    request.on("response", (head) => {
      response = head
      head.on("data", (chunk: Buffer) => {
        bytes += chunk.length
        if (until === "silence after data") request.setTimeout(300, () => done("silence"))
      })
      head.on("end", () => done("end"))
      head.on("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    })
    request.on("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    if (until === "silence") request.setTimeout(300, () => done("silence"))
    return Effect.sync(() => request.destroy())
  })
})

describe("faults on a socket", () => {
  it.live(
    "Reset tears the connection down before any head",
    Effect.fnUntraced(function* () {
      const seen = yield* observe({ _tag: "Reset" })
      assert.strictEqual(seen.end, "ECONNRESET")
      assert.notProperty(seen, "status")
    }, server)
  )
  it.live(
    "Reset in the body comes after the head and half of the announced bytes",
    Effect.fnUntraced(function* () {
      const seen = yield* observe({ _tag: "Reset", at: "body" })
      assert.strictEqual(seen.status, 200)
      assert.strictEqual(seen.end, "ECONNRESET")
      assert.isTrue(seen.bytes < (seen.announced ?? 0))
    }, server)
  )
  it.live(
    "StallInBody sends half of the announced bytes and then nothing",
    Effect.fnUntraced(function* () {
      const seen = yield* observe({ _tag: "StallInBody" }, "silence after data")
      assert.deepStrictEqual(
        [seen.status, seen.end, seen.bytes],
        [200, "silence", Math.ceil((seen.announced ?? 0) / 2)]
      )
    }, server)
  )
  it.live(
    "StallBeforeHead sends nothing at all",
    Effect.fnUntraced(function* () {
      const seen = yield* observe({ _tag: "StallBeforeHead" }, "silence")
      assert.deepStrictEqual([seen.bytes, seen.end], [0, "silence"])
      assert.notProperty(seen, "status")
    }, server)
  )
  it.live(
    "OversizedBody and TruncatedJson are complete answers",
    Effect.fnUntraced(function* () {
      const large = yield* observe({ _tag: "OversizedBody" })
      assert.deepStrictEqual([large.end, large.bytes], ["end", 16 * 1024 * 1024])
      const cut = yield* observe({ _tag: "TruncatedJson" })
      assert.deepStrictEqual([cut.end, cut.bytes], ["end", cut.announced])
    }, server)
  )
  it.live(
    "the Date header is the registry's, not the platform's",
    Effect.fnUntraced(function* () {
      yield* (yield* Simulator).control.skewClock("-1 days")
      const response = yield* call("GET", "/projects")
      const behind = Date.now() - Date.parse(response.headers["date"] ?? "")
      assert.isTrue(Math.abs(behind - 86_400_000) < 60_000, `${behind} ms behind`)
    }, server)
  )
})

describe("the loopback server", () => {
  it.live(
    "answers like the one in memory",
    Effect.fnUntraced(function* () {
      const ask = Effect.fnUntraced(function* () {
        const { baseUrl } = yield* Simulator
        const answer = yield* Effect.flatMap(
          callAsApp("GET", "/app/installations?limit=2&page=0"),
          (response) => response.text
        )
        return answer.replaceAll(baseUrl, "BASE")
      })
      const inMemory = yield* ask().pipe(Effect.provide(Simulator.layer))
      assert.strictEqual(yield* ask(), inMemory)
    }, server)
  )
  it.live(
    "stops while an exchange is stalled",
    Effect.fnUntraced(function* () {
      const address = yield* Effect.gen(function* () {
        yield* observe({ _tag: "StallBeforeHead" }, "silence")
        return (yield* Simulator).baseUrl
      }).pipe(server)
      const gone = yield* Effect.flip(Effect.tryPromise(() => fetch(address)))
      assert.match(String(gone.cause), /fetch failed/)
    })
  )
  it.live(
    "says which port it could not have",
    Effect.fnUntraced(function* () {
      const port = Number(new URL((yield* Simulator).baseUrl).port)
      const error = yield* Effect.flip(Effect.scoped(Layer.build(Simulator.layerServerWith({ port }))))
      assert.match(error.message, new RegExp(`^cannot listen on port ${port}: .*EADDRINUSE`))
      for (const bad of [-1, 65_536, 1.5]) {
        assert.strictEqual(
          (yield* Effect.flip(Effect.scoped(Layer.build(Simulator.layerServerWith({ port: bad })))))._tag,
          "SimulatorError"
        )
      }
    }, server)
  )
})

describe("the control interface over HTTP", () => {
  const Installation = Schema.Struct({ id: Schema.String, status: Schema.String })
  const secret = "a-control-token-of-this-test"
  const own = Effect.provide(Layer.merge(Simulator.layerServerWith({ controlToken: secret }), FetchHttpClient.layer))

  it.live(
    "does what the typed one does",
    Effect.fnUntraced(function* () {
      const { app, control } = yield* Simulator
      const [first] = yield* control.installations()
      const id = first?.id ?? ""
      yield* manage("POST", `/installations/${id}/suspend`)
      assert.strictEqual((yield* control.installations())[0]?.status, "suspended")
      yield* manage("POST", `/installations/${id}/unsuspend`)
      assert.strictEqual((yield* control.installations())[0]?.status, "active")
      yield* manage("PUT", `/installations/${id}/permissions`, { organization_info: "VIEW" })
      assert.deepStrictEqual((yield* control.installations())[0]?.permissions, { organization_info: "VIEW" })
      yield* manage("POST", "/permissions", { permissions: { organization_info: "VIEW", examiner: "VIEW" } })
      yield* manage("POST", `/installations/${id}/permissions/approve`)
      assert.property((yield* control.installations())[0]?.permissions, "examiner")
      const made = yield* Effect.flatMap(
        manage("POST", "/installations", { fullName: "Best organization" }),
        ({ json }) => Schema.decodeUnknownEffect(Installation)(json)
      )
      assert.strictEqual((yield* control.installations()).length, 4)
      yield* manage("DELETE", `/installations/${made.id}`)
      assert.strictEqual((yield* control.installations()).length, 3)
      const { json: key } = yield* manage("POST", "/keys", {})
      assert.property(key, "privateKey")
      assert.strictEqual((yield* control.keys()).length, 2)
      assert.property((yield* manage("POST", "/keys/rotate", {})).json, "privateKey")
      const [rotated] = yield* control.keys()
      // The app's first key again, revoked by the rotation: a PEM private key holds its public half.
      yield* manage("POST", "/keys/public", { pem: Redacted.value(app.privateKey) })
      yield* manage("POST", "/keys/revoke", { fingerprint: rotated ?? "" })
      assert.strictEqual((yield* control.keys()).length, 1)
      yield* manage("PATCH", "/behaviour", { pageCap: 2, installationTokenLife: 1000 })
      assert.strictEqual((yield* control.behaviour).pageCap, 2)
      yield* manage("PUT", "/clock", { skewMillis: 1000 })
      yield* manage("POST", "/faults/script", {
        route: "GET /app/installations",
        steps: [{ _tag: "Status", status: 418 }]
      })
      assert.strictEqual((yield* callAsApp("GET", "/app/installations")).status, 418)
      yield* manage("POST", "/faults/probability", {
        route: "*",
        probability: 1,
        fault: { _tag: "Status", status: 500 }
      })
      assert.strictEqual((yield* callAsApp("GET", "/app/installations")).status, 500)
      yield* manage("DELETE", "/faults")
      assert.strictEqual((yield* callAsApp("GET", "/app/installations")).status, 200)
      const { json: requests } = yield* manage("GET", "/requests")
      assert.isArray(requests)
      assert.strictEqual(yield* control.requestCount(), 3)
      yield* manage("POST", "/reset")
      assert.strictEqual(yield* control.requestCount(), 0)
      assert.strictEqual((yield* control.behaviour).pageCap, 50)
    }, own)
  )

  it.live(
    "wants its own token, a loopback name, a known id and a sound body",
    Effect.fnUntraced(function* () {
      const { baseUrl } = yield* Simulator
      for (const bearer of [undefined, "", "wrong", yield* appJwt()]) {
        assert.deepStrictEqual(yield* Effect.flatMap(call("GET", "/_simulator/apps", bearer), errorOf), {
          status: 401,
          message: "The simulator's control token is required"
        })
      }
      const rebound = yield* Effect.callback<number | undefined>((resume) => {
        http.get(baseUrl, { headers: { host: "evil.example", authorization: `Bearer ${secret}` } }, (response) => {
          resume(Effect.succeed(response.statusCode))
          response.resume()
        })
      })
      assert.strictEqual(rebound, 403)
      assert.deepStrictEqual(yield* manage("POST", "/installations/nobody/suspend"), {
        status: 400,
        json: { statusCode: 400, message: "no installation nobody", error: "Bad Request" }
      })
      assert.strictEqual((yield* manage("POST", "/faults/script", { route: "GET /nowhere", steps: [] })).status, 400)
      assert.strictEqual((yield* manage("PATCH", "/behaviour", { pageCap: 0 })).status, 400)
    }, own)
  )
})
