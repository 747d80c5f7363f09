/**
 * From a text as it was configured to the bytes of the key in it. Environment files, JSON, shells, URLs and templates escape
 * newlines, each in its own style and some of them twice; secret stores want base64; Windows writes UTF-16.
 */
import * as Option from "effect/Option"
import { decodeBase64 } from "../../config/internal/base64.ts"
import { clean } from "../../config/internal/validate.ts"
import * as KeyProblem from "./keyProblem.ts"

/** The bytes of a key, or what is wrong with its text. */
type KeyBytes = Uint8Array<ArrayBuffer> | string

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

/** By label without blanks: what it is instead of an RSA private key. */
const wrongLabels: { readonly [label: string]: string } = {
  PUBLICKEY: KeyProblem.publicKey,
  RSAPUBLICKEY: KeyProblem.publicKey,
  CERTIFICATE: KeyProblem.certificate,
  ENCRYPTEDPRIVATEKEY: KeyProblem.encrypted,
  OPENSSHPRIVATEKEY: KeyProblem.openSsh,
  ECPRIVATEKEY: KeyProblem.ec
}

/** Blanks in the label may have been lost, or be the `+` of a form. */
const anyBegin = /-----\s*BEGIN([A-Z0-9+\s]+)-----/
/** A text may hold more than the key, such as a certificate or EC parameters before it. */
const privateKeyBegin = /-----\s*BEGIN([A-Z0-9+\s]*PRIVATE[+\s]*KEY[+\s]*)-----/

const typographicDash = /[\u2010-\u2015\u2212]/

/** Blanks, and what else stands around lines that were written as strings of a program. */
const aroundLines = /[\s"',]+/g

/** From a PEM text (RFC 7468). */
const readPem = (text: string): KeyBytes => {
  const incomplete = (problem: string) => (typographicDash.test(text) ? KeyProblem.typographicDashes : problem)
  const begin = privateKeyBegin.exec(text) ?? anyBegin.exec(text)
  if (begin === null) return incomplete(KeyProblem.notPem)
  const [line, label = ""] = begin
  const wrong = wrongLabels[label.replace(/[+\s]/g, "")]
  if (wrong !== undefined) return wrong
  const [lines = "", end] = text.slice(begin.index + line.length).split(/-----\s*END/, 2)
  if (end === undefined) return incomplete(KeyProblem.noEnd)
  if (/Proc-Type:.*ENCRYPTED/.test(lines)) return KeyProblem.encrypted
  const body = lines.replace(aroundLines, "")
  if (body === "") return KeyProblem.empty
  if (/^r?nMI/.test(body)) return KeyProblem.lostEscapes
  if (body.includes("\\")) return KeyProblem.unknownEscapes
  return Option.getOrElse(decodeBase64(body), () => KeyProblem.damaged)
}

/** The base64 in a text, whatever stands around it: a prefix, quotes, JSON. */
const base64Text = /[\w+/=\s-]{40,}/

const path = /^(?:file:|~?[\\/]|\.{1,2}[\\/]|[a-z]:[\\/])|\.(?:pem|key|p8|der|txt)$/i

/** Why there is no key in a text. */
const explain = (text: string) =>
  text === "" ? KeyProblem.empty : !/\s/.test(text) && path.test(text) ? KeyProblem.path : KeyProblem.notPem

const utf8 = new TextDecoder()

const readTimes = (given: string, times: number): KeyBytes | undefined => {
  const text = unescape(given)
  if (/[-\p{Pd}\u2212]\s*BEGIN/u.test(text)) return readPem(text)
  const bytes = Option.getOrUndefined(decodeBase64(base64Text.exec(text)?.[0] ?? ""))
  if (times === 0 || bytes === undefined) return undefined
  // The bytes of a key without its armour: a sequence of more than 127 bytes.
  return bytes[0] === 0x30 && (bytes[1] ?? 0) > 0x7f ? bytes : readTimes(utf8.decode(bytes), times - 1)
}

/** The bytes of the key in a text. Base64 is taken off up to three times. */
export const readKeyText = (given: string): KeyBytes => readTimes(given, 3) ?? explain(clean(given))
