/** Starts a Redis for one test, on a socket file in a temporary folder: no fixed port, no shared data. */
import { Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** The program on the PATH that is started. */
const redisServer = process.env["REDIS_SERVER"] ?? "redis-server"

/** For `it.skipIf`: prints why tests are skipped when there is no Redis. */
export const withoutRedis = (what: string): boolean => {
  if (spawnSync(redisServer, ["--version"]).status === 0) return false
  process.stderr.write(`\nSKIPPED: ${what}: no ${redisServer} on the PATH (apt-get install redis-server)\n\n`)
  return true
}

/** Starts a Redis that is killed when the scope closes. Succeeds with the path of its socket. */
export const startRedis = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "icr-redis-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  )
  const socket = join(folder, "redis.sock")
  yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof spawn>>((resume) => {
      const server = spawn(redisServer, ["--port", "0", "--unixsocket", socket, "--save", ""], {
        cwd: folder,
        stdio: ["ignore", "pipe", "ignore"]
      })
      server.once("error", (error) => resume(Effect.die(error)))
      server.stdout?.on("data", (chunk) => {
        if (/ready to accept connections/i.test(String(chunk))) resume(Effect.succeed(server))
      })
    }),
    (server) =>
      Effect.callback<void>((resume) => {
        if (server.exitCode !== null || server.signalCode !== null) return resume(Effect.void)
        server.once("exit", () => resume(Effect.void))
        server.kill("SIGKILL")
      })
  )
  return socket
})
