import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Stream from "effect/Stream"
import type { IcrError } from "../IcrError.ts"
import { refusal } from "./delivery.ts"

/**
 * The body of a request, refused as soon as it is known to be larger than `limit` bytes: by its promised length before a
 * byte is read, else while it is read, so that an endless one never fills the memory.
 */
export const readRequestBody = (
  request: HttpServerRequest.HttpServerRequest,
  limit: number
): Effect.Effect<Uint8Array, IcrError> =>
  Effect.suspend(() => {
    if (Number(request.headers["content-length"] ?? 0) > limit) return Effect.fail(refusal("bodyTooLarge"))
    const chunks: Array<Uint8Array> = []
    let size = 0
    return request.stream.pipe(
      Stream.runForEachWhile((chunk) =>
        Effect.sync(() => {
          chunks.push(chunk)
          size += chunk.length
          return size <= limit
        })
      ),
      Effect.mapError(() => refusal("bodyCut")),
      Effect.flatMap(() => (size > limit ? Effect.fail(refusal("bodyTooLarge")) : Effect.succeed(join(chunks, size))))
    )
  })

const join = (chunks: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  const [only] = chunks
  if (chunks.length === 1 && only !== undefined) return only
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
