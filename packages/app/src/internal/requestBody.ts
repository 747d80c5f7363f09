import * as Effect from "effect/Effect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type { IcrError } from "../IcrError.ts"
import { readUpTo } from "./body.ts"
import { refusal } from "./delivery.ts"

/**
 * The body of a request, refused as soon as it is known to be larger than `limit` bytes: by its promised length before a
 * byte is read, else while it is read, so that an endless one never fills the memory.
 */
export const readRequestBody = (
  request: HttpServerRequest.HttpServerRequest,
  limit: number
): Effect.Effect<Uint8Array, IcrError> =>
  Number(request.headers["content-length"] ?? 0) > limit
    ? Effect.fail(refusal("bodyTooLarge"))
    : readUpTo(request.stream, limit).pipe(
        Effect.mapError(() => refusal("bodyCut")),
        // A body that somebody else has read already cannot be opened again.
        Effect.catchDefect(() => Effect.fail(refusal("bodyCut"))),
        Effect.flatMap(({ bytes, truncated }) =>
          truncated ? Effect.fail(refusal("bodyTooLarge")) : Effect.succeed(bytes)
        )
      )
