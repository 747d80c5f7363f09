import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"
import type * as Headers from "effect/http/Headers"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"

/** A body as read: whole, or the part up to the limit. */
export interface Body {
  readonly bytes: Uint8Array
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

/** Reads to the end, or until more than `limit` bytes have come. */
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

/** The length the server promises, when nothing unpacks the body on the way (a small gzip may hold gigabytes). */
const promisedLength = (headers: Headers.Headers): number => {
  const length = headers["content-length"]
  return length === undefined || headers["content-encoding"] !== undefined || !/^\d+$/.test(length)
    ? Infinity
    : Number(length)
}

/** A stream of no body at all fails; an answer such as 204 has a right to it. */
const empty: Body = { bytes: new Uint8Array(), truncated: false }

/** In one go, whatever its length. */
const wholeBody = (
  response: HttpClientResponse.HttpClientResponse,
  limit: number
): Effect.Effect<Body, HttpClientError.HttpClientError> =>
  Effect.map(response.arrayBuffer, (buffer) => ({
    bytes: new Uint8Array(buffer, 0, Math.min(buffer.byteLength, limit)),
    truncated: buffer.byteLength > limit
  }))

/**
 * Reads at most `limit` bytes, on every transport: fetch and undici enforce no limit of their own. A body whose promised
 * length fits is read in one go; the transports do not let it grow past that length.
 */
export const readBody = (
  response: HttpClientResponse.HttpClientResponse,
  headers: Headers.Headers,
  limit: number
): Effect.Effect<Body, HttpClientError.HttpClientError> =>
  promisedLength(headers) <= limit
    ? wholeBody(response, limit)
    : readUpTo(response.stream, limit).pipe(
        Effect.catchReason("HttpClientError", "EmptyBodyError", () => Effect.succeed(empty))
      )

/**
 * Reads at most `limit` bytes of what `fetch` brought, chunk by chunk as it comes: Effect's ways to read a body cost as much as
 * the rest of a call. Whoever stops reading gives up the request, as the standard for `fetch` has it.
 */
export const readWebBody = (
  response: HttpClientResponse.HttpClientResponse,
  web: Response,
  limit: number
): Effect.Effect<Body, HttpClientError.HttpClientError> =>
  Effect.suspend(() => {
    const { body } = web
    // The runtime has no streams, or the program's own client has read it before, to log it, say: Effect's response keeps it.
    if (!body || body.locked || web.bodyUsed) return wholeBody(response, limit)
    const reader = body.getReader()
    const stop = () => void reader.cancel().catch(constVoid)
    const chunks: Array<Uint8Array> = []
    let size = 0
    const read = (): Promise<Body> =>
      reader.read().then(({ done, value }) => {
        if (done) return { bytes: join(chunks, size), truncated: false }
        chunks.push(value)
        size += value.length
        if (size <= limit) return read()
        stop()
        return { bytes: join(chunks, limit), truncated: true }
      })
    return Effect.callback((resume) => {
      read().then(
        (body) => resume(Effect.succeed(body)),
        (cause) => {
          const { request } = response
          const reason = new HttpClientError.DecodeError({ request, response, cause })
          resume(Effect.fail(new HttpClientError.HttpClientError({ reason })))
        }
      )
      return Effect.sync(stop)
    })
  })
