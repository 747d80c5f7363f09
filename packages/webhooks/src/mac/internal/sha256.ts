/**
 * SHA-256 of texts, by Effect's `Digest` service where the program provides one, such as `NodeCrypto.layerDigest`, which is
 * synchronous; else by WebCrypto.
 */
import { utf8Bytes } from "@effect-icr/app/extension"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Hex from "effect/encoding/Hex"
import * as Option from "effect/Option"

const webCrypto = (bytes: Uint8Array<ArrayBuffer>) =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", bytes)),
    (digest) => Hex.encode(new Uint8Array(digest))
  )

/** The digest of a text's UTF-8, in hex. */
export const sha256 = (text: string): Effect.Effect<string> =>
  Effect.flatMap(
    Effect.serviceOption(Digest.Digest),
    Option.match({
      onNone: () => webCrypto(utf8Bytes(text)),
      onSome: ({ digestHex }) => Effect.orDie(digestHex(Digest.sha256, utf8Bytes(text)))
    })
  )
