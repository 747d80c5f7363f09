/** What `IcrApp.layerTest` takes for what a test has not given: clients die with their name. */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type { IcrError } from "../../errors/IcrError.ts"

const noClient = (name: string): HttpClient.HttpClient.With<IcrError> =>
  HttpClient.makeWith<IcrError, never, IcrError, never>(
    () => Effect.die(new Error(`IcrApp.layerTest was given no ${name}`)),
    Effect.succeed<HttpClientRequest.HttpClientRequest>
  )

export const testDefaults = {
  baseUrl: "http://localhost",
  appClient: noClient("appClient"),
  appClientWith: () => noClient("appClientWith"),
  installationClient: () => noClient("installationClient"),
  installationClientWith: () => noClient("installationClientWith")
}
