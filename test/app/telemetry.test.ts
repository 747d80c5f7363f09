/** One span for each public operation, retries as events in it, and two metrics. */
import { IcrApp, type IcrError, IcrHttp } from "@effect-icr/app"
import type { Credential } from "@effect-icr/app/Credential"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Metric, Option } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { withSimulator } from "../support/app.ts"
import { recorder, view } from "./support/recorder.ts"
import { anyClient, credential, failure, firstId, inVirtualTime, played, wireOver } from "./support/wire.ts"

const get = Effect.flatMap(anyClient, (client) => client.get("/things/123?q=1"))

describe("spans of calls", () => {
  it.effect("one span with OpenTelemetry's names, and none underneath", () => {
    const { layer, spans } = recorder()
    return Effect.gen(function* () {
      yield* get
      assert.deepStrictEqual(spans.map(view), [
        {
          name: "Test.call",
          kind: "client",
          attributes: {
            "http.request.method": "GET",
            "url.template": "/things/{id}",
            "server.address": "localhost",
            "http.response.status_code": 200
          },
          events: [],
          ended: "Success"
        }
      ])
    }).pipe(Effect.provide(wireOver(played(() => Effect.sync(() => Response.json({}))).layer)), Effect.provide(layer))
  })

  it.effect("retries are events, and the last status and the reason stand in the span", () => {
    const { layer, spans } = recorder()
    const registry = played((n) => Effect.sync(() => new Response(null, { status: n === 1 ? 503 : 404 })))
    return Effect.gen(function* () {
      yield* failure(get)
      assert.strictEqual(spans.length, 1)
      const [span] = spans.map(view)
      assert.deepStrictEqual(span?.events, [
        { name: "retry", attributes: { "error.type": "ServerError", "http.request.resend_count": 1 } }
      ])
      assert.strictEqual(span?.attributes["http.response.status_code"], 404)
      assert.strictEqual(span?.attributes["error.type"], "NotFound")
      assert.strictEqual(span?.ended, "Failure")
    }).pipe(Effect.provide(wireOver(registry.layer)), Effect.provide(layer))
  })

  it.effect("a refused request gets no span of its own: nothing was called", () => {
    const { layer, spans } = recorder()
    return Effect.gen(function* () {
      yield* Effect.flip(Effect.flatMap(anyClient, (client) => client.get("//evil.example")))
      assert.strictEqual(spans.length, 0)
    }).pipe(Effect.provide(wireOver(played(() => Effect.never).layer)), Effect.provide(layer))
  })

  it.effect("a span for each request comes when asked for, under the call's", () => {
    const { layer, spans } = recorder()
    const registry = played((n) => Effect.sync(() => new Response("{}", { status: n === 1 ? 503 : 200 })))
    return Effect.gen(function* () {
      yield* inVirtualTime(get)
      assert.deepStrictEqual(
        spans.map((span) => {
          const { attributes, ended, name } = view(span)
          const parent = Option.getOrUndefined(span.parent)?.spanId
          return [name, parent, attributes["http.request.resend_count"], attributes["http.response.status_code"], ended]
        }),
        [
          ["Test.call", undefined, undefined, 200, "Success"],
          ["GET", spans[0]?.spanId, 0, 503, "Failure"],
          ["GET", spans[0]?.spanId, 1, 200, "Success"]
        ]
      )
    }).pipe(Effect.provide(wireOver(registry.layer, { traceRequests: true })), Effect.provide(layer))
  })

  it.effect("the registry gets no traceparent unless asked for, whatever the program sets", () => {
    const registry = played(() => Effect.sync(() => Response.json({})))
    const headers = (options: Parameters<typeof wireOver>[1]) =>
      Effect.gen(function* () {
        yield* Effect.withSpan(get, "outer")
        return Object.keys(registry.sent.at(-1)?.headers ?? {}).filter((name) => /^(traceparent|b3)$/.test(name))
      }).pipe(
        Effect.provide(wireOver(registry.layer, options)),
        Effect.provideService(HttpClient.TracerPropagationEnabled, true),
        Effect.provide(recorder().layer)
      )
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* headers({}), [])
      assert.deepStrictEqual(yield* headers({ traceRequests: true }), [])
      assert.deepStrictEqual((yield* headers({ traceRequests: true, propagateTrace: true })).toSorted(), [
        "b3",
        "traceparent"
      ])
      assert.deepStrictEqual((yield* headers({ propagateTrace: true })).toSorted(), ["b3", "traceparent"])
    })
  })
})

describe("without a tracer", () => {
  const seenByTheWire = (options: Parameters<typeof wireOver>[1]) => {
    const seen: Array<{ readonly span: string | undefined; readonly traceparent: string | undefined }> = []
    const client = HttpClient.make((request) =>
      Effect.map(Effect.option(Effect.currentSpan), (span) => {
        seen.push({
          span: Option.getOrUndefined(Option.map(span, ({ name }) => name)),
          traceparent: request.headers["traceparent"]
        })
        return HttpClientResponse.fromWeb(request, Response.json({}))
      })
    )
    return Effect.as(get.pipe(Effect.provide(wireOver(Layer.succeed(HttpClient.HttpClient, client), options))), seen)
  }

  it.effect("no span is opened, since nobody would see it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* seenByTheWire({ traceRequests: true }), [
        { span: undefined, traceparent: undefined }
      ])
    })
  )

  it.effect("a trace that is to be propagated is, all the same", () =>
    Effect.gen(function* () {
      const [seen] = yield* seenByTheWire({ propagateTrace: true })
      assert.strictEqual(seen?.span, "Test.call")
      assert.match(seen?.traceparent ?? "", /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    })
  )
})

describe("spans of operations", () => {
  it.effect("icr.token.cache says miss, joined and hit; a token from the cache opens no span", () => {
    const { layer, spans } = recorder()
    return Effect.gen(function* () {
      const app = yield* IcrApp
      const id = yield* firstId
      const { control, organizationIds } = yield* Simulator
      const [organization = ""] = yield* organizationIds
      const read = app.installationClient(id).get(`/organizations/${organization}`)
      // The JWT is signed, and the exchange takes a second: the other caller comes meanwhile.
      yield* app.installation(id)
      const slow = { _tag: "Latency", millis: 1000 } as const
      yield* control.faults.script("POST /app/installations/{installationId}/accessTokens", [slow])
      const both = yield* Effect.forkChild(Effect.all([read, read], { concurrency: 2 }))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(both)
      yield* read
      const calls = spans.map(view).filter(({ name }) => name === "IcrApp.installationClient")
      assert.deepStrictEqual(
        calls.map(({ attributes }) => attributes["icr.token.cache"]),
        ["miss", "joined", "hit"]
      )
      for (const { attributes } of calls) {
        assert.strictEqual(attributes["icr.installation.id"], id)
        assert.strictEqual(attributes["url.template"], "/organizations/{id}")
      }
      const before = spans.length
      yield* app.installationToken(id)
      assert.strictEqual(spans.length, before)
    }).pipe(Effect.provide(withSimulator()), Effect.provide(layer))
  })

  it.effect("each public operation is one span of its own name", () => {
    const { layer, spans } = recorder()
    return Effect.gen(function* () {
      const app = yield* IcrApp
      const id = yield* firstId
      const [organizationId] = (yield* app.installationPage({ limit: 1, page: 0 })).installations.map(
        ({ organization }) => organization.id
      )
      if (organizationId === undefined) return yield* Effect.die("no installation")
      const operations: ReadonlyArray<readonly [string, string, Effect.Effect<unknown, IcrError>]> = [
        ["IcrApp.appToken", "/app/accessTokens", app.appToken],
        ["IcrApp.installationToken", "/app/installations/{installationId}/accessTokens", app.installationToken(id)],
        ["IcrApp.installationPage", "/app/installations", app.installationPage({ limit: 1, page: 0 })],
        ["IcrApp.installation", "/app/installations/{installationId}", app.installation(id)],
        [
          "IcrApp.organizationInstallation",
          "/app/organizations/{organizationId}/installation",
          app.organizationInstallation(organizationId)
        ],
        ["IcrApp.appClient", "/projects", app.appClient.get("/projects")],
        ["IcrApp.installationClient", "/projects", app.installationClient(id).get("/projects")],
        ["IcrApp.revokeInstallationToken", "/app/installations/token", app.revokeInstallationToken(id)]
      ]
      for (const [name, template, operation] of operations) {
        const before = spans.length
        yield* operation
        const opened = spans.slice(before).map(view)
        assert.deepStrictEqual(
          opened.map((span) => [span.name, span.attributes["url.template"], span.ended]),
          [[name, template, "Success"]]
        )
        const cached = name === "IcrApp.appClient" || name === "IcrApp.installationClient"
        assert.strictEqual(opened[0]?.attributes["icr.token.cache"], cached ? "hit" : undefined, name)
      }
    }).pipe(Effect.provide(withSimulator()), Effect.provide(layer))
  })

  it.effect("a refused token is an event, with the exchange for the new one in between", () => {
    const { layer, spans } = recorder()
    return Effect.gen(function* () {
      const app = yield* IcrApp
      const { control } = yield* Simulator
      yield* app.appToken
      yield* TestClock.adjust("1 minute")
      yield* control.expireAllTokens
      const before = spans.length
      yield* app.appClient.get("/projects")
      const [span] = spans.slice(before).map(view)
      assert.deepStrictEqual(
        span?.events.map(({ name }) => name),
        ["credential refused"]
      )
      assert.strictEqual(span?.attributes["icr.token.cache"], "miss")
    }).pipe(Effect.provide(withSimulator()), Effect.provide(layer))
  })
})

describe("metrics", () => {
  it.effect("count by operation and outcome, and time by operation", () => {
    const { layer, metrics } = recorder()
    const registry = played((n) =>
      n === 4 ? Effect.never : Effect.sync(() => new Response(n === 2 ? null : "{}", { status: n === 2 ? 404 : 200 }))
    )
    return Effect.gen(function* () {
      yield* get
      yield* failure(get)
      yield* get
      const fiber = yield* Effect.forkChild(get)
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.interrupt(fiber)
      const all = yield* metrics
      const counts = all.flatMap((metric) =>
        metric.id === "icr_requests" && metric.type === "Counter"
          ? [[metric.attributes?.["operation"], metric.attributes?.["outcome"], metric.state.count]]
          : []
      )
      assert.deepStrictEqual(counts.toSorted(), [
        ["Test.call", "Interrupted", 1],
        ["Test.call", "NotFound", 1],
        ["Test.call", "Success", 2]
      ])
      const times = all.flatMap((metric) =>
        metric.id === "icr_request_duration" && metric.type === "Histogram"
          ? [[metric.attributes?.["operation"], metric.state.count, metric.state.max]]
          : []
      )
      assert.deepStrictEqual(times, [["Test.call", 4, 3000]])
    }).pipe(Effect.provide(wireOver(registry.layer)), Effect.provide(layer))
  })

  it.effect("count a call whose credential throws before there is anything to run", () =>
    Effect.gen(function* () {
      const http = yield* IcrHttp
      const broken: Credential = {
        ...credential,
        get get(): Credential["get"] {
          throw new Error("a credential with a bug")
        }
      }
      yield* Effect.exit(http.client({ operation: "Test.call", credential: broken }).get("/things"))
      const counted = (yield* Metric.snapshot).filter(({ id }) => id === "icr_requests")
      assert.deepStrictEqual(
        counted.map(({ attributes }) => attributes?.["outcome"]),
        ["Defect"]
      )
    }).pipe(
      Effect.provide(wireOver(played(() => Effect.never).layer)),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  )

  it.effect("no label names an installation: a series for each customer would be without bound", () => {
    const { layer, metrics } = recorder()
    return Effect.gen(function* () {
      const app = yield* IcrApp
      const id = yield* firstId
      yield* app.installationClient(id).get("/projects")
      assert.notInclude(JSON.stringify((yield* metrics).map(({ attributes }) => attributes)), id)
    }).pipe(Effect.provide(withSimulator()), Effect.provide(layer))
  })
})
