/** Decodes answers whose status is a success, with failures as `IcrError`. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { memoize } from "effect/Function"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { IcrError } from "../../errors/IcrError.ts"
import { DecodeFailure, Transport } from "../../errors/IcrReason.ts"
import type { CallInfo } from "../../errors/internal/fields.ts"
import { describeIssue } from "../../errors/internal/schemaIssue.ts"
import { bytesOf, callOf } from "./bufferedResponse.ts"
import { jsonParser } from "./exactDigits.ts"
import { pathTemplate } from "./path.ts"
import { isRead } from "./request.ts"
import { classify } from "./transportError.ts"

/** Parses a text that should be JSON. */
export const parseJson = Option.liftThrowable((text: string): unknown => JSON.parse(text))

/** The bytes of a body as text. */
export const bodyText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/**
 * What does not fit in a body, and where. Never says what was there.
 *
 * @category models
 * @since 0.1.0
 */
export interface Mismatch {
  readonly at: string
  readonly expected: string
}

const parserOf = memoize((schema: Schema.Top) => Option.liftThrowable(jsonParser(schema)))

/** Parses and decodes a JSON body; `mismatch` tells what is wrong with what was decoded. */
export const decodeJson = <A>(schema: Schema.Decoder<A>, mismatch?: (value: A) => Mismatch | undefined) => {
  const decode = Schema.decodeUnknownEffect(schema)
  const parse = parserOf(schema)
  return (text: string, status: number, call: CallInfo): Effect.Effect<A, IcrError> => {
    const failed = (where: Mismatch) => new IcrError({ reason: new DecodeFailure({ ...call, status, ...where }) })
    const json = parse(text)
    if (Option.isNone(json)) return Effect.fail(failed({ at: "", expected: "expected JSON" }))
    const decoded = Effect.mapError(decode(json.value), (error) => failed(describeIssue(error)))
    if (mismatch === undefined) return decoded
    return Effect.flatMap(decoded, (value) => {
      const found = mismatch(value)
      return found === undefined ? Effect.succeed(value) : Effect.fail(failed(found))
    })
  }
}

/** The call of a response that is not one of this library's clients, as far as the response tells. */
const foreignCall = ({ request }: HttpClientResponse.HttpClientResponse): CallInfo => ({
  operation: "IcrHttp.schemaBodyJson",
  method: request.method,
  path: pathTemplate(request.url),
  idempotent: isRead(request),
  attempts: 1,
  elapsed: Duration.zero
})

/**
 * Decodes the JSON body of a response of `appClient` or `installationClient`, with failures as `IcrError` like everywhere else.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
 * import { Effect, Schema } from "effect"
 *
 * const Projects = schemaBodyJson(
 *   Schema.Struct({ projects: Schema.Array(Schema.Struct({ fullName: Schema.String })) })
 * )
 *
 * export const projects = Effect.flatMap(IcrApp, ({ appClient }) => appClient.get("/projects?limit=10&page=0")).pipe(
 *   Effect.flatMap(Projects)
 * )
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const schemaBodyJson = <A>(schema: Schema.Decoder<A>) => {
  const decode = decodeJson(schema)
  return (response: HttpClientResponse.HttpClientResponse): Effect.Effect<A, IcrError> => {
    const call = callOf(response) ?? foreignCall(response)
    const bytes = bytesOf(response)
    if (bytes !== undefined) return decode(bodyText(bytes), response.status, call)
    return response.text.pipe(
      Effect.mapError((error) => new IcrError({ reason: new Transport({ ...call, ...classify(error) }) })),
      Effect.flatMap((text) => decode(text, response.status, call))
    )
  }
}
