/** An app whose registry is a script. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { IcrHttp } from "@effect-icr/app/IcrHttp"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { Effect, Layer } from "effect"

/** Every service beneath `IcrApp` but the cache swapped for a double. */
export const doubles = (script: (path: string) => { readonly status?: number; readonly body?: unknown }) =>
  IcrApp.layerNoDeps.pipe(
    Layer.provide(TokenCache.layer),
    Layer.provide([Signer.layerTest(), IcrHttp.layerTest(({ path }) => Effect.sync(() => script(path)))]),
    Layer.provide([ServerClock.layer, IcrConfig.layerWith({ appId: "67890" })])
  )
