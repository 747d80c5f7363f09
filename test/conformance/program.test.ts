/** `pnpm conformance` as a program: its exit code, and what the environment makes of it. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { fileURLToPath } from "node:url"
import { privateKeyPem } from "../support/keys.ts"

const main = fileURLToPath(new URL("./main.ts", import.meta.url))

/** Runs it without the `ICR_…` variables of whoever runs the tests. Returns its exit code and everything it printed. */
const conformance = Effect.fnUntraced(function* (env: Record<string, string>) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("ICR_"))
  const handle = yield* spawner.spawn(
    ChildProcess.make(process.execPath, [main], { env: { ...Object.fromEntries(inherited), ...env }, extendEnv: false })
  )
  const text = handle.all.pipe(Stream.decodeText(), Stream.mkString)
  const [exitCode, printed] = yield* Effect.all([handle.exitCode, text], { concurrency: 2 })
  return { exitCode, printed }
})

describe("pnpm conformance", () => {
  it.live("runs against a simulator of its own where no variable is set, and ends with 0", () =>
    Effect.gen(function* () {
      const { exitCode, printed } = yield* conformance({})
      assert.strictEqual(Number(exitCode), 0, printed)
      assert.match(printed, /^Conformance of http:\/\/localhost, reading only\n/)
      assert.match(printed, /Nothing that the client needs differs\.\n$/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.live("runs against the registry of the environment, with its version in the path, and prints no secret", () =>
    Effect.gen(function* () {
      const { app, baseUrl, control } = yield* Simulator
      const { exitCode, printed } = yield* conformance({
        ICR_APP_ID: app.appId,
        ICR_PRIVATE_KEY: Redacted.value(app.privateKey),
        ICR_BASE_URL: baseUrl,
        ICR_API_PATH: "/v0.5"
      })
      assert.strictEqual(Number(exitCode), 0, printed)
      assert.include(printed, `Conformance of ${baseUrl}/v0.5, reading only`)
      assert.notMatch(printed, /crs_|eyJ|BEGIN/)
      const log = yield* control.requestLog
      assert.isAbove(log.length, 20)
      assert.deepStrictEqual(new Set(log.flatMap(({ method, route }) => (method === "GET" ? [] : [route]))), exchanges)
    }).pipe(
      Effect.scoped,
      Effect.provide([
        Simulator.layerServerWith({ privateKey: privateKeyPem, behaviour: { versionIn: "path" } }),
        NodeServices.layer
      ])
    )
  )

  it.live("says in one line what is missing, and ends with 1", () =>
    Effect.gen(function* () {
      const { exitCode, printed } = yield* conformance({ ICR_ENVIRONMENT: "sandbox" })
      assert.strictEqual(Number(exitCode), 1)
      assert.match(printed, /^conformance failed: ICR_APP_ID: is missing[^\n]*\n$/)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})

const exchanges = new Set(["POST /app/accessTokens", "POST /app/installations/{installationId}/accessTokens"])
