/** `icr simulator`, and a reader of `icr` that goes away. */
import { NodeServices } from "@effect/platform-node"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue, Schema } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { root, run } from "../support/run.ts"
import { directory, environment, icr, start } from "./support/icr.ts"

const Ready = Schema.fromJsonString(
  Schema.Struct({ baseUrl: Schema.String, appId: Schema.String, installationIds: Schema.Array(Schema.String) })
)

describe("icr simulator", () => {
  it.live("is the registry on this machine, to which the other commands talk", () =>
    Effect.gen(function* () {
      const key = `${yield* directory}/icr_private_key.pem`
      const { handle, stderr, stdout } = yield* start(["simulator", "--port", "0", "--key-file", key])
      const { appId, baseUrl, installationIds } = yield* Schema.decodeEffect(Ready)(yield* Queue.take(stdout))
      const variables = { ICR_BASE_URL: baseUrl, ICR_APP_ID: appId, ICR_PRIVATE_KEY_FILE: key }
      const listed = yield* icr(["installations"], variables)
      assert.strictEqual(listed.exitCode, 0, listed.stderr)
      for (const id of installationIds) assert.include(listed.stdout, id)
      const lines: Array<string> = []
      while (!lines.at(-1)?.startsWith("GET /app/installations")) lines.push(yield* Queue.take(stderr))
      assert.include(lines.join("\n"), "export ICR_BASE_URL")
      yield* handle.kill({ killSignal: "SIGINT" })
      assert.strictEqual(yield* handle.exitCode, 130)
      assert.match(fs.readFileSync(key, "utf8"), /^-----BEGIN PRIVATE KEY-----/)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.live("gives one line and exit code 1 for what it cannot do", () =>
    Effect.gen(function* () {
      const { exitCode, stderr } = yield* icr(["simulator", "--new-key"])
      assert.deepStrictEqual([exitCode, stderr], [1, "icr: --new-key needs --key-file PATH\n"])
    })
  )
})

describe("a reader that goes away", () => {
  it.live("ends the list without a complaint", () =>
    Effect.gen(function* () {
      const variables = yield* environment
      const main = path.join(root, "packages/cli/src/main.ts")
      const script = `"$NODE" "${main}" installations | head -1; exit "\${PIPESTATUS[0]}"`
      const outcome = yield* Effect.promise(() =>
        run("bash", ["-c", script], { env: { ...variables, NODE: process.execPath } })
      )
      assert.deepStrictEqual([outcome.exitCode, outcome.stderr], [0, ""])
      assert.lengthOf(outcome.stdout.trim().split("\n"), 1)
    }).pipe(Effect.provide(Simulator.layerServerWith({ installations: 1000 })))
  )
})
