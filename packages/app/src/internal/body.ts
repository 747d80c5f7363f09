import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Stream from "effect/Stream"

/** A body as read: whole, or the part up to the limit. */
export interface Body {
  readonly bytes: Uint8Array
  readonly truncated: boolean
}

const join = (chunks: ReadonlyArray<Uint8Array>, size: number) => {
  const [only] = chunks
  if (chunks.length === 1 && only !== undefined) return only.length === size ? only : only.subarray(0, size)
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    const part = chunk.subarray(0, size - at)
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** The length the server promises, when nothing unpacks the body on the way (a small gzip may hold gigabytes). */
const promisedLength = ({ headers }: HttpClientResponse.HttpClientResponse): number =>
  headers["content-encoding"] === undefined && /^\d+$/.test(headers["content-length"] ?? "")
    ? Number(headers["content-length"])
    : Infinity

/**
 * Reads at most `limit` bytes, on every transport: none of them enforces a limit of its own on fetch and undici. A body
 * whose promised length fits is read in one go; the transport does not let it grow past that length.
 */
export const readBody = (
  response: HttpClientResponse.HttpClientResponse,
  limit: number
): Effect.Effect<Body, HttpClientError.HttpClientError> =>
  promisedLength(response) <= limit
    ? Effect.map(response.arrayBuffer, (buffer) => ({ bytes: new Uint8Array(buffer), truncated: false }))
    : Effect.suspend(() => {
        const chunks: Array<Uint8Array> = []
        let size = 0
        return response.stream.pipe(
          Stream.runForEachWhile((chunk) =>
            Effect.sync(() => {
              chunks.push(chunk)
              size += chunk.length
              return size <= limit
            })
          ),
          Effect.map(() => ({ bytes: join(chunks, Math.min(size, limit)), truncated: size > limit })),
          // A stream of no body at all fails; an answer such as 204 has a right to it.
          Effect.catchReason("HttpClientError", "EmptyBodyError", () =>
            Effect.succeed({ bytes: new Uint8Array(), truncated: false })
          )
        )
      })
