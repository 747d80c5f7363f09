/** The pure parts of verifying a delivery: header → digest, body → signed text, signed text → event. */
import * as Base64 from "effect/encoding/Base64"
import * as Hex from "effect/encoding/Hex"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { WebhookEvent } from "../domain/WebhookEvent.ts"
import { type IcrError, fail } from "../IcrError.ts"
import { type WebhookRefusalKind, WebhookRefused } from "../Refusals.ts"
import { describeIssue } from "./decode.ts"

export const refusal = (kind: WebhookRefusalKind, detail = ""): IcrError => fail(new WebhookRefused({ kind, detail }))
const refuse = (kind: WebhookRefusalKind, detail?: string) => Result.fail(refusal(kind, detail))

const prefix = "sha256="
const digestLength = 32

/** Strict: a digest with anything around it or in another spelling is not the registry's. */
export const digestOf = (signature: string | undefined): Result.Result<Uint8Array<ArrayBuffer>, IcrError> => {
  if (signature === undefined || signature === "") return refuse("signatureMissing")
  if (!signature.startsWith(prefix)) {
    return refuse(signature.includes(prefix) ? "signatureJunk" : "signaturePrefix")
  }
  const digest = signature.slice(prefix.length)
  if (!/^[0-9a-f]*$/.test(digest)) {
    return refuse(/^[^0-9a-z]|[0-9a-f]{64}[^0-9a-z]/i.test(digest) ? "signatureJunk" : "signatureNotHex")
  }
  // Lower-case hex that cannot be decoded is a digit short.
  const bytes = Result.mapError(Hex.decode(digest), () => refusal("signatureOdd"))
  return Result.flatMap(bytes, (bytes) =>
    bytes.length === digestLength ? Result.succeed(new Uint8Array(bytes)) : refuse("signatureLength")
  )
}

// `ignoreBOM` keeps the mark in the text, so that it is noticed rather than swallowed.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const decodeUtf8 = Option.liftThrowable((bytes: Uint8Array) => decoder.decode(bytes))
const parseJson = Option.liftThrowable((text: string): unknown => JSON.parse(text))
const mark = "\uFEFF"
const utf8 = new TextEncoder()

const kinds = {
  body: { bom: "bodyBom", utf8: "bodyNotUtf8", json: "bodyNotJson" },
  signedData: { bom: "signedDataBom", utf8: "signedDataNotUtf8", json: "signedDataNotJson" }
} as const

const jsonOf = (given: string | Uint8Array, of: keyof typeof kinds): Result.Result<unknown, IcrError> => {
  const text = typeof given === "string" ? Option.some(given) : decodeUtf8(given)
  if (Option.isNone(text)) return refuse(kinds[of].utf8)
  if (text.value.startsWith(mark)) return refuse(kinds[of].bom)
  return Result.fromOption(parseJson(text.value), () => refusal(kinds[of].json))
}

/** A text of n characters has n to 3n bytes: most are judged without counting. */
const isTooLarge = (body: string | Uint8Array, limit: number) =>
  body.length > limit || (typeof body === "string" && body.length * 3 > limit && utf8.encode(body).length > limit)

/** The one field of the body that is signed, as text. Nothing else of the body is ever read. */
export const signedDataOf = (body: string | Uint8Array, limit: number): Result.Result<string, IcrError> => {
  if (isTooLarge(body, limit)) return refuse("bodyTooLarge")
  return Result.flatMap(jsonOf(body, "body"), (value) =>
    Predicate.hasProperty(value, "signedData") && Predicate.isString(value.signedData) && value.signedData !== ""
      ? Result.succeed(value.signedData)
      : refuse("signedDataMissing")
  )
}

const decodeEvent = Schema.decodeUnknownResult(WebhookEvent)

/** The event inside the signed text. Call it on verified text only. */
export const eventOf = (signedData: string): Result.Result<WebhookEvent, IcrError> =>
  Base64.decode(signedData).pipe(
    Result.mapError(() => refusal("signedDataNotBase64")),
    Result.flatMap((bytes) => jsonOf(bytes, "signedData")),
    Result.flatMap((value) =>
      Result.mapError(decodeEvent(value), (error) => {
        const { at, expected } = describeIssue(error)
        return refusal("unknownShape", at === "" ? expected : `at ${at}, ${expected}`)
      })
    )
  )
