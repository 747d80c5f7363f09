/** From a PEM text (RFC 7468) to the bytes of the private key in it. */
import * as Result from "effect/Result"
import { decodeBase64 } from "../../config/internal/base64.ts"
import * as KeyProblem from "./keyProblem.ts"

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
const beginLine = /-----\s*BEGIN([A-Z0-9+\s]+)-----/g
const endLine = /-----\s*END/

/** The private key of a text that may hold more, such as a certificate or EC parameters before it; else its first block. */
const findBlock = (text: string) => {
  const blocks = Array.from(text.matchAll(beginLine), (match) => ({
    label: (match[1] ?? "").replace(/[^A-Z0-9]/g, ""),
    rest: text.slice(match.index + match[0].length)
  }))
  return blocks.find(({ label }) => label.endsWith("PRIVATEKEY")) ?? blocks[0]
}

const typographicDash = /[\u2010-\u2015\u2212]/

/** Blanks, and what else stands around lines that were written as strings of a program. */
const aroundLines = /[\s"',]+/g

const decodeBody = (given: string): Result.Result<Uint8Array<ArrayBuffer>, string> => {
  const body = given.replace(aroundLines, "")
  if (body === "") return Result.fail(KeyProblem.empty)
  if (/^r?nMI/.test(body)) return Result.fail(KeyProblem.lostEscapes)
  if (body.includes("\\")) return Result.fail(KeyProblem.unknownEscapes)
  return Result.fromOption(decodeBase64(body), () => KeyProblem.damaged)
}

/** The bytes of the key, or what is wrong with the text. */
export const readPem = (text: string): Result.Result<Uint8Array<ArrayBuffer>, string> => {
  const incomplete = (problem: string) =>
    Result.fail(typographicDash.test(text) ? KeyProblem.typographicDashes : problem)
  const block = findBlock(text)
  if (block === undefined) return incomplete(KeyProblem.notPem)
  const wrong = wrongLabels[block.label]
  if (wrong !== undefined) return Result.fail(wrong)
  const end = block.rest.search(endLine)
  if (end < 0) return incomplete(KeyProblem.noEnd)
  const body = block.rest.slice(0, end)
  return /Proc-Type:.*ENCRYPTED/.test(body) ? Result.fail(KeyProblem.encrypted) : decodeBody(body)
}
