/** Our client, and what octokit's users would have instead, over the same `fetch`. */
import { IcrApp, type LayerOptions } from "@effect-icr/app/IcrApp"
import { createAppAuth } from "@octokit/auth-app"
import { request } from "@octokit/request"
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
    privateKey = privateKeyPem,
    ...options
  }: LayerOptions & { baseUrl?: string; privateKey?: string } = {}
) => {
  const app = IcrApp.layerOptions({ appId, privateKey: Redacted.make(privateKey), baseUrl }, options)
  const runtime = ManagedRuntime.make(Layer.provide(app, transport))
  return { runtime, app: await runtime.runPromise(IcrApp) }
}

/** octokit's token cache, over a `fetch` of one's own. */
export const octokitAuth = (appId: string, fetch: typeof globalThis.fetch): ReturnType<typeof createAppAuth> =>
  createAppAuth({
    appId,
    privateKey: privateKeyPem,
    request: request.defaults({ baseUrl: nowhere, request: { fetch } })
  })
