/** Reads a response's body up to a limit. */
import * as Effect from "effect/Effect"
import type * as Headers from "effect/http/Headers"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/** A body as read. `truncated` when it is longer than the limit: then `bytes` ends there. */
export interface Body {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly truncated: boolean
}

const join = (chunks: ReadonlyArray<Uint8Array>, size: number) => {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    const part = chunk.subarray(0, size - at)
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Reads a stream to its end, or until more than `limit` bytes have come. */
export const readUpTo = <E>(stream: Stream.Stream<Uint8Array, E>, limit: number): Effect.Effect<Body, E> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let size = 0
    return stream.pipe(
      Stream.runForEachWhile((chunk) =>
        Effect.sync(() => {
          chunks.push(chunk)
          size += chunk.length
          return size <= limit
        })
      ),
      Effect.map(() => ({ bytes: join(chunks, Math.min(size, limit)), truncated: size > limit }))
    )
  })

/** The announced length, where nothing unpacks the body on the way: a small gzip may hold gigabytes. */
const announcedLength = (headers: Headers.Headers): number => {
  const length = headers["content-length"]
  return length === undefined || headers["content-encoding"] !== undefined || !/^\d+$/.test(length)
    ? Infinity
    : Number(length)
}

/** Whether there is no stream to read: no body, a runtime without streams, or a body that the program's client has read. */
const hasNoStream = (response: HttpClientResponse.HttpClientResponse) =>
  Option.exists(HttpClientResponse.toWeb(response), ({ body, bodyUsed }) => !body || bodyUsed)

/**
 * Reads at most `limit` bytes of the body of a response with these headers: fetch and undici enforce no limit. A body whose
 * announced length fits is read in one go, since the transports do not let it grow past that length.
 */
export const readBody = (
  response: HttpClientResponse.HttpClientResponse,
  headers: Headers.Headers,
  limit: number
): Effect.Effect<Body, HttpClientError.HttpClientError> =>
  announcedLength(headers) <= limit || hasNoStream(response)
    ? Effect.map(response.arrayBuffer, (buffer) => ({
        bytes: new Uint8Array(buffer, 0, Math.min(buffer.byteLength, limit)),
        truncated: buffer.byteLength > limit
      }))
    : readUpTo(response.stream, limit)
