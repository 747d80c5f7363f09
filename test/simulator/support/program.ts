import { Effect, Fiber, Queue, Schema, Stream } from "effect"
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

/** `pnpm simulator` on a free port, its ready line, and its standard error. */
export const start = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const handle = yield* spawner.spawn(ChildProcess.make(process.execPath, [main, "--port", "0", ...args]))
  const lines = yield* Queue.unbounded<string>()
  const reading = yield* handle.stderr.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => Queue.offer(lines, line)),
    Effect.forkScoped
  )
  const line = yield* handle.stdout.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runHead,
    Effect.flatMap(Effect.fromOption)
  )
  const ready = yield* Schema.decodeUnknownEffect(Ready)(line, { onExcessProperty: "error" })
  /** Standard error up to the last line of the banner. */
  const banner = Effect.gen(function* () {
    const seen: Array<string> = []
    while (!seen.at(-1)?.includes("/_simulator/")) seen.push(yield* Queue.take(lines))
    return seen
  })
  /** Stops the program. Returns the lines of standard error that nobody took. */
  const stop = Effect.gen(function* () {
    yield* handle.kill()
    yield* Fiber.join(reading)
    const rest = yield* Queue.clear(lines)
    return rest.filter((line) => line !== "")
  })
  return { handle, ready, banner, stop }
})

/** Runs the program with arguments that it refuses. Returns its exit code and the lines of standard error. */
export const refused = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const handle = yield* spawner.spawn(ChildProcess.make(process.execPath, [main, ...args]))
  const lines = handle.stderr.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.filter((line) => line !== ""),
    Stream.runCollect
  )
  return yield* Effect.all([handle.exitCode, lines], { concurrency: 2 })
})

/** A folder that goes with the scope. */
export const directory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync("/tmp/icr-simulator-")),
  (path) => Effect.sync(() => fs.rmSync(path, { recursive: true }))
)
