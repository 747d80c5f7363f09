/** Prints how many installations the app of the environment has, and the webhook secret there. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Config, Console, Effect, Layer, Redacted, Stream } from "effect"
import { FetchHttpClient } from "effect/http"

const program = Effect.gen(function* () {
  const { installations } = yield* IcrApp
  const secret = yield* Config.Redacted("ICR_WEBHOOK_SECRET")
  const appNameId = yield* Config.String("ICR_APP_NAME_ID")
  const count = yield* Stream.runCount(installations)
  yield* Console.log(count, appNameId, Redacted.value(secret))
})

program.pipe(
  Effect.provide(IcrApp.layerKeyFile.pipe(Layer.provide([FetchHttpClient.layer, NodeServices.layer]))),
  NodeRuntime.runMain
)
