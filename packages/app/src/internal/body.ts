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
export const wholeBody = (
  response: HttpClientResponse.HttpClientResponse,
  limit: number
): Effect.Effect<Body, HttpClientError.HttpClientError> =>
  Effect.map(response.arrayBuffer, (buffer) => ({
    bytes: new Uint8Array(buffer, 0, Math.min(buffer.byteLength, limit)),
    truncated: buffer.byteLength > limit
  }))

/**
 * Reads at most `limit` bytes, in Effect's ways: fetch and undici enforce no limit of their own. A body whose promised
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
 * Whether a body of `fetch` may be read past Effect's response. Not where somebody put other ways to read over it, and not while
 * an upload goes on: only Effect's own ways stop that.
 */
export const isPlain = (response: HttpClientResponse.HttpClientResponse, body: ReadableStream): boolean =>
  typeof body.getReader === "function" &&
  response.request.body._tag !== "Stream" &&
  !["headers", "arrayBuffer", "stream"].some((name) => Object.hasOwn(response, name))

/**
 * Reads at most `limit` bytes of what `fetch` brought, chunk by chunk as it comes: Effect's ways to read a body cost as much as
 * the rest of a call.
 */
export const readWebBody = (
  response: HttpClientResponse.HttpClientResponse,
  body: ReadableStream<Uint8Array>,
  limit: number
): Effect.Effect<Body, HttpClientError.HttpClientError> =>
  Effect.callback((resume) => {
    const reader = body.getReader()
    const chunks: Array<Uint8Array> = []
    let size = 0
    // To cancel does not always reach the request, as when this is a clone. The end of Effect's own stream aborts it.
    const giveUp = Effect.suspend(() => {
      reader.cancel().catch(constVoid)
      reader.releaseLock()
      return Effect.forkDetach(Effect.ignoreCause(Stream.runDrain(response.stream)), { startImmediately: true })
    })
    const read = (): Promise<Effect.Effect<Body>> =>
      reader.read().then(({ done, value }) => {
        if (done) return Effect.succeed({ bytes: join(chunks, size), truncated: false })
        chunks.push(value)
        size += value.length
        return size <= limit ? read() : Effect.as(giveUp, { bytes: join(chunks, limit), truncated: true })
      })
    read().then(resume, (cause) => {
      const { request } = response
      const reason = new HttpClientError.DecodeError({ request, response, cause })
      resume(Effect.fail(new HttpClientError.HttpClientError({ reason })))
    })
    return Effect.asVoid(giveUp)
  })
