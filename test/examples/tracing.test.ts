/** `examples/tracing.ts` against an OpenTelemetry collector on loopback. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, Schema } from "effect"
import { HttpServer, HttpServerRequest, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"
import { runNode } from "../support/run.ts"

const Attributes = Schema.Array(
  Schema.Struct({ key: Schema.String, value: Schema.Record(Schema.String, Schema.Unknown) })
)
const Traces = Schema.Struct({
  resourceSpans: Schema.Array(
    Schema.Struct({
      resource: Schema.Struct({ attributes: Attributes }),
      scopeSpans: Schema.Array(
        Schema.Struct({
          spans: Schema.Array(
            Schema.Struct({
              traceId: Schema.String,
              spanId: Schema.String,
              parentSpanId: Schema.optionalKey(Schema.String),
              name: Schema.String,
              attributes: Attributes
            })
          )
        })
      )
    })
  )
})
const Metrics = Schema.Struct({
  resourceMetrics: Schema.Array(
    Schema.Struct({
      scopeMetrics: Schema.Array(Schema.Struct({ metrics: Schema.Array(Schema.Struct({ name: Schema.String })) }))
    })
  )
})
const tracesOf = Schema.decodeUnknownSync(Schema.fromJsonString(Traces))
const metricsOf = Schema.decodeUnknownSync(Schema.fromJsonString(Metrics))

const valuesOf = (attributes: typeof Attributes.Type = []) => new Map(attributes.map(({ key, value }) => [key, value]))

/** A collector that keeps what it is sent, by path. */
const collector = Effect.gen(function* () {
  const received: Array<readonly [path: string, body: string]> = []
  const server = yield* NodeHttpServer.make(createServer, { port: 0, host: "127.0.0.1" })
  yield* server.serve(
    Effect.gen(function* () {
      const request = yield* HttpServerRequest.HttpServerRequest
      received.push([request.url, yield* request.text])
      return HttpServerResponse.jsonUnsafe({})
    })
  )
  return { baseUrl: HttpServer.formatAddress(server.address), received }
})

describe("examples/tracing.ts", () => {
  it.live("exports one span for each call under its own, the metrics, and no secret", () =>
    Effect.gen(function* () {
      const { app, baseUrl } = yield* Simulator
      const { baseUrl: endpoint, received } = yield* collector
      const outcome = yield* Effect.promise(() =>
        runNode("examples/tracing.ts", {
          ICR_APP_ID: app.appId,
          ICR_PRIVATE_KEY: Redacted.value(app.privateKey),
          ICR_BASE_URL: baseUrl,
          OTEL_EXPORTER_OTLP_ENDPOINT: endpoint
        })
      )
      assert.strictEqual(outcome.exitCode, 0, outcome.stdout + outcome.stderr)
      const [, traceId] = /look for trace ([0-9a-f]{32})/.exec(outcome.stdout) ?? []

      const bodies = (path: string) => received.filter(([url]) => url === path).map(([, body]) => body)
      const resources = bodies("/v1/traces").flatMap((body) => tracesOf(body).resourceSpans)
      assert.deepStrictEqual(valuesOf(resources[0]?.resource.attributes).get("service.name"), {
        stringValue: "icr-nightly-job"
      })
      const spans = resources
        .flatMap(({ scopeSpans }) => scopeSpans)
        .flatMap(({ spans }) => spans)
        .filter((span) => span.traceId === traceId)
      const root = spans.find(({ name }) => name === "nightlyJob")
      const calls = spans.filter(({ name }) => name.startsWith("IcrApp."))
      assert.deepStrictEqual(calls.map(({ name }) => name).toSorted(), [
        "IcrApp.appClient",
        "IcrApp.appToken",
        "IcrApp.installationPage"
      ])
      assert.strictEqual(spans.length, 4)
      const parents = new Map(calls.map(({ name, parentSpanId }) => [name, parentSpanId]))
      assert.strictEqual(parents.get("IcrApp.installationPage"), root?.spanId)
      assert.strictEqual(parents.get("IcrApp.appClient"), root?.spanId)
      // The exchange that the cold cache needed, under the call that needed it.
      assert.strictEqual(parents.get("IcrApp.appToken"), calls.find(({ name }) => name === "IcrApp.appClient")?.spanId)
      const attributes = valuesOf(calls.find(({ name }) => name === "IcrApp.appClient")?.attributes)
      for (const [key, value] of [
        ["http.request.method", { stringValue: "GET" }],
        ["url.template", { stringValue: "/projects" }],
        ["server.address", { stringValue: "127.0.0.1" }],
        ["http.response.status_code", { intValue: 200 }],
        ["icr.token.cache", { stringValue: "miss" }]
      ] as const) {
        assert.deepStrictEqual(attributes.get(key), value, key)
      }

      const names = bodies("/v1/metrics")
        .flatMap((body) => metricsOf(body).resourceMetrics)
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .flatMap(({ metrics }) => metrics.map(({ name }) => name))
      assert.includeMembers(names, ["icr_requests", "icr_request_duration", "icr_token_exchanged"])
      assert.include(bodies("/v1/logs").join(), "the nightly job is done")
      assert.notMatch(
        received.map(([, body]) => body).join() + outcome.stdout + outcome.stderr,
        /cr[su]_[0-9a-f]{20}|eyJ[\w-]{20}|PRIVATE KEY|whsec_/
      )
    }).pipe(Effect.scoped, Effect.provide(Simulator.layerServerWith({ installations: 3 })))
  )
})
