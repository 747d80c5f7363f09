/** The app's key and its signatures, by `node:crypto`, which is done when the call returns. */
import { Signer } from "@effect-icr/app/Signer"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto"

/** One key for all registries of this process that are given none: making one takes longer than most tests. */
export const privateKey: Effect.Effect<Redacted.Redacted> = Effect.runSync(
  Effect.cached(
    Effect.sync(() => {
      const pair = generateKeyPairSync("rsa", { modulusLength: 2048 })
      return Redacted.make(pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString())
    })
  )
)

/** Signs the app JWT with a key in PEM form. */
export const layerSigner = (pem: Redacted.Redacted) => {
  const key = createPrivateKey(Redacted.value(pem))
  return Signer.layerSign((bytes) => Effect.sync(() => sign("RSA-SHA256", bytes, key)))
}
