/**
 * HMAC-SHA-256 keys made of secrets.
 *
 * The work is done by Effect's `Mac` service where the program provides one, such as `NodeCrypto.layerMac`, which is
 * synchronous; else by WebCrypto, which every runtime has.
 */
import { utf8Bytes } from "@effect-icr/app/extension"
import * as Mac from "effect/crypto/Mac"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

/** A secret, ready for use. Texts are taken as UTF-8. */
export interface HmacKey {
  readonly sign: (text: string) => Effect.Effect<Uint8Array>
  /** Whether the tag belongs to the text, compared in constant time. */
  readonly verify: (text: string, tag: Uint8Array) => Effect.Effect<boolean>
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
  const sign = (text: string) => Effect.orDie(mac.sign(key, utf8Bytes(text)))
  yield* sign("")
  return { sign, verify: (text, tag) => Effect.orDie(mac.verify(key, tag, utf8Bytes(text))) }
})
