/** Operating-system processes that share a Redis and a registry. */
import { Simulator } from "@effect-icr/simulator"
import { Effect, Redacted, Schema } from "effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Answer, type Ask, type Settings } from "./protocol.ts"

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Answer))
const file = fileURLToPath(new URL("./worker.ts", import.meta.url))

/** One process of a fleet. Killed when the scope closes. */
export interface Worker {
  readonly signal: (name: "SIGKILL" | "SIGSTOP" | "SIGCONT") => Effect.Effect<void>
  readonly ask: (ask: typeof Ask.Type) => Effect.Effect<typeof Answer.Type, unknown>
  /** Everything it printed that is not an answer. */
  readonly log: ReadonlyArray<string>
}

/** Starts a process and waits until it is ready. */
export const startWorker = Effect.fnUntraced(function* (options: {
  readonly settings: typeof Settings.Type
  readonly redisUrl: string
  readonly storeKey: Redacted.Redacted
}) {
  const { app, baseUrl } = yield* Simulator
  const log: Array<string> = []
  const waiting: Array<(line: string) => void> = []
  const nextLine = Effect.callback<string>((resume) => {
    waiting.push((line) => resume(Effect.succeed(line)))
  })
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [file], {
        stdio: ["pipe", "pipe", "pipe"],
        env: {
          PATH: process.env["PATH"],
          // For a Redis at rediss:// whose certificate is self-made.
          NODE_EXTRA_CA_CERTS: process.env["NODE_EXTRA_CA_CERTS"],
          ICR_APP_ID: app.appId,
          ICR_PRIVATE_KEY: Redacted.value(app.privateKey),
          ICR_BASE_URL: baseUrl,
          ICR_TOKEN_STORE_KEY: Redacted.value(options.storeKey),
          REDIS_URL: options.redisUrl,
          FLEET_SETTINGS: JSON.stringify(options.settings)
        }
      })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const isAnswer = (line: string) => line === "ready" || line.startsWith("{")
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (isAnswer(line)) waiting.shift()?.(line)
    else log.push(line)
  })
  createInterface({ input: child.stderr }).on("line", (line) => log.push(line))
  yield* nextLine
  const worker: Worker = {
    signal: (name) => Effect.sync(() => void child.kill(name)),
    ask: (ask) =>
      Effect.flatMap(
        Effect.andThen(
          Effect.sync(() => child.stdin.write(`${JSON.stringify(ask)}\n`)),
          nextLine
        ),
        decode
      ),
    log
  }
  return worker
})
