/**
 * The services of `effect/crypto` that the packages of an app use, by `node:crypto`: each is done when the call returns, so
 * that no virtual clock moves meanwhile.
 */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as Aead from "effect/crypto/Aead"
import * as Layer from "effect/Layer"
import { createCipheriv, createDecipheriv } from "node:crypto"

const cipher = "aes-256-gcm"
const tagLength = 16

const aes256Gcm: Aead.Implementation = {
  encrypt: (key, nonce, plaintext, aad) => {
    const sealing = createCipheriv(cipher, key, nonce).setAAD(aad)
    return new Uint8Array(Buffer.concat([sealing.update(plaintext), sealing.final(), sealing.getAuthTag()]))
  },
  decrypt: (key, nonce, ciphertext, aad) => {
    const end = ciphertext.length - tagLength
    const opening = createDecipheriv(cipher, key, nonce, { authTagLength: tagLength })
      .setAAD(aad)
      .setAuthTag(ciphertext.subarray(end))
    const start = opening.update(ciphertext.subarray(0, end))
    try {
      return new Uint8Array(Buffer.concat([start, opening.final()]))
    } catch {
      // `final` throws where the tag does not match.
      return undefined
    }
  }
}

/** HMACs of webhooks and install states, digests of deliveries, and the seal of token stores. */
export const layer = Layer.mergeAll(
  NodeCrypto.layerMac,
  NodeCrypto.layerDigest,
  Aead.layerWebCryptoWith({ implementations: { aes256Gcm } }).pipe(Layer.provide(NodeCrypto.layerSecureRandom))
)
