/** The simulator in a process of its own, and a server that only repeats what the simulator said. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Schema } from "effect"

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** A server to send requests to. */
export interface Registry {
  readonly baseUrl: string
  readonly appId: string
  readonly installationIds: ReadonlyArray<string>
  readonly privateKey: string
  readonly stop: () => Promise<void>
}

const Ready = Schema.fromJsonString(
  Schema.Struct({ baseUrl: Schema.String, appId: Schema.String, installationIds: Schema.Array(Schema.String) })
)

const start = async (program: string, ...options: ReadonlyArray<string>): Promise<Registry> => {
  const directory = mkdtempSync(join(tmpdir(), "icr-bench-"))
  const keyFile = join(directory, "key.pem")
  const child = spawn(process.execPath, [program, "--port", "0", "--key-file", keyFile, ...options], {
    stdio: ["ignore", "pipe", "ignore"]
  })
  const [line] = await once(createInterface(child.stdout), "line")
  const ready = Schema.decodeUnknownSync(Ready)(line)
  const privateKey = readFileSync(keyFile, "utf8")
  rmSync(directory, { recursive: true })
  return {
    ...ready,
    privateKey,
    stop: async () => {
      child.kill()
      await once(child, "exit")
    }
  }
}

/** `pnpm simulator` with so many installations. */
export const simulator = (installations: number): Promise<Registry> =>
  start(pathOf("../../../packages/simulator/src/main.ts"), "--quiet", "--installations", String(installations))

/** Answers with the simulator's bytes from memory, each answer `latency` milliseconds late: the least work a server can do. */
export const replaying = (installations: number, latency = 0): Promise<Registry> =>
  start(pathOf("./replay.ts"), "--installations", String(installations), "--latency", String(latency))
