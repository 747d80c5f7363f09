/**
 * Reads the configuration from the environment, then from a second environment with a mistake, and prints both results.
 *
 * Needs `ICR_APP_ID`, and `ICR_PRIVATE_KEY` or `ICR_PRIVATE_KEY_FILE`. Sends no request.
 */
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const show = Effect.gen(function* () {
  const { apiVersion, appId, baseUrl, privateKey } = yield* IcrConfig
  yield* Console.log(`app ${appId} at ${baseUrl}, API version ${apiVersion}, key ${String(privateKey)}`)
})

/** The key may be in a file as well: `layerKeyFile` asks for Effect's `FileSystem`. */
const real = show.pipe(Effect.provide(IcrConfig.layerKeyFile.pipe(Layer.provide(NodeServices.layer))))

const mistaken = show.pipe(
  Effect.provide(IcrConfig.layer),
  Effect.provideService(
    ConfigProvider.ConfigProvider,
    ConfigProvider.fromEnv({ env: { ICR_APP_ID: "app-1", ICR_BASE_URL: "http://api.example.com" } })
  ),
  Effect.catchReason("IcrError", "Configuration", ({ message }) => Console.log(`refused: ${message}`))
)

Effect.andThen(real, mistaken).pipe(NodeRuntime.runMain)
