/** `pnpm examples`: runs every example against a simulator, and fails if one of them does. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as ChildProcess from "effect/process/ChildProcess"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import * as Redacted from "effect/Redacted"

// The two servers run until they are stopped; the tests drive them.
const notHere = new Set(["all.ts", "demo.ts", "install-flow.ts", "webhook-server.ts"])

const run = Effect.fnUntraced(function* (file: string) {
  const simulator = yield* Simulator
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  yield* Console.log(`\n▸ ${(yield* Path.Path).basename(file)}`)
  const exitCode = yield* spawner.exitCode(
    ChildProcess.make(process.execPath, [file], {
      stdout: "inherit",
      stderr: "inherit",
      extendEnv: true,
      env: {
        ICR_APP_ID: simulator.app.appId,
        ICR_PRIVATE_KEY: Redacted.value(simulator.app.privateKey),
        ICR_BASE_URL: simulator.baseUrl,
        ICR_WEBHOOK_SECRET: Redacted.value(simulator.app.webhookSecret)
      }
    })
  )
  if (exitCode !== 0) return yield* Effect.fail(`${file} ended with exit code ${exitCode}`)
})

const program = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = path.dirname(yield* path.fromFileUrl(new URL(import.meta.url)))
  const files = (yield* fs.readDirectory(folder))
    .filter((name) => name.endsWith(".ts") && !notHere.has(name))
    .toSorted()
  yield* Effect.forEach(files, (name) => run(path.join(folder, name)), { discard: true })
  yield* Console.log(`\n${files.length} examples ran`)
})

program.pipe(
  Effect.scoped,
  Effect.provide(Layer.merge(NodeServices.layer, Simulator.layerServerWith({ installations: 12 }))),
  NodeRuntime.runMain
)
