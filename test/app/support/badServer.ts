/** A TCP server on loopback that misbehaves as told, below the level where an HTTP server would stop it. */
import { Effect } from "effect"
import { createServer, type AddressInfo, type Socket } from "node:net"

/** What to do with a socket on which a request has come. */
export type Misbehave = (socket: Socket) => void

const address = (value: AddressInfo | string | null): number =>
  typeof value === "object" && value !== null ? value.port : 0

/** Listens until the scope closes. */
export const badServer = Effect.fnUntraced(function* (misbehave: Misbehave) {
  const open = new Set<Socket>()
  let requests = 0
  let onQuiet = () => {}
  const server = createServer((socket) => {
    open.add(socket)
    // A client that goes away in the middle is what is wanted here.
    socket.on("error", () => {})
    socket.on("close", () => {
      open.delete(socket)
      if (open.size === 0) onQuiet()
    })
    socket.once("data", () => {
      requests++
      misbehave(socket)
    })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.callback<void>((resume) => {
        for (const socket of open) socket.destroy()
        server.close(() => resume(Effect.void))
      })
  )
  return {
    port: address(server.address()),
    requests: () => requests,
    /** Returns when no client holds a connection any more. */
    quiet: Effect.callback<void>((resume) => {
      onQuiet = () => resume(Effect.void)
      if (open.size === 0) onQuiet()
    })
  }
})

/** A port on which nothing listens. */
export const closedPort = Effect.scoped(
  Effect.map(
    badServer(() => {}),
    ({ port }) => port
  )
)

/** A complete head; the connection ends with the answer, so that none is kept alive. */
export const head = (status: string, headers: ReadonlyArray<string> = []) =>
  [`HTTP/1.1 ${status}`, "content-type: application/json", "connection: close", ...headers, "", ""].join("\r\n")

/** After the client has read what was sent so far: it runs on the same event loop. */
export const later = (then: () => void, turns = 20): void => {
  if (turns === 0) return then()
  setImmediate(() => later(then, turns - 1))
}
