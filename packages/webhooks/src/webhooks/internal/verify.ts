/** Verifies a delivery: header → digest, body → signed text, signature, signed text → event. */
import { describeIssue, utf8Bytes } from "@effect-icr/app/extension"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Hex from "effect/encoding/Hex"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { makeKey, sha256 } from "../../mac/internal/hashing.ts"
import { WebhookError, type WebhookErrorKind } from "../WebhookError.ts"
import { WebhookEvent } from "../WebhookEvent.ts"
import type { Delivery } from "./service.ts"

const refuse = (kind: WebhookErrorKind) => Result.fail(new WebhookError({ kind }))

const prefix = "sha256="
const digestLength = 32

/** Strict: a digest with anything around it or in another spelling is not the registry's. */
const digestOf = (signature: unknown): Result.Result<Uint8Array, WebhookError> => {
  if (signature === undefined || signature === null || signature === "") return refuse("signatureMissing")
  if (!Predicate.isString(signature)) return refuse("signatureNotText")
  if (!signature.startsWith(prefix)) {
    return refuse(signature.includes(prefix) ? "signatureJunk" : "signaturePrefix")
  }
  const digest = signature.slice(prefix.length)
  if (!/^[0-9a-f]*$/.test(digest)) {
    return refuse(/^[^0-9a-z]|[0-9a-f]{64}[^0-9a-z]/i.test(digest) ? "signatureJunk" : "signatureNotHex")
  }
  // Lower-case hex that cannot be decoded has an odd number of digits.
  const bytes = Result.mapError(Hex.decode(digest), () => new WebhookError({ kind: "signatureOdd" }))
  return Result.flatMap(bytes, (bytes) =>
    bytes.length === digestLength ? Result.succeed(bytes) : refuse("signatureLength")
  )
}

// `ignoreBOM` keeps the mark in the text, so that it can be refused instead of being dropped silently.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const decodeUtf8 = Option.liftThrowable((bytes: Uint8Array) => decoder.decode(bytes))
const parseJson = Option.liftThrowable((text: string): unknown => JSON.parse(text))
const isArrayBuffer = (value: unknown): value is ArrayBuffer =>
  Object.prototype.toString.call(value) === "[object ArrayBuffer]"
const mark = "\uFEFF"

/** Whether a text is JSON in base64, which is what some gateways make of a body. */
const isBase64Json = (text: string) =>
  Option.isSome(Option.flatMap(Result.getSuccess(Base64.decodeString(text.replaceAll(/\s/g, ""))), parseJson))

const jsonOf = (given: string | Uint8Array, part: "body" | "signedData"): Result.Result<unknown, WebhookError> => {
  const text = typeof given === "string" ? Option.some(given) : decodeUtf8(given)
  if (Option.isNone(text)) return refuse(`${part}NotUtf8`)
  if (text.value.startsWith(mark)) return refuse(`${part}Bom`)
  const value = parseJson(text.value)
  if (Option.isSome(value)) return Result.succeed(value.value)
  return refuse(part === "body" && isBase64Json(text.value) ? "bodyBase64" : `${part}NotJson`)
}

/** Text or bytes, the latter of whatever realm and kind. Plain JavaScript hands over other things too. */
const contentOf = (body: unknown): Option.Option<string | Uint8Array> => {
  if (Predicate.isString(body)) return Option.some(body)
  if (ArrayBuffer.isView(body)) return Option.some(new Uint8Array(body.buffer, body.byteOffset, body.byteLength))
  return isArrayBuffer(body) ? Option.some(new Uint8Array(body)) : Option.none()
}

/** A text of n characters has n to 3n bytes: most are judged without counting. */
const isTooLarge = (body: string | Uint8Array, limit: number) =>
  body.length > limit || (typeof body === "string" && body.length * 3 > limit && utf8Bytes(body).length > limit)

/** The one field of the body that is signed, as text. Nothing else of the body is ever read. */
export const signedDataOf = (given: unknown, limit: number): Result.Result<string, WebhookError> => {
  const body = contentOf(given)
  if (Option.isNone(body)) return refuse("bodyNotText")
  if (isTooLarge(body.value, limit)) return refuse("bodyTooLarge")
  return Result.flatMap(jsonOf(body.value, "body"), (value) => {
    if (Predicate.isString(value) && isBase64Json(value)) return refuse("bodyBase64")
    return Predicate.hasProperty(value, "signedData") && Predicate.isString(value.signedData) && value.signedData !== ""
      ? Result.succeed(value.signedData)
      : refuse("signedDataMissing")
  })
}

const decodeEvent = Schema.decodeUnknownResult(WebhookEvent)

/** The event inside the signed text. Call it on verified text only. */
export const eventOf = (signedData: string): Result.Result<WebhookEvent, WebhookError> =>
  Base64.decode(signedData).pipe(
    Result.mapError(() => new WebhookError({ kind: "signedDataNotBase64" })),
    Result.flatMap((bytes) => jsonOf(bytes, "signedData")),
    Result.flatMap((value) =>
      Result.mapError(decodeEvent(value), (error) => {
        const { at, expected } = describeIssue(error)
        return new WebhookError({ kind: "unknownShape", detail: at === "" ? expected : `at ${at}, ${expected}` })
      })
    )
  )

/** The parts of a delivery, which from plain JavaScript may be anything, nothing included. */
export const partsOf = (delivery: unknown): { readonly body?: unknown; readonly signature?: unknown } =>
  Predicate.isObject(delivery) ? delivery : {}

const decodeName = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ event: Schema.String })))

const nameIn = (signedData: string) =>
  Option.getOrElse(Option.flatMap(Result.getSuccess(Base64.decodeString(signedData)), decodeName), () => ({}))

/** The event inside the signed text. An error names the delivery, so that one of an unknown shape can be found again. */
export const eventOrNamedError = (signedData: string): Effect.Effect<WebhookEvent, WebhookError> =>
  Effect.catch(Effect.fromResult(eventOf(signedData)), ({ detail, kind }) =>
    Effect.flatMap(sha256(utf8Bytes(signedData)), (id) =>
      Effect.fail(new WebhookError({ kind, detail, id, ...nameIn(signedData) }))
    )
  )

/** A function that returns the event inside a delivery, and the text it was decoded from, also as bytes. */
export const makeVerifier = Effect.fnUntraced(function* (secrets: ReadonlyArray<Redacted.Redacted>, limit: number) {
  const keys = yield* Effect.forEach(secrets, makeKey)

  return Effect.fnUntraced(function* (given: Delivery) {
    const { body, signature } = partsOf(given)
    const digest = yield* Effect.fromResult(digestOf(signature))
    const signedData = yield* Effect.fromResult(signedDataOf(body, limit))
    const bytes = utf8Bytes(signedData)
    for (const key of keys) {
      if (yield* key.verify(bytes, digest)) return { event: yield* eventOrNamedError(signedData), signedData, bytes }
    }
    return yield* new WebhookError({ kind: "signatureMismatch" })
  })
})
