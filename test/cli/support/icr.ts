/** Runs `icr` as people do: a process of its own, against a simulator on a loopback socket. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { Effect, Queue, Redacted, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { root, run } from "../../support/run.ts"

const main = path.join(root, "packages/cli/src/main.ts")

// Without `--`, Node takes `--env-file` for an option of its own wherever it stands.
const node = ["--", main]

export type Environment = Readonly<Record<string, string>>

/** Runs it to its end, with pipes. The only variables of the project are those given. */
export const icr = (args: ReadonlyArray<string>, env: Environment = {}) =>
  Effect.promise(() => run(process.execPath, [...node, ...args], { env }))

const isUtilLinux = () => {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8" }).includes("util-linux")
  } catch {
    return false
  }
}

/** Whether the machine can give a program a terminal. */
export const hasTerminal = isUtilLinux()

if (!hasTerminal) console.warn("skipped: icr at a terminal, since the machine has no script(1) of util-linux")

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** Runs it with a terminal as standard output and standard error, which come as one text. */
export const atTerminal = (args: ReadonlyArray<string>, env: Environment = {}) => {
  const command = [process.execPath, ...node, ...args].map(quoted).join(" ")
  return Effect.promise(() => run("script", ["-qefc", command, "/dev/null"], { env }))
}

const linesOf = Effect.fnUntraced(function* <E>(bytes: Stream.Stream<Uint8Array, E>) {
  const lines = yield* Queue.unbounded<string>()
  yield* bytes.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => Queue.offer(lines, line)),
    Effect.forkScoped
  )
  return lines
})

/** Starts it and leaves it running until the scope ends. */
export const start = Effect.fnUntraced(function* (args: ReadonlyArray<string>, env: Environment = {}) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const handle = yield* spawner.spawn(ChildProcess.make(process.execPath, [...node, ...args], { env }))
  return { handle, stdout: yield* linesOf(handle.stdout), stderr: yield* linesOf(handle.stderr) }
})

/** A folder that goes with the scope. */
export const directory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "icr-cli-"))),
  (dir) => Effect.sync(() => fs.rmSync(dir, { recursive: true }))
)

/** The variables that describe the simulator's app. */
export const environment = Effect.map(Simulator, ({ app, baseUrl }): Environment => ({
  ICR_APP_ID: app.appId,
  ICR_PRIVATE_KEY: Redacted.value(app.privateKey),
  ICR_BASE_URL: baseUrl,
  ICR_WEBHOOK_SECRET: Redacted.value(app.webhookSecret)
}))

/** Access tokens, JWTs and private keys, whatever their value. */
export const secrets = /cr[su]_[0-9a-f]{20}|eyJ[\w-]{20}|BEGIN [A-Z ]*PRIVATE KEY|MII[\w+/]{40}/
