/**
 * Sends spans, metrics and logs to an OpenTelemetry collector.
 *
 * `OTEL_EXPORTER_OTLP_ENDPOINT` is the collector's address, by default one on this machine. The library opens spans and
 * updates metrics; the program decides where they go. Needs `ICR_APP_ID` and `ICR_PRIVATE_KEY`.
 */
import { IcrApp } from "@effect-icr/app/IcrApp"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Otlp from "effect/observability/Otlp"
import * as Stream from "effect/Stream"

const Telemetry = Layer.unwrap(
  Effect.map(
    Config.String("OTEL_EXPORTER_OTLP_ENDPOINT").pipe(Config.withDefault("http://localhost:4318")),
    (baseUrl) =>
      Otlp.layerJson({
        baseUrl,
        resource: { serviceName: "icr-nightly-job" },
        // Log lines stay on the console as well.
        loggerMergeWithExisting: true,
        // Without a collector the program is not to hang at its end.
        shutdownTimeout: "2 seconds"
      })
  )
).pipe(Layer.provide(NodeHttpClient.layerUndici))

/** One span of our own; the calls to the registry hang under it, one span each. */
const nightlyJob = Effect.fn("nightlyJob")(function* () {
  const { appClient, installations } = yield* IcrApp
  const count = yield* Stream.runCount(installations)
  yield* appClient.get("/projects?limit=10&page=0")
  yield* Effect.logInfo("the nightly job is done", { installations: count })
  return yield* Effect.currentSpan
})

const program = Effect.flatMap(nightlyJob(), ({ traceId }) => Console.log(`look for trace ${traceId}`))

program.pipe(
  Effect.provide(IcrApp.layer.pipe(Layer.provide(NodeHttpClient.layerUndici))),
  Effect.provide(Telemetry),
  NodeRuntime.runMain
)
