/** Our client over a transport of one's own. */
import { IcrApp, type ServiceOptions } from "@effect-icr/app/IcrApp"
import { Layer, ManagedRuntime, Redacted } from "effect"
import { FetchHttpClient, type HttpClient } from "effect/http"
import { privateKeyPem } from "../../support/keys.ts"

/** The address used where no socket is. */
export const nowhere = "http://localhost"

/** `FetchHttpClient` over a `fetch` of one's own. */
export const overFetch = (fetch: typeof globalThis.fetch): Layer.Layer<HttpClient.HttpClient> =>
  FetchHttpClient.layer.pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, fetch)))

/** An `IcrApp`, ready to run programs. */
export const ours = async (
  appId: string,
  transport: Layer.Layer<HttpClient.HttpClient>,
  {
    baseUrl = nowhere,
    http,
    privateKey = privateKeyPem,
    tokens
  }: ServiceOptions & { readonly baseUrl?: string; readonly privateKey?: string } = {}
) => {
  const layer = IcrApp.layerWith({ appId, privateKey: Redacted.make(privateKey), baseUrl, http, tokens })
  const runtime = ManagedRuntime.make(Layer.provide(layer, transport))
  return { runtime, app: await runtime.runPromise(IcrApp) }
}
