/** The services beneath an app, put together. */
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type { LayerOptions } from "../IcrApp.ts"
import type { IcrConfig } from "../IcrConfig.ts"
import type { IcrError } from "../IcrError.ts"
import { IcrHttp } from "../IcrHttp.ts"
import { ServerClock } from "../ServerClock.ts"
import { Signer } from "../Signer.ts"
import { TokenCache } from "../TokenCache.ts"

/**
 * The house in one expression: each service over the ones beneath it.
 *
 * Layers are shared by reference wherever they appear in a program, and `Signer.layer` is one value for every app: two
 * apps in one program would share the first one's key. So the house is built afresh inside, and shared as a whole.
 */
export const over = <App, E, R>(
  app: Layer.Layer<App, never, Signer | TokenCache | IcrHttp>,
  config: Layer.Layer<IcrConfig, E, R>,
  { http = {}, tokens = {} }: LayerOptions = {}
): Layer.Layer<App, E | IcrError, R | HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.suspend(() =>
      app.pipe(
        Layer.provide(TokenCache.layerWith(tokens)),
        Layer.provide([Signer.layer, IcrHttp.layerWith(http)]),
        Layer.provide(ServerClock.layer),
        Layer.provide(config),
        Layer.fresh,
        Layer.build
      )
    )
  )
