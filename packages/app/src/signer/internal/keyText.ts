/**
 * From a text as it was configured to a PEM text or the bytes of a key. Environment files, JSON, shells, URLs and templates
 * escape newlines, each in its own style and some of them twice; secret stores want base64; Windows writes UTF-16.
 */
import * as Option from "effect/Option"
import { decodeBase64 } from "../../config/internal/base64.ts"

/** A text with a BEGIN line, or the bytes of a key without its armour. */
export type KeyText = { readonly pem: string } | { readonly der: Uint8Array<ArrayBuffer> }

/** UTF-16 read as UTF-8 leaves a NUL beside each character, and its byte order mark cannot be read. */
const unseen = /[\0\uFFFD\p{Cf}]/gu

/** `\u000a`, `\x0a` and `%0A`, escaped once or more often. */
const hexCode = /(?:\\+u00|\\+x|%(?:25)*)([0-9a-f]{2})/gi
/** `&#10;` and `&#xA;` */
const xmlCode = /&(?:amp;)*#(x?[0-9a-f]+);/gi
/** `\n`, `\r`, `\t`, `\012`, and a backslash at the end of a line. */
const newline = /\\+(?:[nrt]|01[25]|\r?\n)/g
/** A backslash before anything that needs none, such as `\/` and `\"`. */
const spareBackslash = /\\+(?![0-9a-z\\])/gi

const unescape = (text: string) =>
  text
    .replace(unseen, "")
    .replace(hexCode, (_, code: string) => String.fromCharCode(Number(`0x${code}`)))
    .replace(xmlCode, (_, code: string) => String.fromCharCode(Number(`0${code}`)))
    .replace(newline, "\n")
    .replace(spareBackslash, "")

/** The text that base64 is, whatever stands around it: a prefix, quotes, JSON. */
const base64Text = /[\w+/=\s-]{40,}/

const beginLine = /[-\p{Pd}\u2212]\s*BEGIN/u

const utf8 = new TextDecoder()

const isDer = (bytes: Uint8Array) => bytes[0] === 0x30 && (bytes[1] ?? 0) > 0x7f

const readTimes = (given: string, times: number): Option.Option<KeyText> => {
  const text = unescape(given)
  if (beginLine.test(text)) return Option.some({ pem: text })
  if (times === 0) return Option.none()
  return Option.flatMap(decodeBase64(base64Text.exec(text)?.[0] ?? ""), (bytes) =>
    isDer(bytes) ? Option.some({ der: bytes }) : readTimes(utf8.decode(bytes), times - 1)
  )
}

/** None where no key is in the text. Base64 is taken off up to three times. */
export const readKeyText = (given: string): Option.Option<KeyText> => readTimes(given, 3)
