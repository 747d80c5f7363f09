/** A primary and its replica behind one address, as managed Redis services offer them. */
import { Effect, Schedule } from "effect"
import { connect, createServer, type Socket } from "node:net"
import { startRedis } from "../../../examples/support/redis.ts"
import { rawAt } from "./redis.ts"

/** An address that leads new connections to one port or another. Connections made before stay where they are. */
const startEndpoint = Effect.fnUntraced(function* (firstPort: number) {
  let target = firstPort
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const upstream = connect(target, "127.0.0.1")
    for (const one of [socket, upstream]) {
      sockets.add(one)
      one.on("error", () => {}).on("close", () => sockets.delete(one))
    }
    // Either end closes the other.
    socket.on("close", () => upstream.destroy())
    upstream.on("close", () => socket.destroy())
    socket.pipe(upstream).pipe(socket)
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.sync(() => {
        for (const socket of sockets) socket.destroy()
        server.close()
      })
  )
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return {
    url: `redis://127.0.0.1:${port}`,
    leadTo: (port: number) => Effect.sync(() => void (target = port)),
    connections: Effect.sync(() => sockets.size / 2)
  }
})

/** Starts both, and the address, which leads to the primary. */
export const startPair = Effect.gen(function* () {
  // Replication through memory: no files.
  const settings = ["--repl-diskless-sync-delay", "0", "--repl-diskless-load", "swapdb"]
  const [primary, replica] = [yield* startRedis({ settings }), yield* startRedis({ settings })]
  const [atPrimary, atReplica] = [yield* rawAt(primary.url), yield* rawAt(replica.url)]
  const endpoint = yield* startEndpoint(primary.port)
  yield* atReplica.send("REPLICAOF", "127.0.0.1", String(primary.port))
  yield* atReplica.send<string>("INFO", "replication").pipe(
    Effect.repeat({
      until: (info) => info.includes("master_link_status:up"),
      schedule: Schedule.spaced("50 millis")
    })
  )
  /** Until the replica has everything that was written before: what it does not have is lost with the primary. */
  const replicated = Effect.andThen(
    // Redis waits for the writes of the same connection only; this one comes after those of the others.
    atPrimary.send("SET", "the-last-write", "1"),
    atPrimary.send("WAIT", "1", "0")
  )
  const promote = Effect.andThen(atReplica.send("REPLICAOF", "NO", "ONE"), endpoint.leadTo(replica.port))
  return {
    url: endpoint.url,
    connections: endpoint.connections,
    primary,
    replicated,
    /** The replica becomes the primary although the old one is still there, as a machine that others cannot reach. */
    promote,
    /** The replica and the primary change places. Nobody closes a connection. */
    failOver: Effect.all([replicated, promote, atPrimary.send("REPLICAOF", "127.0.0.1", String(replica.port))])
  }
})
