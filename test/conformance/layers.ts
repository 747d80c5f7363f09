/** The registry of a run: the one in the environment, else a simulator in this process with something to read. */
import type { IcrError } from "@effect-icr/app/IcrError"
import { InstallationId, OrganizationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { IcrHttp } from "@effect-icr/app/IcrHttp"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import { Registry } from "@effect-icr/registry/Registry"
import { Simulator, type SimulatorOptions } from "@effect-icr/simulator/Simulator"
import { NodeHttpClient, NodeServices } from "@effect/platform-node"
import { Config, Effect, Layer, Option } from "effect"
import type { HttpClient } from "effect/http"

/** What a run needs. */
export type Needs = IcrConfig | IcrHttp | Signer

const composeLayers = <E, R>(config: Layer.Layer<IcrConfig, E, R>) =>
  Layer.mergeAll(IcrHttp.layer, Signer.layer).pipe(Layer.provide(ServerClock.layer), Layer.provideMerge(config))

/** The registry that the environment names, with the key inline or in a file. */
export const fromEnvironment: Layer.Layer<Needs, IcrError> = composeLayers(IcrConfig.layerKeyFile).pipe(
  Layer.provide([NodeHttpClient.layerUndici, NodeServices.layer])
)

/** The simulator's first app. */
export const toSimulator: Layer.Layer<Needs, IcrError, Simulator | HttpClient.HttpClient> = Layer.unwrap(
  Effect.map(Simulator, ({ app, baseUrl }) =>
    composeLayers(IcrConfig.layerWith({ appId: app.appId, privateKey: app.privateKey, baseUrl, apiPath: "" }))
  )
)

/**
 * Gives the simulator something to read: a reservation, a retirement and a credit request. Writes go to the simulator alone.
 */
const furnish = Effect.gen(function* () {
  const { installationIds, organizationIds } = yield* Simulator
  const [id = ""] = yield* installationIds
  const [, buyer = ""] = yield* organizationIds
  const { inventory, warehouse } = (yield* Registry).organization(InstallationId.make(id))
  const receiver = OrganizationId.make(buyer)
  const [offered] = yield* warehouse.credits
  const [held] = yield* inventory.credits
  if (offered === undefined || held === undefined) return yield* Effect.die("the simulator has no credits")
  const reservation = yield* warehouse.reserve({ creditId: offered.id, amount: "0.5" })
  yield* warehouse.finish("retire", reservation, {
    receiverId: receiver,
    retirementData: { reason: "Testing", beneficiaryName: "Jane Roe" }
  })
  yield* warehouse.reserve({ creditId: offered.id, amount: "0.25" })
  yield* inventory.request("transfer", { creditId: held.id, amount: "1", toOrganizationId: receiver })
})

/** A simulator in memory, with something to read. */
export const furnishedSimulator = (options: SimulatorOptions = {}) =>
  Layer.effectDiscard(furnish).pipe(
    Layer.provide(Registry.layerWith({ soleProcess: true })),
    Layer.provide(
      Layer.unwrap(
        Effect.map(Simulator, ({ app, baseUrl }) =>
          IcrApp.layerWith({ appId: app.appId, privateKey: app.privateKey, baseUrl, apiPath: "" })
        )
      )
    ),
    Layer.provideMerge(Simulator.layerWith(options))
  )

const variables = [
  "ICR_APP_ID",
  "ICR_PRIVATE_KEY",
  "ICR_PRIVATE_KEY_FILE",
  "ICR_ENVIRONMENT",
  "ICR_BASE_URL",
  "ICR_API_PATH",
  "ICR_API_VERSION"
]

/** Whether the environment speaks of a registry, if only in part: what is missing is then an error, not a simulator. */
export const isConfigured = Effect.map(
  Effect.forEach(variables, (name) => Config.option(Config.String(name))),
  (values) => values.some(Option.isSome)
)
