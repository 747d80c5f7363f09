/** The reads of a run: one token for the app, one for an organization, and GETs with them. Nothing is written. */
import { fixed } from "@effect-icr/app/Credential"
import { IcrHttp, schemaBodyJson } from "@effect-icr/app/IcrHttp"
import type { IcrError } from "@effect-icr/app/IcrError"
import { Array as Arr, Effect, Option, Predicate, type Redacted, Ref, Result, Schema } from "effect"
import type { HttpClientResponse } from "effect/http"
import { type ClientFields, clientFields } from "./clientFields.ts"

/** One request and what came of it. Bodies stay here: nothing of them is printed but names of fields and known words. */
export interface Read {
  /** Method and path as the reference prints it, such as `GET /projects/{id}`. */
  readonly name: string
  readonly method: "GET" | "POST"
  readonly path: string
  /** What makes it another one than the plain read, such as `without a page`. */
  readonly variant: Option.Option<string>
  /** None where there was no answer. */
  readonly status: Option.Option<number>
  /** Why there is no success. */
  readonly problem: Option.Option<string>
  readonly contentType: Option.Option<string>
  /** The body of a success, as a text and as JSON. */
  readonly text: string
  readonly json: unknown
  /** How many items its list has. */
  readonly count: Option.Option<number>
  /** None where the client has no schema for it; else a failure with the field that could not be decoded. */
  readonly decoded: Option.Option<Result.Result<void, string>>
  readonly client: Option.Option<ClientFields>
  /** Whether the client has this operation and does not do without. */
  readonly isNeeded: boolean
}

/** What to ask for. */
export interface Ask<A> {
  readonly method?: "GET" | "POST"
  /** As the reference prints it. */
  readonly path: string
  readonly params?: { readonly [name: string]: string } | undefined
  readonly query?: { readonly [name: string]: string | number } | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
  readonly variant?: string | undefined
  /** The name of the list in the answer. */
  readonly list?: string | undefined
  readonly schema?: Schema.Codec<A, unknown> | undefined
  /** Where the shape on the wire is not that of the schema. */
  readonly isOtherShape?: boolean | undefined
  /** Where the client does without the whole operation. */
  readonly isOptional?: boolean | undefined
}

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

/** How many items the list of an answer has. */
const countIn = (json: unknown, list: string | undefined): Option.Option<number> =>
  list !== undefined && Predicate.hasProperty(json, list) && Array.isArray(json[list])
    ? Option.some(json[list].length)
    : Option.none()

const statusOf = ({ reason }: IcrError) =>
  "status" in reason && Predicate.isNumber(reason.status) ? Option.some(reason.status) : Option.none()

/** What was read so far. */
export type Reads = Ref.Ref<ReadonlyArray<Read>>

/** The field that could not be decoded, and what was expected there: never what was there. */
const fieldOf = (error: IcrError) =>
  error.reason._tag === "DecodeFailure"
    ? `${error.reason.at === "" ? "the answer" : error.reason.at}: ${error.reason.expected}`
    : error.reason._tag

const successOf = (response: HttpClientResponse.HttpClientResponse, text: string, list: string | undefined) => {
  const json = Option.getOrUndefined(parse(text))
  return {
    status: Option.some(response.status),
    problem: Option.none(),
    contentType: Option.fromUndefinedOr(response.headers["content-type"]),
    text,
    json,
    count: countIn(json, list)
  }
}

const failureOf = (error: IcrError) => ({
  status: statusOf(error),
  problem: Option.some(error.reason._tag),
  contentType: Option.none(),
  text: "",
  json: undefined,
  count: Option.none()
})

const fill = (path: string, params: { readonly [name: string]: string } = {}) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""))

/** Sends one request with a credential and notes what came of it. Succeeds with what the client decoded. */
export const read = Effect.fnUntraced(function* <A>(reads: Reads, credential: Redacted.Redacted, ask: Ask<A>) {
  const { method = "GET", params, path, query = {}, schema, variant } = ask
  const http = yield* IcrHttp
  const client = http.client({ operation: "conformance", credential: fixed(credential) })
  const options = { urlParams: query, ...(ask.headers === undefined ? {} : { headers: ask.headers }) }
  const url = fill(path, params)
  const answer = yield* Effect.result(method === "GET" ? client.get(url, options) : client.post(url, options))
  const decoded =
    schema === undefined || Result.isFailure(answer)
      ? Option.none()
      : Option.some(yield* Effect.result(schemaBodyJson(schema)(answer.success)))
  const outcome = Result.isFailure(answer)
    ? failureOf(answer.failure)
    : successOf(answer.success, yield* Effect.orElseSucceed(answer.success.text, () => ""), ask.list)
  const done: Read = {
    name: `${method} ${path}`,
    method,
    path,
    variant: Option.fromUndefinedOr(variant),
    ...outcome,
    decoded: Option.map(decoded, Result.mapBoth({ onSuccess: () => undefined, onFailure: fieldOf })),
    client: schema === undefined || ask.isOtherShape === true ? Option.none() : Option.some(clientFields(schema)),
    isNeeded: schema !== undefined && variant === undefined && ask.isOptional !== true
  }
  yield* Ref.update(reads, Arr.append(done))
  return Option.flatMap(decoded, Result.getSuccess)
})
