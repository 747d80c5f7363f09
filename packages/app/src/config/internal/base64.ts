/** Decodes base64 in every spelling that keys and secrets come in. */
import * as Base64Url from "effect/encoding/Base64Url"
import * as Option from "effect/Option"
import * as Result from "effect/Result"

/** The bytes of base64 in either alphabet, with or without padding, wrapped or not. */
export const decodeBase64 = (text: string): Option.Option<Uint8Array<ArrayBuffer>> => {
  const plain = text.replace(/\s+/g, "").replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_")
  return Option.map(Result.getSuccess(Base64Url.decode(plain)), (bytes) => Uint8Array.from(bytes))
}
