/** Runs the program against the registry that the environment names. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { program } from "./program.ts"

const AppLive = IcrApp.layerKeyFile.pipe(Layer.provide([FetchHttpClient.layer, NodeServices.layer]))

program.pipe(Effect.provide(AppLive), NodeRuntime.runMain)
