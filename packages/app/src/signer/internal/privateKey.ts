/**
 * A private key as people have it: PKCS#1 or PKCS#8, with the line ends of any system or none, newlines escaped by an
 * environment file, quotes and blank space around it, or the whole PEM in base64. Comes out as the bytes of PKCS#8, since
 * WebCrypto reads nothing else. What cannot be used is told apart, so that the message can say what to do.
 */
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"

/** What to do about a key that cannot be used. Never contains any of it. */
export type KeyProblem = { readonly problem: string }

/** A key ready for import. */
export type ReadKey = { readonly pkcs8: Uint8Array<ArrayBuffer> } | KeyProblem

const convert = "openssl pkey -in key.pem -out icr_private_key.pem"
const dashboard = "generate a key on the app's Credentials tab and use the whole icr_private_key.pem"

const problem = (text: string): KeyProblem => ({ problem: text })

const encrypted = `it is encrypted with a passphrase; decrypt it: ${convert}`

/** By PEM label: what it is instead of an RSA private key. */
const wrongLabels: { readonly [label: string]: string } = {
  "PUBLIC KEY": `it is a public key; ${dashboard}`,
  "RSA PUBLIC KEY": `it is a public key; ${dashboard}`,
  CERTIFICATE: `it is a certificate; ${dashboard}`,
  "ENCRYPTED PRIVATE KEY": encrypted,
  "OPENSSH PRIVATE KEY": "it is in OpenSSH's own format; convert it: ssh-keygen -p -m PEM -f key.pem",
  "EC PRIVATE KEY": `it is an EC key and the registry signs with RS256; ${dashboard}`,
  "DSA PRIVATE KEY": `it is a DSA key and the registry signs with RS256; ${dashboard}`
}

const unquote = (text: string) =>
  text
    .trim()
    .replace(/^(["'])([\s\S]*)\1$/, "$2")
    .trim()

const unescapeNewlines = (text: string) => text.replace(/\\r/g, "").replace(/\\n/g, "\n")

const latin1 = new TextDecoder("latin1")

/** A PEM wrapped in base64 as a whole, as some secret stores want it. */
const unwrap = (text: string) => {
  if (text.includes("-----")) return text
  const decoded = Base64.decode(text.replace(/\s+/g, ""))
  const pem = Result.isSuccess(decoded) ? latin1.decode(decoded.success) : text
  return pem.includes("-----BEGIN") ? unescapeNewlines(unquote(pem)) : text
}

const toHex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

const oids = { rsa: "06092a864886f70d010101", rsaPss: "06092a864886f70d01010a", ec: "06072a8648ce3d0201" }

const derLength = (length: number): ReadonlyArray<number> =>
  length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]

const der = (tag: number, ...parts: ReadonlyArray<ArrayLike<number>>) => {
  const content = parts.flatMap((part) => Array.from(part))
  return [tag, ...derLength(content.length), ...content]
}

const rsaAlgorithm = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00]

/** `PrivateKeyInfo ::= SEQUENCE { version 0, rsaEncryption, OCTET STRING RSAPrivateKey }` (RFC 5208). */
const pkcs1ToPkcs8 = (pkcs1: Uint8Array) =>
  Uint8Array.from(der(0x30, [0x02, 0x01, 0x00], rsaAlgorithm, der(0x04, pkcs1)))

/** `RSAPrivateKey ::= SEQUENCE { version 0, modulus INTEGER, … }` (RFC 8017). */
const isPkcs1 = (hex: string) => /^3082....02010002/.test(hex)

/** By what the bytes say: some tools put one form under the other's label. */
const readBytes = (bytes: Uint8Array): ReadKey => {
  const head = toHex(bytes.subarray(0, 48))
  if (isPkcs1(head)) return { pkcs8: pkcs1ToPkcs8(bytes) }
  if (head.includes(oids.rsa)) return { pkcs8: Uint8Array.from(bytes) }
  if (head.includes(oids.ec)) return problem(`it is an EC key and the registry signs with RS256; ${dashboard}`)
  if (head.includes(oids.rsaPss)) {
    return problem(`it is restricted to RSA-PSS and the registry signs with RS256; ${dashboard}`)
  }
  return problem(`it is not an RSA key; ${dashboard}`)
}

/** The private key of a text that may hold more, such as a certificate or EC parameters before it; else its first block. */
const findBlock = (text: string) => {
  const blocks = Array.from(text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g), (match) => ({
    label: match[1] ?? "",
    rest: text.slice(match.index + match[0].length)
  }))
  return blocks.find(({ label }) => label.endsWith("PRIVATE KEY")) ?? blocks[0]
}

/** Reads the text of a key. */
export const readPrivateKey = (given: string): ReadKey => {
  const text = unwrap(unescapeNewlines(unquote(given)))
  if (text === "") return problem(`it is empty; ${dashboard}`)
  const block = findBlock(text)
  if (block === undefined) return problem(`it is not a PEM text (no BEGIN line); ${dashboard}`)
  const { label, rest } = block
  const wrong = wrongLabels[label]
  if (wrong !== undefined) return problem(wrong)
  const end = rest.indexOf(`-----END ${label}-----`)
  if (end < 0) {
    return problem(`it is only part of a key (no END line), often because its newlines were lost; ${dashboard}`)
  }
  if (/Proc-Type:.*ENCRYPTED/.test(rest.slice(0, end))) return problem(encrypted)
  const body = Base64.decode(rest.slice(0, end).replace(/\s+/g, ""))
  return Result.isFailure(body)
    ? problem(`the text between BEGIN and END is damaged; ${dashboard}`)
    : readBytes(body.success)
}
