/** Where an example finds its registry: the one in the environment, else a simulator started for it. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { Simulator } from "@effect-icr/simulator/Simulator"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { countRequests, RequestCounts } from "./requestCounts.ts"

const transport = countRequests.pipe(Layer.provide(NodeHttpClient.layerUndici), Layer.provideMerge(RequestCounts.layer))

/** The registry that the environment names, with the key inline or in a file. */
export const fromEnvironment = IcrApp.layerKeyFile.pipe(
  Layer.provideMerge(transport),
  Layer.provide(NodeServices.layer)
)

/** A simulator on a free port, with a fresh key. */
export const simulated = (options: { readonly installations: number }) =>
  Layer.unwrap(
    Effect.map(Simulator, ({ app, baseUrl }) =>
      IcrApp.layerWith({ appId: app.appId, privateKey: app.privateKey, baseUrl })
    )
  ).pipe(Layer.provideMerge(transport), Layer.provideMerge(Simulator.layerServerWith(options)))

const variables = ["ICR_APP_ID", "ICR_PRIVATE_KEY", "ICR_PRIVATE_KEY_FILE", "ICR_ENVIRONMENT", "ICR_BASE_URL"]

/** Whether the environment speaks of a registry, if only in part: what is missing is then an error, not a simulator. */
export const isConfigured = Effect.map(
  Effect.forEach(variables, (name) => Config.option(Config.String(name))),
  (values) => values.some(Option.isSome)
)
