/** Downloads the certificate of a retirement. */
import * as ContentDisposition from "content-disposition"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { IcrError } from "@effect-icr/app/IcrError"
import { Transport } from "@effect-icr/app/IcrReason"
import { safeFileName } from "./fileName.ts"
import type { Client } from "./organizationCalls.ts"

/**
 * The certificate of a retirement.
 *
 * It has been read whole when it is handed out, within the deadline of the call and the `maxBodyBytes` of `IcrHttp` (16
 * MiB by default); a longer one fails with the reason `DecodeFailure`. So the stream comes from memory: it cannot fail,
 * and may be run again.
 *
 * @category models
 * @since 0.1.0
 */
export interface Certificate {
  /**
   * The name the registry gives the file, fit to be saved under on any system: without a folder, a drive and characters
   * that control the screen or the direction of writing. `None` where it gives none.
   */
  readonly fileName: Option.Option<string>
  /** The bytes of a PDF, from memory. */
  readonly content: Stream.Stream<Uint8Array>
}

const parse = Option.liftThrowable(ContentDisposition.parse)

const fileNameOf = ({ headers }: HttpClientResponse.HttpClientResponse) =>
  Option.fromUndefinedOr(headers["content-disposition"]).pipe(
    Option.flatMap((header) => parse(header)),
    Option.flatMap(({ parameters }) => Option.fromUndefinedOr(parameters["filename"])),
    Option.flatMap(safeFileName)
  )

/** Downloads a certificate. `path` is the template, for errors. */
export const certificate = Effect.fnUntraced(function* (
  client: Client,
  operation: string,
  url: string,
  path: string
): Effect.fn.Return<Certificate, IcrError> {
  const response = yield* client.get(url, { headers: { accept: "application/pdf" } })
  // The body has been read by now; only a client of a program's own can fail here.
  const bytes = yield* Effect.mapError(
    response.arrayBuffer,
    () =>
      new IcrError({
        reason: new Transport({
          operation,
          method: "GET",
          path,
          idempotent: true,
          attempts: 1,
          elapsed: Duration.zero,
          kind: "cut",
          code: Option.none()
        })
      })
  )
  return { fileName: fileNameOf(response), content: Stream.succeed(new Uint8Array(bytes)) }
})
