/** Composes the services beneath an app into one layer. */
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import { ServerClock } from "../../clock/ServerClock.ts"
import type { IcrConfig } from "../../config/IcrConfig.ts"
import { layerOptions } from "../../config/internal/validate.ts"
import type { IcrError } from "../../errors/IcrError.ts"
import { IcrHttp, type Options as HttpOptions } from "../../http/IcrHttp.ts"
import { Signer } from "../../signer/Signer.ts"
import { type Options as CacheOptions, TokenCache } from "../../tokens/TokenCache.ts"

/**
 * Options of the services beneath an app.
 *
 * @category options
 * @since 0.1.0
 */
export interface ServiceOptions {
  readonly http?: HttpOptions | undefined
  readonly tokens?: CacheOptions | undefined
}

/**
 * Composes each service over the ones beneath it.
 *
 * Layers are shared by reference wherever they appear in a program, and `Signer.layer` is one value for every app: two
 * apps in one program would share the first one's key. So the services are built afresh inside, and shared as a whole.
 */
export const composeLayers = <App, E, R>(
  app: Layer.Layer<App, never, Signer | TokenCache | IcrHttp>,
  config: Layer.Layer<IcrConfig, E, R>,
  options: ServiceOptions = {}
): Layer.Layer<App, E | IcrError, R | HttpClient.HttpClient> =>
  Layer.effectContext(
    Effect.flatMap(layerOptions(options), ({ http = {}, tokens = {} }) =>
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
