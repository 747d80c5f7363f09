/** Clients that send nothing: all their requests have the same outcome. */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { IcrError } from "../../errors/IcrError.ts"

/** Any endpoint of the registry. */
export type Client = HttpClient.HttpClient.With<IcrError>

/** A client that sends nothing; each request ends with `end`. */
export const clientOf = (end: Effect.Effect<never, IcrError>): Client => HttpClient.makeWith(() => end, Effect.succeed)

const noClient = (name: string) => clientOf(Effect.die(new Error(`IcrApp.layerTest was given no ${name}`)))

/** What `IcrApp.layerTest` uses where the test gives nothing: a client that dies with its name. */
export const testDefaults = {
  baseUrl: "http://localhost",
  appClient: noClient("appClient"),
  appClientWith: () => noClient("appClientWith"),
  installationClient: () => noClient("installationClient"),
  installationClientWith: () => noClient("installationClientWith")
}
