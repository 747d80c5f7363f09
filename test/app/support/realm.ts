/** The cryptography of the packages, for tests that run under the globals of a browser's stand-in. */
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import * as TokenSeal from "@effect-icr/app/TokenSeal"
import { Webhook } from "@effect-icr/webhooks/Webhook"
import { Effect, Layer, Option, Redacted } from "effect"
import { createHmac, createPublicKey, generateKeyPairSync, randomBytes, verify } from "node:crypto"

/** Whether `TextEncoder` gives bytes of another realm than the global `Uint8Array` is of. */
export const hasTwoRealms = () => !(new TextEncoder().encode("x") instanceof Uint8Array)

const pem = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" })

const isSigned = (jwt: string) => {
  const [header = "", claims = "", signature = ""] = jwt.split(".")
  const signed = Buffer.from(`${header}.${claims}`)
  return verify("sha256", signed, createPublicKey(pem), Buffer.from(signature, "base64url"))
}

/** Whether an app JWT has a signature that Node verifies. */
export const signs = Effect.flatMap(Signer, ({ appJwt }) => appJwt).pipe(
  Effect.map((jwt) => isSigned(Redacted.value(jwt))),
  Effect.provide(
    Signer.layer.pipe(
      Layer.provide([
        ServerClock.layer,
        IcrConfig.layerWith({ appId: "1", privateKey: Redacted.make(pem.toString()), environment: "sandbox" })
      ])
    )
  )
)

/** What is wrong with a delivery whose signature is right and whose event is of no known shape. */
export const refusesAfterTheSignature = Effect.gen(function* () {
  const signedData = Buffer.from("{}").toString("base64")
  const signature = `sha256=${createHmac("sha256", "s".repeat(32)).update(signedData).digest("hex")}`
  const { verify } = yield* Webhook
  return (yield* Effect.flip(verify({ body: JSON.stringify({ signedData }), signature }))).kind
}).pipe(Effect.provide(Webhook.layerVerifyOnly({ secret: Redacted.make("s".repeat(32)) })))

/** What a sealed text opens to. */
export const sealsAndOpens = Effect.gen(function* () {
  const seal = yield* TokenSeal.make({ keys: Redacted.make(randomBytes(32).toString("base64")) })
  return Option.map(yield* seal.open("k", yield* seal.seal("k", Redacted.make("v"))), Redacted.value)
})
