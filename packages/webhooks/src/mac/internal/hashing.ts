/**
 * HMAC-SHA-256 keys made of secrets, and SHA-256.
 *
 * The work is done by Effect's `Mac` and `Digest` services where the program provides them, such as `NodeCrypto.layerMac` and
 * `NodeCrypto.layerDigest`, which are synchronous; else by WebCrypto, which every runtime has.
 */
import { utf8Bytes } from "@effect-icr/app/extension"
import * as Digest from "effect/crypto/Digest"
import * as Mac from "effect/crypto/Mac"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

/** A secret, ready for use. */
export interface HmacKey {
  readonly sign: (bytes: Uint8Array) => Effect.Effect<Uint8Array>
  /** Whether the tag belongs to the bytes, compared in constant time. */
  readonly verify: (bytes: Uint8Array, tag: Uint8Array) => Effect.Effect<boolean>
}

const webCrypto = Mac.Mac.pipe(Effect.provide(Mac.layerWebCrypto.pipe(Layer.provide(SecureRandom.layerWebCrypto))))

const findMac = Effect.flatMap(
  Effect.serviceOption(Mac.Mac),
  Option.match({ onNone: () => webCrypto, onSome: Effect.succeed })
)

/** Prepares a secret, which must not be empty. A runtime that cannot compute HMACs dies here and not at the first use. */
export const makeKey = Effect.fnUntraced(function* (secret: Redacted.Redacted): Effect.fn.Return<HmacKey> {
  const mac = yield* findMac
  const key = yield* Effect.orDie(Mac.key(Mac.hmacSha256, utf8Bytes(Redacted.value(secret))))
  const sign = (bytes: Uint8Array) => Effect.orDie(mac.sign(key, bytes))
  yield* sign(utf8Bytes(""))
  return { sign, verify: (bytes, tag) => Effect.orDie(mac.verify(key, tag, bytes)) }
})

const webDigest = (bytes: Uint8Array<ArrayBuffer>) =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", bytes)),
    (digest) => Hex.encode(new Uint8Array(digest))
  )

/** The digest, in hex. */
export const sha256 = (bytes: Uint8Array<ArrayBuffer>): Effect.Effect<string> =>
  Effect.flatMap(
    Effect.serviceOption(Digest.Digest),
    Option.match({
      onNone: () => webDigest(bytes),
      onSome: ({ digestHex }) => Effect.orDie(digestHex(Digest.sha256, bytes))
    })
  )
