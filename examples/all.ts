/** `pnpm examples`: runs every example against a simulator, and fails if one of them does. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Path from "effect/Path"
import * as ChildProcess from "effect/process/ChildProcess"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import * as Redacted from "effect/Redacted"
import { comeBack, deliver, type Driven, runServed } from "./support/served.ts"

// `pnpm demo` runs the demo.
const notHere = new Set(["all.ts", "demo.ts"])

/** Those that serve until they are stopped. */
const served: Readonly<Record<string, Driven>> = {
  "install-flow.ts": { drive: comeBack, prints: "connected" },
  "webhook-server.ts": { drive: deliver, prints: "installed" },
  "web/express.ts": { drive: deliver, prints: "worked on installed" },
  "web/hono.ts": { drive: deliver, prints: "worked on installed" },
  // Runs worker.ts on the runtime of Workers.
  "web/support/workerd.ts": { drive: deliver, prints: "worked on installed" }
}

const environment = Effect.map(Simulator, ({ app, baseUrl }) => ({
  ICR_APP_ID: app.appId,
  ICR_APP_NAME_ID: app.appNameId,
  ICR_PRIVATE_KEY: Redacted.value(app.privateKey),
  ICR_BASE_URL: baseUrl,
  ICR_WEBHOOK_SECRET: Redacted.value(app.webhookSecret),
  ICR_STATE_SECRET: `${crypto.randomUUID()}${crypto.randomUUID()}`,
  ICR_TOKEN_STORE_KEY: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64")
}))

const runToItsEnd = Effect.fnUntraced(function* (file: string) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const env = yield* environment
  const exitCode = yield* spawner.exitCode(
    ChildProcess.make(process.execPath, [file], { stdout: "inherit", stderr: "inherit", extendEnv: true, env })
  )
  if (exitCode !== 0) return yield* Effect.fail(`${file} ended with exit code ${exitCode}`)
})

const program = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = path.dirname(yield* path.fromFileUrl(new URL(import.meta.url)))
  const here = (yield* fs.readDirectory(folder)).filter((name) => name.endsWith(".ts") && !notHere.has(name))
  yield* runToItsEnd(path.join(folder, "web/install.ts"))
  const names = [...here.toSorted(), ...Object.keys(served).filter((name) => name.startsWith("web/"))]
  for (const name of names) {
    yield* Console.log(`\n▸ ${name}`)
    const file = path.join(folder, name)
    const driven = served[name]
    yield* driven === undefined ? runToItsEnd(file) : runServed(file, yield* environment, driven)
  }
  yield* Console.log(`\n${names.length} examples ran`)
})

program.pipe(
  Effect.scoped,
  Effect.provide([NodeServices.layer, FetchHttpClient.layer, Simulator.layerServerWith({ installations: 12 })]),
  NodeRuntime.runMain
)
