import * as ContentDisposition from "content-disposition"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { IcrError } from "@effect-icr/app/IcrError"
import { Transport } from "@effect-icr/app/IcrReason"
import type { Client } from "./organizationCalls.ts"

/**
 * The certificate of a retirement.
 *
 * @category models
 * @since 0.1.0
 */
export interface Certificate {
  /** The name the registry gives the file, without a folder; `None` where it gives none. */
  readonly fileName: Option.Option<string>
  /** A PDF of at most the `maxBodyBytes` of `IcrHttp` (16 MiB); it has been read when it is handed out. */
  readonly content: Stream.Stream<Uint8Array, IcrError>
}

const parse = Option.liftThrowable(ContentDisposition.parse)

/** Only the last segment: a name must not choose the folder that a program saves it in. */
const fileNameOf = ({ headers }: HttpClientResponse.HttpClientResponse) =>
  Option.fromUndefinedOr(headers["content-disposition"]).pipe(
    Option.flatMap((header) => parse(header)),
    Option.flatMap(({ parameters }) => Option.fromUndefinedOr(parameters["filename"])),
    Option.map((name) => name.split(/[\\/]/).at(-1)?.trim() ?? ""),
    Option.filter((name) => !["", ".", ".."].includes(name))
  )

/** Downloads a certificate. */
export const certificate = (client: Client, operation: string, path: string): Effect.Effect<Certificate, IcrError> =>
  Effect.map(client.get(path, { headers: { accept: "application/pdf" } }), (response) => ({
    fileName: fileNameOf(response),
    content: Stream.mapError(
      response.stream,
      () =>
        new IcrError({
          reason: new Transport({
            operation,
            method: "GET",
            path: "/retirements/{id}/pdf",
            idempotent: true,
            attempts: 1,
            elapsed: Duration.zero,
            kind: "cut",
            code: Option.none()
          })
        })
    )
  }))
