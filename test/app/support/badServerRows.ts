/** What can go wrong on a socket. */
import type { Options } from "@effect-icr/app/IcrHttp"
import { head, later, type Misbehave } from "./badServer.ts"

/** Limits that nothing reaches which ends by itself. */
export const patient: Options = { retry: false, attemptTimeout: "50 seconds", deadline: "55 seconds" }
/** Limits for what only a limit ends. */
export const impatient: Options = { retry: false, attemptTimeout: "200 millis" }

/** A body that decodes. */
export const json = '{"name":"thing"}'
const tenMegabytes = `{"message":"too much","filler":"${"a".repeat(10_000_000)}"}`

const chunked = (socket: Parameters<Misbehave>[0], text: string) => {
  for (let at = 0; at < text.length; at += 65_536) {
    const part = text.slice(at, at + 65_536)
    socket.write(`${part.length.toString(16)}\r\n${part}\r\n`)
  }
  socket.end("0\r\n\r\n")
}

/** What a server does, and what the call becomes. */
export interface Row {
  readonly name: string
  readonly misbehave: Misbehave
  readonly expected: string
  readonly options?: Options
}

/** Every way in which a socket misbehaves. */
export const rows: ReadonlyArray<Row> = [
  {
    name: "reset before the head",
    misbehave: (socket) => socket.resetAndDestroy(),
    expected: "Transport reset"
  },
  {
    name: "closed before the head",
    misbehave: (socket) => socket.end(),
    expected: "Transport reset"
  },
  {
    name: "reset within the body",
    misbehave: (socket) => {
      socket.write(head("200 OK", ["content-length: 1000"]) + '{"name":')
      later(() => socket.resetAndDestroy())
    },
    expected: "Transport cut"
  },
  {
    name: "closed within the body",
    misbehave: (socket) => {
      socket.write(head("200 OK", ["content-length: 1000"]) + '{"name":')
      later(() => socket.end())
    },
    expected: "Transport cut"
  },
  {
    name: "closed within a chunked body",
    misbehave: (socket) => {
      socket.write(head("200 OK", ["transfer-encoding: chunked"]) + '8\r\n{"name":\r\n')
      later(() => socket.end())
    },
    expected: "Transport cut"
  },
  {
    name: "stalled before the head",
    misbehave: () => {},
    expected: "Timeout of the attempt",
    options: impatient
  },
  {
    name: "stalled within the head",
    misbehave: (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-ty"),
    expected: "Timeout of the attempt",
    options: impatient
  },
  {
    name: "stalled within the body",
    misbehave: (socket) => socket.write(head("200 OK", ["content-length: 1000"]) + '{"name":'),
    expected: "Timeout of the attempt",
    options: impatient
  },
  {
    name: "stalled within a chunked body",
    misbehave: (socket) => socket.write(head("200 OK", ["transfer-encoding: chunked"]) + '8\r\n{"name":\r\n'),
    expected: "Timeout of the attempt",
    options: impatient
  },
  {
    name: "stalled within an error's body",
    misbehave: (socket) => socket.write(head("503 Service Unavailable", ["content-length: 1000"]) + '{"mess'),
    expected: "Timeout of the attempt",
    options: impatient
  },
  {
    name: "a slow drip, each byte well within the limit",
    misbehave: (socket) => {
      socket.write(head("200 OK", ["content-length: 100000"]))
      const drip = setInterval(() => socket.write(" "), 20)
      socket.on("close", () => clearInterval(drip))
    },
    expected: "Timeout of the attempt",
    options: impatient
  },
  {
    name: "the deadline of the call, where it is the shorter limit",
    misbehave: () => {},
    expected: "Timeout of the call",
    options: { deadline: "200 millis" }
  },
  {
    name: "truncated JSON",
    misbehave: (socket) => socket.end(head("200 OK", ["content-length: 10"]) + json.slice(0, 10)),
    expected: "DecodeFailure: expected JSON"
  },
  {
    name: "an HTML page with status 200",
    misbehave: (socket) =>
      socket.end("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html></html>"),
    expected: "DecodeFailure: expected JSON"
  },
  {
    name: "an empty body with status 200",
    misbehave: (socket) => socket.end(head("200 OK", ["content-length: 0"])),
    expected: "DecodeFailure: expected JSON"
  },
  {
    name: "204, which has no body",
    misbehave: (socket) => socket.end(head("204 No Content")),
    expected: "DecodeFailure: expected JSON"
  },
  {
    name: "a 10 MB error body of announced length",
    misbehave: (socket) => socket.end(head("500 Oh", [`content-length: ${tenMegabytes.length}`]) + tenMegabytes),
    expected: "ServerError 500 "
  },
  {
    name: "a 10 MB error body in chunks",
    misbehave: (socket) => {
      socket.write(head("500 Oh", ["transfer-encoding: chunked"]))
      chunked(socket, tenMegabytes)
    },
    expected: "ServerError 500 "
  },
  {
    name: "a success above the limit, of announced length",
    misbehave: (socket) => socket.end(head("200 OK", [`content-length: ${tenMegabytes.length}`]) + tenMegabytes),
    expected: "DecodeFailure: expected a body of at most 1000000 bytes",
    options: { ...patient, maxBodyBytes: 1_000_000 }
  },
  {
    name: "a success above the limit, in chunks",
    misbehave: (socket) => {
      socket.write(head("200 OK", ["transfer-encoding: chunked"]))
      chunked(socket, tenMegabytes)
    },
    expected: "DecodeFailure: expected a body of at most 1000000 bytes",
    options: { ...patient, maxBodyBytes: 1_000_000 }
  },
  {
    name: "a promise of a hundred gigabytes, and then silence",
    misbehave: (socket) => socket.write(head("200 OK", ["content-length: 100000000000"]) + '{"name":'),
    expected: "Timeout of the attempt",
    options: impatient
  },
  {
    name: "a promise of less than is sent",
    misbehave: (socket) => socket.end(head("200 OK", ["content-length: 5"]) + json),
    expected: "DecodeFailure: expected JSON"
  },
  {
    name: "something that is no HTTP",
    misbehave: (socket) => socket.end("220 mail.example ESMTP\r\n"),
    expected: "Transport unknown"
  }
]
