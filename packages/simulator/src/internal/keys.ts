/** Creates and reads RSA keys. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto"
import { SimulatorError } from "../SimulatorError.ts"

/**
 * Base64 of the SHA-256 of the public key in DER form. "App private keys" says SHA-256 without saying over what, so the
 * form is an assumption.
 */
export const fingerprint = (publicKey: KeyObject): string =>
  createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64")

export interface AppKey {
  readonly privateKey: Redacted.Redacted<string>
  readonly publicKey: KeyObject
}

const toAppKey = (privateKey: KeyObject): AppKey => ({
  privateKey: Redacted.make(privateKey.export({ type: "pkcs8", format: "pem" }).toString(), {
    label: "app-private-key"
  }),
  publicKey: createPublicKey(privateKey)
})

/** Generates an RSA key of 2048 bits, as the dashboard's "Credentials" tab does. */
export const generate: Effect.Effect<AppKey> = Effect.callback((resume) => {
  generateKeyPair("rsa", { modulusLength: 2048 }, (error, _, privateKey) => {
    resume(error === null ? Effect.sync(() => toAppKey(privateKey)) : Effect.die(error))
  })
})

/** Reads a private key in PEM form, PKCS#1 or PKCS#8. The error speaks of the key by `name`. */
export const fromPrivatePem = Effect.fnUntraced(function* (pem: Redacted.Redacted<string>, name = "privateKey") {
  // The cause is dropped, because no part of a key may end up in a message.
  const key = yield* Effect.try({
    try: () => createPrivateKey(Redacted.value(pem)),
    catch: () => new SimulatorError({ message: `${name} is not a private key in PEM form (PKCS#1 or PKCS#8)` })
  })
  if (key.asymmetricKeyType !== "rsa") {
    return yield* new SimulatorError({ message: `${name} must be an RSA key, not ${key.asymmetricKeyType}` })
  }
  return toAppKey(key)
})

/** Reads a public key in PEM form. Of a private key it takes the public half. */
export const fromPublicPem = Effect.fnUntraced(function* (pem: string) {
  const key = yield* Effect.try({
    try: () => createPublicKey(pem),
    catch: () => new SimulatorError({ message: "not a public key in PEM form" })
  })
  if (key.asymmetricKeyType !== "rsa") {
    return yield* new SimulatorError({ message: `expected an RSA public key, not ${key.asymmetricKeyType}` })
  }
  return key
})
