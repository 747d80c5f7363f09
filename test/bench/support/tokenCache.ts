/** A token cache over a wire that answers at once, for looking at the cache alone. */
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import type { IcrError } from "@effect-icr/app/IcrError"
import { IcrHttp } from "@effect-icr/app/IcrHttp"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { DateTime, Effect, Layer, Schema } from "effect"
import { HttpClient } from "effect/http"
import { nowhere } from "./clients.ts"

/** Decodes each token from a body of its own, as the wire would; nothing is shared between two of them. */
const wire = (body: string) => {
  const shape: object = JSON.parse(body)
  let exchanges = 0
  return IcrHttp.of({
    baseUrl: nowhere,
    registryTime: DateTime.now,
    call: (request) => {
      const installationId = request.params?.["installationId"] ?? ""
      const token = `crs_${(exchanges++).toString(16).padStart(48, "0")}`
      const expiresAt = new Date(Date.now() + 7_200_000).toISOString()
      const text = JSON.stringify({ ...shape, installationId, token, expiresAt })
      return Effect.orDie(Schema.decodeUnknownEffect(request.success)(JSON.parse(text)))
    },
    client: () =>
      HttpClient.makeWith<IcrError, never, IcrError, never>(() => Effect.die("not needed here"), Effect.succeed)
  })
}

/** A cache that holds up to `capacity` installations. `body` is a token answer of the registry. */
export const tokenCache = (body: string, capacity: number): Layer.Layer<TokenCache, IcrError> =>
  TokenCache.layerWith({ capacity }).pipe(
    Layer.provide([Signer.layerTest(), ServerClock.layer, Layer.succeed(IcrHttp, wire(body))]),
    Layer.provide(IcrConfig.layerWith({ appId: "bench", baseUrl: nowhere }))
  )
