/** An app over the simulator in memory: one virtual clock drives both sides. */
import { IcrApp, type LayerOptions } from "@effect-icr/app/IcrApp"
import { Simulator, type SimulatorOptions } from "@effect-icr/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { privateKeyPem } from "./keys.ts"

/** `IcrApp`, the simulator it talks to, and the `HttpClient` between them. */
export const withSimulator = (simulator: SimulatorOptions = {}, options?: LayerOptions) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { app, baseUrl } = yield* Simulator
      return IcrApp.layerOptions({ appId: app.appId, privateKey: app.privateKey, baseUrl }, options)
    })
  ).pipe(Layer.provideMerge(Simulator.layer({ privateKey: privateKeyPem, ...simulator })))
