import { Effect, Fiber, Schema, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"

export const main = fileURLToPath(new URL("../../../packages/simulator/src/main.ts", import.meta.url))
/** The ready line, as documented. */
const Ready = Schema.fromJsonString(
  Schema.Struct({
    baseUrl: Schema.String,
    appId: Schema.String,
    appNameId: Schema.String,
    installationIds: Schema.Array(Schema.String),
    organizationIds: Schema.Array(Schema.String),
    privateKeyFile: Schema.NullOr(Schema.String),
    webhookSecret: Schema.String
  })
)

/** `pnpm simulator` on a free port, its ready line, and its standard error up to the end of the banner. */
export const start = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const handle = yield* spawner.spawn(ChildProcess.make(process.execPath, [main, "--port", "0", ...args]))
  const banner = yield* handle.stderr.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.takeUntil((line) => line.includes("/_simulator/")),
    Stream.runCollect,
    Effect.forkChild
  )
  const line = yield* handle.stdout.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runHead,
    Effect.flatMap(Effect.fromOption)
  )
  const ready = yield* Schema.decodeUnknownEffect(Ready)(line, { onExcessProperty: "error" })
  return { handle, ready, banner: Fiber.join(banner) }
})

/** A folder that goes with the scope. */
export const directory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync("/tmp/icr-simulator-")),
  (path) => Effect.sync(() => fs.rmSync(path, { recursive: true }))
)
