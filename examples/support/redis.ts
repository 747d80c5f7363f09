/**
 * Finds a Redis for examples and tests: the one at REDIS_URL, one on the default port, or a newly started one. REDIS_SERVER
 * names the program to start, such as `valkey-server`; it is then used instead of the one on the default port.
 */
import * as NodeRedis from "@effect/platform-node/NodeRedis"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as ChildProcess from "effect/process/ChildProcess"
import * as ChildProcessSpawner from "effect/process/ChildProcessSpawner"
import * as References from "effect/References"
import * as Stream from "effect/Stream"
import { createServer } from "node:net"

const defaultUrl = "redis://127.0.0.1:6379"
const givenServer = process.env["REDIS_SERVER"]

/** The program that is started. */
export const redisServer = givenServer ?? "redis-server"

/** A port that nothing listens on. */
export const freePort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

/** Starts a server from the PATH, without files, on a free port unless one is given. Killed when the scope closes. */
export const startRedis = Effect.fnUntraced(function* (
  options: { readonly port?: number; readonly settings?: ReadonlyArray<string> } = {}
) {
  const port = options.port ?? (yield* freePort)
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
  const server = yield* spawner.spawn(
    // A frozen process reacts to SIGKILL only.
    ChildProcess.make(redisServer, [...settings, ...(options.settings ?? [])], { killSignal: "SIGKILL" })
  )
  yield* server.stdout.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.takeUntil((line) => line.includes("Ready to accept connections")),
    Stream.runLast,
    Effect.filterOrFail(Option.exists((line) => line.includes("Ready")))
  )
  return { url: `redis://127.0.0.1:${port}`, port, pid: server.pid }
})

const isAvailable = (url: string) =>
  Effect.isSuccess(
    Effect.scoped(Layer.build(NodeRedis.layer({ url }))).pipe(
      Effect.provideService(References.MinimumLogLevel, "None"),
      Effect.timeout("2 seconds")
    )
  )

/** The address of a Redis. None when there is none and none can be started. */
export const findRedis = Effect.gen(function* () {
  const given = yield* Config.option(Config.String("REDIS_URL"))
  if (Option.isSome(given) && given.value !== "") return given
  if (givenServer === undefined && (yield* isAvailable(defaultUrl))) return Option.some(defaultUrl)
  return Option.map(yield* Effect.option(startRedis()), ({ url }) => url)
})
