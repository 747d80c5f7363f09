/** From the bytes of a key (DER) to PKCS#8, which is all that WebCrypto reads. The bytes decide: some tools put one form under the other's label. */
import * as Hex from "effect/encoding/Hex"
import * as Result from "effect/Result"
import * as KeyProblem from "./keyProblem.ts"

/** Object identifiers in hex, as they stand in the first bytes of a key. */
const oids = {
  rsa: "06092a864886f70d010101",
  rsaPss: "06092a864886f70d01010a",
  ec: "06072a8648ce3d0201",
  passphrase: "06092a864886f70d01050d"
}

/** `RSAPrivateKey ::= SEQUENCE { version, modulus INTEGER, … }` (RFC 8017); version 1 has more than two primes. */
const isPkcs1 = (head: string) => /^3082....02010[01]02/.test(head)

/** `PrivateKeyInfo ::= SEQUENCE { version, SEQUENCE { algorithm, … }, … }` (RFC 5208, RFC 5958). */
const isPkcs8 = (head: string) => /^3082....02010[01]30/.test(head)

/** `INTEGER 0, SEQUENCE { rsaEncryption, NULL }` */
const rsaAlgorithm = [2, 1, 0, 0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0]

/** Tag and length of an element of 256 bytes or more, as all of a PKCS#1 key are. */
const long = (tag: number, length: number) => [tag, 0x82, length >> 8, length & 0xff]

/** `PrivateKeyInfo ::= SEQUENCE { version 0, rsaEncryption, OCTET STRING RSAPrivateKey }` (RFC 5208). */
const pkcs1ToPkcs8 = (pkcs1: Uint8Array) => {
  const content = [...rsaAlgorithm, ...long(0x04, pkcs1.length), ...pkcs1]
  return Uint8Array.from([...long(0x30, content.length), ...content])
}

/** The length that a key of 256 bytes or more says it has. */
const saidLength = (bytes: Uint8Array) =>
  bytes[0] === 0x30 && bytes[1] === 0x82 ? 4 + (bytes[2] ?? 0) * 256 + (bytes[3] ?? 0) : 0

/** An RSA private key that WebCrypto reads, and the form in which it was given. */
export interface Pkcs8 {
  readonly pkcs8: Uint8Array<ArrayBuffer>
  readonly form: "PKCS#1" | "PKCS#8"
}

/** The key as PKCS#8, or what it is instead of an RSA private key. */
export const toPkcs8 = (bytes: Uint8Array<ArrayBuffer>): Result.Result<Pkcs8, string> => {
  const head = Hex.encode(bytes.subarray(0, 48))
  if (head.includes(oids.ec)) return Result.fail(KeyProblem.ec)
  if (head.includes(oids.rsaPss)) return Result.fail(KeyProblem.rsaPss)
  if (head.includes(oids.passphrase)) return Result.fail(KeyProblem.encrypted)
  if (bytes.length < saidLength(bytes)) return Result.fail(KeyProblem.cut)
  if (isPkcs1(head)) return Result.succeed({ pkcs8: pkcs1ToPkcs8(bytes), form: "PKCS#1" })
  if (!head.includes(oids.rsa)) return Result.fail(KeyProblem.notRsa)
  return isPkcs8(head) ? Result.succeed({ pkcs8: bytes, form: "PKCS#8" }) : Result.fail(KeyProblem.publicKey)
}
