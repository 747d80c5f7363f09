/**
 * Signs the app JWT with a key management service (KMS), so that the private key never enters the app.
 *
 * The service `Kms` stands for the SDK of a cloud KMS or a hardware module. Here `node:crypto` takes its place, with the key
 * from `ICR_PRIVATE_KEY`, so that the example runs anywhere. Also needs `ICR_APP_ID`.
 */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { IcrHttp } from "@effect-icr/app/IcrHttp"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import { TokenCache } from "@effect-icr/app/TokenCache"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { sign } from "node:crypto"

class KmsError extends Schema.TaggedError<KmsError>()("KmsError", { message: Schema.String }) {}

class Kms extends Context.Service<
  Kms,
  { readonly signRs256: (bytes: Uint8Array) => Effect.Effect<Uint8Array, KmsError> }
>()("examples/Kms") {
  static readonly layer = Layer.effect(
    Kms,
    Effect.gen(function* () {
      const pem = yield* Config.Redacted("ICR_PRIVATE_KEY")
      return {
        signRs256: (bytes) =>
          Effect.try({
            try: () => sign("RSA-SHA256", bytes, Redacted.value(pem)),
            catch: () => new KmsError({ message: "the KMS refused to sign" })
          })
      }
    })
  )
}

const KmsSigner = Layer.unwrap(Effect.map(Kms, ({ signRs256 }) => Signer.layerSign(signRs256))).pipe(
  Layer.provide(Kms.layer)
)

const layer = IcrApp.layerNoDeps.pipe(
  Layer.provide(TokenCache.layer),
  Layer.provide([KmsSigner, IcrHttp.layer]),
  Layer.provide([ServerClock.layer, IcrConfig.layer, NodeHttpClient.layerUndici])
)

const program = Effect.gen(function* () {
  const { appToken } = yield* IcrApp
  const { expiresAt } = yield* appToken
  yield* Console.log(`signed in with a key that only the KMS knows, until ${DateTime.formatIso(expiresAt)}`)
})

program.pipe(Effect.provide(layer), NodeRuntime.runMain)
