import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import * as fs from "node:fs"
import { directory, refused, start } from "./support/program.ts"

const reached = (url: string) =>
  Effect.promise(() =>
    fetch(url).then(
      () => true,
      () => false
    )
  )

const live = Effect.provide(NodeServices.layer)

describe("pnpm simulator", () => {
  it.live(
    "says where it is in one line of JSON and writes the key for its owner's eyes only",
    Effect.fnUntraced(function* () {
      const file = `${yield* directory}/icr_private_key.pem`
      fs.writeFileSync(file, "an older file that others may read", { mode: 0o644 })
      const { ready } = yield* start("--key-file", file, "--new-key", "--installations", "150", "--seed", "4")
      assert.strictEqual(ready.privateKeyFile, file)
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
      assert.match(fs.readFileSync(file, "utf8"), /^-----BEGIN PRIVATE KEY-----/)
      assert.deepStrictEqual([ready.installationIds.length, ready.organizationIds.length], [100, 100])
    }, live)
  )

  for (const profile of ["documented", "observed", "strict"])
    it.live(
      `prints commands that work when pasted into a shell, profile ${profile}`,
      Effect.fnUntraced(function* () {
        const file = `${yield* directory}/it's a key.pem`
        const { banner } = yield* start("--key-file", file, "--profile", profile)
        const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
        const script = (yield* banner).join("\n")
        const output = yield* spawner.string(ChildProcess.make("sh", ["-e", "-c", script]))
        // Three answers behind each other: a page of installations, a token, what an administrator sees.
        assert.match(
          output,
          /^\{"pagination":.*\}\]\}\{"id":.*"token":"crs_[0-9a-f]{48}".*\}\[\{"id":.*"status":"active".*\]$/s
        )
      }, live)
    )

  it.live(
    "shows how to get a key when none was asked for",
    Effect.fnUntraced(function* () {
      const { banner, ready } = yield* start("--profile", "strict")
      assert.isNull(ready.privateKeyFile)
      assert.include((yield* banner).join("\n"), "--key-file PATH")
    }, live)
  )

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it.live(
      `stops clean on ${signal}, an exchange under way or not`,
      Effect.fnUntraced(function* () {
        const { banner, handle, ready } = yield* start()
        assert.isTrue(yield* reached(ready.baseUrl))
        const token = /Bearer (\w+)/.exec((yield* banner).join("\n"))?.[1]
        yield* Effect.promise(() =>
          fetch(`${ready.baseUrl}/_simulator/faults/script`, {
            method: "POST",
            headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
            body: JSON.stringify({ route: "*", steps: [{ _tag: "StallBeforeHead" }] })
          })
        )
        const stalled = yield* Effect.forkChild(reached(`${ready.baseUrl}/projects`), { startImmediately: true })
        yield* handle.kill({ killSignal: signal })
        assert.strictEqual(yield* handle.exitCode, 130)
        assert.isFalse(yield* reached(ready.baseUrl))
        yield* Fiber.join(stalled)
      }, live)
    )
  }

  it.live(
    "gives one line and exit code 1 for what it cannot do",
    Effect.fnUntraced(function* () {
      const { ready } = yield* start()
      const port = new URL(ready.baseUrl).port
      for (const [args, complaint] of [
        [["--port", port], /^icr-simulator: cannot listen on port \d+: .*EADDRINUSE.*$/],
        [["--port", "99999"], /^icr-simulator: port must be a whole number from 0 to 65535, not 99999$/],
        [["--port", "0", "--key-file", "/nowhere/at/all"], /^icr-simulator: .*\/nowhere\/at\/all.*$/],
        [
          ["--port", "0", "--key-file", "/tmp"],
          /^icr-simulator: --key-file \/tmp is a folder; name a file, such as \/tmp\/icr_private_key.pem$/
        ],
        [["--port", "0", "--callback-url", "nonsense"], /^icr-simulator: callback URL: nonsense is not an http URL$/],
        [["--port", "0", "--webhook-url", "http:/nonsense:x"], /^icr-simulator: webhook URL: .* is not an http URL$/]
      ] as const) {
        const [code, lines] = yield* refused(...args)
        assert.strictEqual(code, 1)
        assert.strictEqual(lines.length, 1)
        assert.match(lines[0] ?? "", complaint)
      }
    }, live)
  )
})
