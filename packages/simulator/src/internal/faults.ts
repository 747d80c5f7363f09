/** Applies faults to the answer of a request. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Fault } from "../Fault.ts"
import { errorBody, statusNames } from "./errorAnswers.ts"
import * as Amount from "./credits/amount.ts"
import * as Tokens from "./tokens.ts"

/** A broken connection where there is no socket. The in-memory transport turns it into a transport error. */
export class ConnectionReset extends Data.TaggedError("ConnectionReset")<{}> {}

/** Breaks the connection of a request, before the head or within the body of its answer. Never returns. */
export type Reset = (request: HttpServerRequest.HttpServerRequest, where: "head" | "body") => Effect.Effect<never>

type Answer<E, R> = Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The bytes of the body. The registry's answers are complete JSON texts, so no stream needs reading. */
const bytesOf = (response: HttpServerResponse.HttpServerResponse): Uint8Array =>
  response.body._tag === "Uint8Array" ? response.body.body : new Uint8Array()

const contentTypeOf = ({ body }: HttpServerResponse.HttpServerResponse) =>
  (body._tag === "Empty" ? undefined : body.contentType) ?? "application/json"

const withText = (response: HttpServerResponse.HttpServerResponse, text: string) =>
  HttpServerResponse.text(text, {
    status: response.status,
    headers: response.headers,
    contentType: contentTypeOf(response)
  })

/** Sends the head and the first half of the body, then what `rest` makes of the second half. */
const halved = (
  response: HttpServerResponse.HttpServerResponse,
  rest: (second: Uint8Array) => Stream.Stream<Uint8Array, ConnectionReset>
) => {
  const bytes = bytesOf(response)
  const half = Math.ceil(bytes.length / 2)
  return HttpServerResponse.stream(Stream.concat(Stream.succeed(bytes.slice(0, half)), rest(bytes.slice(half))), {
    status: response.status,
    headers: response.headers,
    contentType: contentTypeOf(response),
    contentLength: bytes.length
  })
}

const pause = (millis: number | undefined) => (millis === undefined ? Effect.never : Effect.sleep(millis))

const page = (status: number) =>
  `<!doctype html><html><head><title>${status}</title></head><body><h1>${status} ${statusNames[status] ?? "Error"}</h1>` +
  `<p>The server is temporarily unable to service your request.</p></body></html>`

const chunk = encoder.encode("a".repeat(65_536))

const oversized = (bytes: number) => {
  const frame = encoder.encode('{"filler":""}')
  const open = frame.slice(0, -2)
  const filler = Math.max(0, bytes - frame.length)
  const chunks = Stream.range(0, Math.ceil(filler / chunk.length) - 1).pipe(
    Stream.map((n) => chunk.slice(0, Math.min(chunk.length, filler - n * chunk.length)))
  )
  const body = filler === 0 ? Stream.empty : chunks
  return HttpServerResponse.stream(
    Stream.concat(Stream.concat(Stream.succeed(open), body), Stream.succeed(frame.slice(-2))),
    { contentType: "application/json" }
  )
}

const decorate = (value: Schema.Json): Schema.Json => {
  if (Amount.isExact(value)) return value
  if (Array.isArray(value)) return value.map(decorate)
  if (typeof value !== "object" || value === null) return value
  const fields = Object.entries(value).map(([name, field]) => [name, decorate(field)] as const)
  return { ...Object.fromEntries(fields), xUnknown: { nested: [1, "two", null] }, "x-another": true }
}
const decodeJson = (text: string) => Schema.decodeUnknownSync(Schema.Json)(Amount.parseJson(text))

/** Whether an answer is JSON. A certificate and an empty answer are not. */
const isJson = (response: HttpServerResponse.HttpServerResponse) =>
  response.body._tag === "Uint8Array" && contentTypeOf(response).startsWith("application/json")

const echo = (status: number) =>
  Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => {
    const authorization = headers["authorization"] ?? ""
    return HttpServerResponse.jsonUnsafe(
      { ...errorBody(status, `Could not use ${authorization}`), request: { headers } },
      { status, headers: { "x-echo-authorization": authorization } }
    )
  })

const status = (fault: Extract<Fault, { _tag: "Status" }>) => {
  const options = { status: fault.status, headers: fault.headers ?? {} }
  return typeof fault.body === "string"
    ? HttpServerResponse.text(fault.body, options)
    : HttpServerResponse.jsonUnsafe(fault.body ?? errorBody(fault.status), options)
}

/** Applies one fault to `answer`. */
const under = <E, R>(
  answer: Answer<E, R>,
  fault: Fault,
  reset: Reset
): Answer<E, R | HttpServerRequest.HttpServerRequest> => {
  const broken = Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => reset(request, "head"))
  switch (fault._tag) {
    case "Status":
      return fault.handled === true ? Effect.map(answer, () => status(fault)) : Effect.sync(() => status(fault))
    case "LateWork":
      return Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ text }) => {
        const { status: code = 503 } = fault
        // The body is read before the connection is free for the next request.
        return Effect.ignore(text).pipe(
          Effect.andThen(Effect.forkDetach(Effect.ignoreCause(Effect.delay(answer, fault.millis)))),
          Effect.as(HttpServerResponse.jsonUnsafe(errorBody(code), { status: code }))
        )
      })
    case "Latency":
      return Effect.delay(answer, fault.millis)
    case "StallBeforeHead":
      return Effect.andThen(pause(fault.millis), answer)
    case "StallInBody":
      return Effect.map(answer, (response) =>
        halved(response, (second) => Stream.fromEffect(Effect.as(pause(fault.millis), second)))
      )
    case "Reset":
      if (fault.at === "answer") return Effect.andThen(answer, broken)
      if (fault.at !== "body") return broken
      return Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) =>
        Effect.map(answer, (response) => halved(response, () => Stream.fromEffect(asFailure(reset(request, "body")))))
      )
    case "TruncatedJson":
      return Effect.map(answer, (response) => {
        const text = decoder.decode(bytesOf(response))
        return withText(response, text.slice(0, Math.ceil(text.length / 2)))
      })
    case "HtmlPage": {
      const code = fault.status ?? 502
      return Effect.succeed(HttpServerResponse.text(page(code), { status: code, contentType: "text/html" }))
    }
    case "OversizedBody":
      return Effect.succeed(oversized(fault.bytes ?? 16 * 1024 * 1024))
    case "DuplicateFields":
      return Effect.map(answer, (response) =>
        withText(response, decoder.decode(bytesOf(response)).replace(/^\{"([^"]+)":/, '{"$1":"duplicate","$1":'))
      )
    case "UnknownFields":
      return Effect.map(answer, (response) =>
        isJson(response)
          ? withText(response, JSON.stringify(decorate(decodeJson(decoder.decode(bytesOf(response))))))
          : response
      )
    case "EchoCredentials":
      return echo(fault.status ?? 400)
    case "DateSkew":
      // The caller applies it, where it writes the header.
      return answer
    case "FreshToken":
      return Effect.provideService(answer, Tokens.FreshTokenDelay, fault.millis)
  }
}

/** A broken connection is a defect in memory. Within a body it must be a failure of the stream. */
const asFailure = (broken: Effect.Effect<never>): Effect.Effect<never, ConnectionReset> =>
  Effect.catchDefect(broken, (defect) => (defect instanceof ConnectionReset ? Effect.fail(defect) : Effect.die(defect)))

/** Applies all faults to `answer`. The first one is nearest to the client. */
export const apply = <E, R>(
  answer: Answer<E, R>,
  faults: ReadonlyArray<Fault>,
  reset: Reset
): Answer<E, R | HttpServerRequest.HttpServerRequest> =>
  faults.reduceRight<Answer<E, R | HttpServerRequest.HttpServerRequest>>(
    (inner, fault) => under(inner, fault, reset),
    answer
  )

/** Sum of the shifts of the `Date` header, in milliseconds. */
export const dateSkew = (faults: ReadonlyArray<Fault>): number =>
  faults.reduce((sum, fault) => (fault._tag === "DateSkew" ? sum + fault.millis : sum), 0)
