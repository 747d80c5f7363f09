/**
 * Reads a private key as people have it: the text (`keyText`), in it the bytes of PKCS#1 or PKCS#8, from which WebCrypto reads
 * PKCS#8 alone. What cannot be used is told apart, so that the message can say what to do (`keyProblem`).
 */
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import * as Predicate from "effect/Predicate"
import * as KeyProblem from "./keyProblem.ts"
import { readKeyText } from "./keyText.ts"

/** Tag and length of an element of 256 bytes or more, as all of a PKCS#1 key are. */
const long = (tag: number, length: number) => [tag, 0x82, length >> 8, length & 0xff]

/** `INTEGER 0, SEQUENCE { rsaEncryption, NULL }` */
const rsaAlgorithm = [2, 1, 0, 0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0]

/** `PrivateKeyInfo ::= SEQUENCE { version 0, rsaEncryption, OCTET STRING RSAPrivateKey }` (RFC 5208). */
const pkcs1ToPkcs8 = (pkcs1: Uint8Array) => {
  const content = [...rsaAlgorithm, ...long(0x04, pkcs1.length), ...pkcs1]
  return Uint8Array.from([...long(0x30, content.length), ...content])
}

/** The length that a key of 256 bytes or more says it has. */
const saidLength = ([tag, form, high = 0, low = 0]: Uint8Array) =>
  tag === 0x30 && form === 0x82 ? 4 + high * 256 + low : 0

/** An RSA private key that WebCrypto reads, and the form in which it was given. */
interface Pkcs8 {
  readonly pkcs8: Uint8Array<ArrayBuffer>
  readonly form: "PKCS#1" | "PKCS#8"
}

/** The key as PKCS#8, or what it is instead of an RSA private key. The bytes decide: some tools put one form under the other's label. */
const toPkcs8 = (bytes: Uint8Array<ArrayBuffer>): Pkcs8 | string => {
  // Object identifiers stand in the first bytes of a key.
  const head = Hex.encode(bytes.subarray(0, 48))
  if (head.includes("06072a8648ce3d0201")) return KeyProblem.ec
  if (head.includes("06092a864886f70d01010a")) return KeyProblem.rsaPss
  if (head.includes("06092a864886f70d01050d")) return KeyProblem.encrypted
  if (bytes.length < saidLength(bytes)) return KeyProblem.cut
  // `RSAPrivateKey ::= SEQUENCE { version, modulus INTEGER, … }` (RFC 8017); version 1 has more than two primes.
  if (/^3082....02010[01]02/.test(head)) return { pkcs8: pkcs1ToPkcs8(bytes), form: "PKCS#1" }
  if (!head.includes("06092a864886f70d010101")) return KeyProblem.notRsa
  // `PrivateKeyInfo ::= SEQUENCE { version, SEQUENCE { algorithm, … }, … }` (RFC 5208, RFC 5958).
  return /^3082....02010[01]30/.test(head) ? { pkcs8: bytes, form: "PKCS#8" } : KeyProblem.publicKey
}

/** An RSA key that is fit for RS256. */
export interface PrivateKey extends Pkcs8 {
  readonly key: CryptoKey
  readonly bits: number
}

/** RS256 in the words of WebCrypto. */
const rs256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const

/**
 * Reads the text of a private key and imports it. Fails with what is wrong with the key and what to do about it, which never
 * contains any of the key.
 */
export const importPrivateKey = Effect.fnUntraced(function* (given: string): Effect.fn.Return<PrivateKey, string> {
  const bytes = readKeyText(given)
  const found = typeof bytes === "string" ? bytes : toPkcs8(bytes)
  if (typeof found === "string") return yield* Effect.fail(found)
  const key = yield* Effect.tryPromise({
    try: () => crypto.subtle.importKey("pkcs8", found.pkcs8, rs256, false, ["sign"]),
    // The cause may quote the key: it stays here.
    catch: () => KeyProblem.unreadable
  })
  const { algorithm } = key
  const bits = Predicate.hasProperty(algorithm, "modulusLength") ? Number(algorithm.modulusLength) : 0
  return bits < 2048 ? yield* Effect.fail(KeyProblem.tooShort(bits)) : { ...found, key, bits }
})
