import { ReconnectingRedis } from "@effect-icr/redis"
import { NodeRedis, NodeServices } from "@effect/platform-node"
import { assert, describe } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { Redis } from "effect/persistence"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePort, startRedis } from "../../examples/support/redis.ts"
import { machine, newKey, onOwnRedis } from "./support/redis.ts"
import { entry, hour, key, valueIn } from "./support/store.ts"

/** A server that speaks only TLS, with a certificate that it made itself. */
const startTlsRedis = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "icr-tls-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  )
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")]
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
  const files = ["-keyout", keyFile, "-out", certFile]
  yield* Effect.sync(() =>
    execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", ...subject, ...files], {
      stdio: "ignore"
    })
  )
  const port = yield* freePort
  const tls = ["--tls-cert-file", certFile, "--tls-key-file", keyFile, "--tls-ca-cert-file", certFile]
  yield* startRedis({ settings: ["--port", "0", "--tls-port", String(port), ...tls, "--tls-auth-clients", "no"] })
  return { url: `rediss://localhost:${port}`, certificate: readFileSync(certFile, "utf8") }
})

describe("over TLS", () => {
  onOwnRedis(
    "two machines share a token when they trust the certificate of Redis",
    Effect.fnUntraced(function* () {
      const { certificate, url } = yield* startTlsRedis
      const redis = ReconnectingRedis.layer(NodeRedis.layer({ url, socket: { tls: true, ca: certificate } }))
      const options = { keys: newKey(), timeout: "5 seconds" } as const
      const [a, b] = [yield* machine(options, redis), yield* machine(options, redis)]
      yield* a.set(key, entry("token-1", 5000), hour)
      assert.strictEqual(yield* valueIn(b), "token-1")
    }, Effect.provide(NodeServices.layer))
  )

  onOwnRedis(
    "a machine that does not trust the certificate says so",
    Effect.fnUntraced(function* () {
      const { url } = yield* startTlsRedis
      const redis = yield* Effect.map(
        Layer.build(ReconnectingRedis.layer(NodeRedis.layer({ url }))),
        Context.get(Redis.Redis)
      )
      const error = yield* Effect.flip(redis.send("PING"))
      assert.include(String(error.cause), "DEPTH_ZERO_SELF_SIGNED_CERT")
    }, Effect.provide(NodeServices.layer))
  )
})
