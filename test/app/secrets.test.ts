/**
 * No secret in anything that comes out: every operation, success and every failure, against a registry that repeats the
 * credentials it was sent wherever it can.
 */
import { IcrApp, IcrConfig, type IcrError, ServerClock, Signer, schemaBodyJson } from "@effect-icr/app"
import type { ServiceOptions } from "@effect-icr/app/IcrApp"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer, Redacted, Schema, Stream } from "effect"
import { Headers, HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { Buffer } from "node:buffer"
import { pkcs1Pem, privateKeyPem } from "../support/keys.ts"
import { bare, hostilities, type Hostility } from "./support/hostilities.ts"
import { recorder } from "./support/recorder.ts"
import { found, needles, shown, shownSpan } from "./support/secrets.ts"
import { firstId } from "./support/wire.ts"

/** The simulator behind a transport that can turn hostile, and notes every secret that passes. */
const hostileRegistry = () => {
  const secrets = new Set<string>([privateKeyPem, pkcs1Pem])
  let hostility: Hostility = () => undefined
  const layer = Layer.effect(
    HttpClient.HttpClient,
    Effect.gen(function* () {
      const genuine = yield* HttpClient.HttpClient
      const { app } = yield* Simulator
      secrets.add(Redacted.value(app.webhookSecret))
      return HttpClient.make((request) => {
        const authorization = request.headers["authorization"] ?? ""
        if (authorization !== "") secrets.add(bare(authorization))
        const answer = hostility(authorization, request)
        if (answer !== undefined) {
          return Effect.map(answer, (response) => HttpClientResponse.fromWeb(request, response))
        }
        return Effect.tap(genuine.execute(request), (response) =>
          Effect.map(response.text, (text) => {
            for (const [token] of text.matchAll(/crs_[0-9a-f]+/g)) secrets.add(token)
          })
        )
      })
    })
  ).pipe(Layer.provideMerge(Simulator.layerWith({ installations: 2, privateKey: privateKeyPem })))
  return {
    layer,
    secrets,
    turn: (next: Hostility) => {
      hostility = next
    }
  }
}

type Operation = (app: IcrApp["Service"]) => Effect.Effect<unknown, IcrError, Simulator>

const Anything = schemaBodyJson(Schema.Struct({ projects: Schema.Array(Schema.Struct({ id: Schema.String })) }))

const operations: Readonly<Record<string, Operation>> = {
  appToken: (app) => app.appToken,
  installationToken: (app) => Effect.flatMap(firstId, (id) => app.installationToken(id)),
  "installationToken, forced": (app) =>
    Effect.flatMap(firstId, (id) => app.installationTokenWith(id, { forceRefresh: true })),
  scopedInstallationToken: (app) => Effect.flatMap(firstId, (id) => Effect.scoped(app.scopedInstallationToken(id))),
  installations: (app) => Stream.runCollect(app.installations),
  installationPage: (app) => app.installationPage({ limit: 10, page: 0 }),
  installation: (app) => Effect.flatMap(firstId, (id) => app.installation(id)),
  organizationInstallation: (app) =>
    Effect.flatMap(app.installationPage({ limit: 1, page: 0 }), ({ installations: [first] }) =>
      first === undefined ? Effect.void : app.organizationInstallation(first.organization.id)
    ),
  forEachInstallation: (app) =>
    Stream.runCollect(app.forEachInstallation((_, client) => Effect.flatMap(client.get("/projects"), Anything))),
  revokeInstallationToken: (app) => Effect.flatMap(firstId, (id) => app.revokeInstallationToken(id)),
  "appClient, read": (app) => Effect.flatMap(app.appClient.get("/projects?page=0&limit=1"), Anything),
  "appClient, written": (app) => app.appClient.post("/projects"),
  installationClient: (app) =>
    Effect.flatMap(firstId, (id) => Effect.flatMap(app.installationClient(id).get("/projects"), Anything)),
  "a path that leaves": (app) => app.appClient.get("//evil.example")
}

/** Passes virtual time, with a turn for real work in between, until the effect has ended. */
const driven = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(Effect.exit(effect))
  while (fiber.pollUnsafe() === undefined) {
    yield* TestClock.adjust("1 second")
    yield* Effect.promise(() => new Promise(setImmediate))
  }
  return yield* Fiber.join(fiber)
})

const options: ServiceOptions = { http: { traceRequests: true, propagateTrace: true, retry: { attempts: 2 } } }

/** Everything that came out of an operation under a hostility, as one text, and the secrets it must not contain. */
const outcome = Effect.fnUntraced(function* (operation: Operation, hostility: Hostility, usesTokens: boolean) {
  const records = recorder()
  const registry = hostileRegistry()
  const app = Layer.unwrap(
    Effect.map(Simulator, ({ app, baseUrl }) =>
      IcrApp.layerWith({ appId: app.appId, privateKey: app.privateKey, baseUrl, ...options })
    )
  ).pipe(Layer.provideMerge(registry.layer))
  const { exit, log } = yield* Effect.gen(function* () {
    const app = yield* IcrApp
    const { control } = yield* Simulator
    // A JWT signed, and tokens for those that use them, so that each operation meets the hostility itself.
    yield* app.installationPage({ limit: 1, page: 0 })
    if (usesTokens) {
      yield* app.appToken
      yield* app.installationToken(yield* firstId)
    }
    registry.turn(hostility)
    const exit = yield* driven(operation(app))
    if (Exit.isFailure(exit)) yield* Effect.logError("it failed", exit.cause)
    yield* Effect.logInfo("it ended", exit)
    return { exit, log: yield* control.requestLog }
  }).pipe(
    Effect.provide(app),
    // Everything of requests and answers into the spans, under a list of secret names that hides none of them.
    Effect.provideService(HttpClient.TracerHeaderFilter, () => true),
    Effect.provideService(Headers.CurrentRedactedNames, ["x-nothing"]),
    Effect.provide(records.layer)
  )
  const failures = Exit.isFailure(exit)
    ? exit.cause.reasons.map((reason) => ("error" in reason ? reason.error : reason))
    : []
  const text = [
    shown(exit),
    ...failures.map(shown),
    Exit.isFailure(exit) ? Cause.pretty(exit.cause) : shown(exit.value),
    ...records.logs,
    ...records.spans.map(shownSpan),
    shown(yield* records.metrics),
    // The simulator's own log of requests.
    shown(log)
  ].join("\n")
  return { exit, text, secrets: registry.secrets }
})

describe("no secret comes out of", () => {
  for (const [name, operation] of Object.entries(operations)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const usesTokens = /client|revoke|forced/i.test(name)
        let failed = 0
        for (const [hostile, hostility] of Object.entries(hostilities)) {
          const { exit, secrets, text } = yield* outcome(operation, hostility, usesTokens)
          if (Exit.isFailure(exit)) failed++
          // The key twice, the webhook secret and a JWT at least: something to be found.
          assert.isAtLeast(secrets.size, usesTokens ? 6 : 4)
          assert.deepStrictEqual(found(text, needles(secrets)), [], hostile)
        }
        // Most hostilities are failures. A stream of outcomes reports those of its parts and goes on.
        assert.isAtLeast(failed, name === "forEachInstallation" ? 20 : 10)
      })
    )
  }

  it.effect("a configuration, a signer that fails, and a key that cannot be read", () =>
    Effect.gen(function* () {
      const broken = Redacted.make(privateKeyPem.replace(/\n(.{64})\n/, "\n$1x\n"))
      const config = { appId: "app-1", privateKey: Redacted.make(privateKeyPem), baseUrl: "http://localhost" }
      const service = yield* IcrConfig.pipe(Effect.provide(IcrConfig.layerWith(config)))
      const badKey = yield* Effect.exit(
        Effect.scoped(
          Layer.build(IcrApp.layerWith({ ...config, privateKey: broken })).pipe(Effect.provide(Simulator.layer))
        )
      )
      assert.isTrue(Exit.isFailure(badKey))
      const away = yield* Effect.flatMap(Signer, ({ appJwt }) => Effect.exit(appJwt)).pipe(
        Effect.provide(
          Signer.layerSign((bytes) =>
            Effect.fail(new Error(`KMS refused ${new TextDecoder().decode(bytes)} with ${privateKeyPem}`))
          ).pipe(Layer.provide([IcrConfig.layerWith(config), ServerClock.layer]))
        )
      )
      assert.isTrue(Exit.isFailure(away))
      const text = [shown(service), shown(badKey), shown(away)].join("\n")
      assert.deepStrictEqual(found(text, needles([privateKeyPem])), [])
    })
  )
})

describe("the search for secrets in printed text", () => {
  const token = "crs_0123456789abcdef0123456789abcdef0123456789abcdef"
  const all = needles([token, privateKeyPem])

  it("finds a secret plain, cut, wrapped in an error, and in base64 at each alignment", () => {
    for (const text of [
      token,
      `x${token}x`,
      token.slice(0, 30),
      shown({ deep: [{ er: token }] }),
      shown(new Error("no", { cause: new Error(token) })),
      ...[0, 1, 2].map((before) => Buffer.from(" ".repeat(before) + token).toString("base64")),
      ...[0, 1, 2].map((before) => Buffer.from(" ".repeat(before) + token + "xyz").toString("base64url")),
      Buffer.from(token).toString("hex"),
      privateKeyPem
    ]) {
      assert.notStrictEqual(found(text, all).length, 0, text.slice(0, 80))
    }
    assert.deepStrictEqual(found(shown({ token: Redacted.make(token) }), all), [])
  })
})
