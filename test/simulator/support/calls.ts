import { Simulator } from "@effect-icr/simulator/Simulator"
import { Effect, Schema } from "effect"
import { HttpClient, HttpClientRequest, type HttpClientResponse, type HttpMethod } from "effect/http"
import { appJwt } from "./jwt.ts"

/** Sends a request to the simulator with whatever credential is given. */
export const call = Effect.fnUntraced(function* (
  method: HttpMethod.HttpMethod,
  path: string,
  bearer?: string,
  headers: Record<string, string> = {}
) {
  const { baseUrl } = yield* Simulator
  const client = yield* HttpClient.HttpClient
  const request = HttpClientRequest.make(method)(`${baseUrl}${path}`).pipe(HttpClientRequest.setHeaders(headers))
  return yield* client.execute(bearer === undefined ? request : HttpClientRequest.bearerToken(request, bearer))
})

/** Only the status of a GET. */
export const status = (path: string, token: string) =>
  Effect.map(call("GET", path, token), (response) => response.status)

/** Sends a request with a fresh app JWT. */
export const callAsApp = Effect.fnUntraced(function* (
  method: HttpMethod.HttpMethod,
  path: string,
  headers?: Record<string, string>
) {
  return yield* call(method, path, yield* appJwt(), headers)
})

export const ErrorBody = Schema.Struct({
  statusCode: Schema.Int,
  message: Schema.Union([Schema.String, Schema.Array(Schema.String)]),
  error: Schema.String
})
export const Token = Schema.Struct({ id: Schema.String, token: Schema.String, expiresAt: Schema.String })
/** The part of a token that says what it may do, and when. */
export const FullToken = Schema.Struct({
  createdAt: Schema.String,
  expiresAt: Schema.String,
  permissions: Schema.Record(Schema.String, Schema.String),
  appId: Schema.String
})
const Ids = Schema.Array(Schema.Struct({ id: Schema.String }))
export const Pagination = Schema.Struct({
  total: Schema.Int,
  currentPage: Schema.Int,
  pageCount: Schema.Int,
  nextPage: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  prevPage: Schema.optionalKey(Schema.NullOr(Schema.Int))
})
export const Page = Schema.Struct({ pagination: Pagination, installations: Ids })

export const body = <S extends Schema.Top>(schema: S) => {
  const decode = Schema.decodeUnknownEffect(schema)
  return (response: HttpClientResponse.HttpClientResponse) => Effect.flatMap(response.json, decode)
}

/** Status and message of an error answer whose body is the registry's. */
export const errorOf = Effect.fnUntraced(function* (response: HttpClientResponse.HttpClientResponse) {
  const { message, statusCode } = yield* body(ErrorBody)(response)
  if (statusCode !== response.status) return yield* Effect.die(`body says ${statusCode}, head says ${response.status}`)
  return { status: statusCode, message }
})

export const firstInstallation = Effect.gen(function* () {
  const [id] = yield* (yield* Simulator).installationIds
  return id ?? (yield* Effect.die("no installation"))
})

/** The value of a fresh installation access token. */
export const exchange = Effect.fnUntraced(function* (installationId?: string) {
  const id = installationId ?? (yield* firstInstallation)
  const response = yield* callAsApp("POST", `/app/installations/${id}/accessTokens`)
  return (yield* body(Token)(response)).token
})
