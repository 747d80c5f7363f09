import { Effect } from "effect"
import * as net from "node:net"

/** The answer to one request. */
export interface RawAnswer {
  /** 0 when the connection closed without an answer. */
  readonly status: number
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  /** Everything that came back, head included. */
  readonly text: string
}

const read = (text: string): RawAnswer => {
  const [head = ""] = text.split("\r\n\r\n", 1)
  const [first = "", ...lines] = head.split("\r\n")
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(first)?.[1] ?? 0),
    headers: new Map(
      lines.map((line) => {
        const colon = line.indexOf(":")
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
      })
    ),
    text
  }
}

/** Sends a request byte by byte as written, which `fetch` and `node:http` do not: they rewrite its target. */
export const rawRequest = (
  baseUrl: string,
  request: {
    readonly method?: string
    readonly target: string
    readonly host: string
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string
  }
): Effect.Effect<RawAnswer> =>
  Effect.callback((resume) => {
    const { body = "", headers = {}, host, method = "GET", target } = request
    const lines = Object.entries({
      host,
      connection: "close",
      ...("transfer-encoding" in headers ? {} : { "content-length": String(Buffer.byteLength(body)) }),
      ...headers
    })
    const head = [`${method} ${target} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`)].join("\r\n")
    let text = ""
    const socket = net.connect(Number(new URL(baseUrl).port), "127.0.0.1")
    socket.on("data", (data) => {
      text += data.toString("latin1")
    })
    // An error is followed by a close.
    socket.on("error", () => {})
    socket.on("close", () => resume(Effect.succeed(read(text))))
    socket.write(`${head}\r\n\r\n${body}`, "latin1")
    return Effect.sync(() => socket.destroy())
  })
