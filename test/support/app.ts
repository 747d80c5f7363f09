/** An app over the simulator in memory: one virtual clock drives both sides. */
import { IcrApp, type ServiceOptions } from "@effect-icr/app/IcrApp"
import { Simulator, type SimulatorOptions } from "@effect-icr/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { privateKeyPem } from "./keys.ts"

/** `IcrApp`, the simulator it talks to, and the `HttpClient` between them. */
export const withSimulator = (simulator: SimulatorOptions = {}, options?: ServiceOptions) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { app, baseUrl } = yield* Simulator
      return IcrApp.layerWith({ appId: app.appId, privateKey: app.privateKey, baseUrl, ...options })
    })
  ).pipe(Layer.provideMerge(Simulator.layerWith({ privateKey: privateKeyPem, ...simulator })))
