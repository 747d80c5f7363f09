/** What an app does, against the simulator. */
import { OrganizationId, schemaBodyJson } from "@effect-icr/app"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Redacted, Ref, Result, Schema, Stream } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import { withSimulator } from "../support/app.ts"
import { firstId } from "./support/wire.ts"

describe("against the simulator", () => {
  it.effect("gets an app token and reads a public list with it", () =>
    Effect.gen(function* () {
      const { appClient, appToken } = yield* IcrApp
      const simulator = yield* Simulator
      assert.strictEqual((yield* appToken).appId, simulator.app.appId)
      const Projects = Schema.Struct({ projects: Schema.Array(Schema.Struct({ fullName: Schema.String })) })
      const { projects } = yield* Effect.flatMap(appClient.get("/projects?limit=5&page=0"), schemaBodyJson(Projects))
      assert.strictEqual(projects.length, 5)
      assert.strictEqual(yield* simulator.control.requestCount("POST /app/accessTokens"), 1)
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("gets an installation's token and reads its organization with it", () =>
    Effect.gen(function* () {
      const { installation, installationClient, installationToken } = yield* IcrApp
      const id = yield* firstId
      const { organization } = yield* installation(id)
      const token = yield* installationToken(id)
      assert.strictEqual(token.organizationId, organization.id)
      const Info = schemaBodyJson(Schema.Struct({ fullName: Schema.String }))
      const info = yield* Effect.flatMap(installationClient(id).get(`/organizations/${organization.id}`), Info)
      assert.strictEqual(info.fullName, organization.fullName)
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("finds an installation by its organization", () =>
    Effect.gen(function* () {
      const { installation, organizationInstallation } = yield* IcrApp
      const id = yield* firstId
      const { organization } = yield* installation(id)
      assert.strictEqual((yield* organizationInstallation(organization.id)).id, id)
      const error = yield* Effect.flip(organizationInstallation(OrganizationId.make("nobody")))
      assert.strictEqual(error.reason._tag, "InstallationNotFound")
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("revokes with one request, and what is dead already counts as done", () =>
    Effect.gen(function* () {
      const { installationToken, revokeInstallationToken } = yield* IcrApp
      const { control } = yield* Simulator
      const id = yield* firstId
      yield* revokeInstallationToken(id)
      assert.strictEqual(yield* control.requestCount(), 0)
      const token = yield* installationToken(id)
      yield* control.revokeToken(token.token)
      yield* revokeInstallationToken(id)
      assert.strictEqual(yield* control.requestCount("DELETE /app/installations/token"), 1)
      const next = yield* installationToken(id)
      assert.notStrictEqual(Redacted.value(next.token), Redacted.value(token.token))
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("a token of a suspended installation needs no revoking", () =>
    Effect.gen(function* () {
      const { installationToken, revokeInstallationToken } = yield* IcrApp
      const { control } = yield* Simulator
      const id = yield* firstId
      yield* installationToken(id)
      yield* control.suspend(id)
      yield* revokeInstallationToken(id)
      assert.strictEqual(yield* control.requestCount("DELETE /app/installations/token"), 1)
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("works on several installations at once, eight unless told otherwise", () =>
    Effect.gen(function* () {
      const { forEachInstallation } = yield* IcrApp
      const busy = yield* Ref.make({ now: 0, most: 0 })
      const work = Effect.acquireUseRelease(
        Ref.update(busy, ({ most, now }) => ({ now: now + 1, most: Math.max(most, now + 1) })),
        () => Effect.yieldNow,
        () => Ref.update(busy, ({ most, now }) => ({ now: now - 1, most }))
      )
      yield* Stream.runDrain(forEachInstallation(() => work))
      assert.strictEqual((yield* Ref.get(busy)).most, 8)
    }).pipe(Effect.provide(withSimulator({ installations: 20 })))
  )

  it.effect("a scoped token is one's own and is revoked when its scope ends, whatever the outcome", () =>
    Effect.gen(function* () {
      const { installationToken, scopedInstallationToken } = yield* IcrApp
      const { control } = yield* Simulator
      const id = yield* firstId
      const shared = yield* installationToken(id)
      const exit = yield* scopedInstallationToken(id).pipe(
        Effect.flatMap((token) => {
          assert.notStrictEqual(Redacted.value(token.token), Redacted.value(shared.token))
          return Effect.fail("the job's own failure")
        }),
        Effect.scoped,
        Effect.exit
      )
      assert.deepStrictEqual(exit, Exit.fail("the job's own failure"))
      assert.strictEqual(yield* control.requestCount("DELETE /app/installations/token"), 1)
      assert.strictEqual(yield* installationToken(id), shared)
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("goes on past an installation that is suspended while it runs", () =>
    Effect.gen(function* () {
      const { forEachInstallation } = yield* IcrApp
      const { control } = yield* Simulator
      const suspended = yield* firstId
      yield* control.setBehaviour({ listSuspended: true })
      yield* control.suspend(suspended)
      const outcomes = yield* forEachInstallation(({ organization }, client) =>
        client.get(`/organizations/${organization.id}`)
      ).pipe(Stream.runCollect)
      assert.strictEqual(outcomes.length, 12)
      for (const { installation, result } of outcomes) {
        assert.strictEqual(Result.isFailure(result), installation.id === suspended)
        if (Result.isFailure(result)) assert.strictEqual(result.failure.reason._tag, "InstallationSuspended")
      }
    }).pipe(Effect.provide(withSimulator({ installations: 12 })))
  )

  it.effect("sends the version and the accepted type with every request", () =>
    Effect.gen(function* () {
      const seen = yield* Ref.make<ReadonlyArray<HttpClientRequest.HttpClientRequest>>([])
      const inner = yield* HttpClient.HttpClient
      const { app, baseUrl } = yield* Simulator
      const watched = HttpClient.tapRequest(inner, (request) => Ref.update(seen, (all) => [...all, request]))
      yield* Effect.gen(function* () {
        const { appClient, installation, installations, revokeInstallationToken, installationToken } = yield* IcrApp
        const id = yield* firstId
        yield* installation(id)
        yield* installationToken(id)
        yield* revokeInstallationToken(id)
        yield* Stream.runDrain(installations)
        yield* appClient.get("/projects")
      }).pipe(
        Effect.provide(
          IcrApp.layerWith({ appId: app.appId, privateKey: app.privateKey, baseUrl }).pipe(
            Layer.provide(Layer.succeed(HttpClient.HttpClient, watched))
          )
        )
      )
      const requests = yield* Ref.get(seen)
      assert.strictEqual(requests.length, 6)
      for (const { headers } of requests) {
        assert.strictEqual(headers["x-icr-api-version"], "2023-06-16")
        assert.strictEqual(headers["accept"], "application/json")
        assert.match(headers["authorization"] ?? "", /^Bearer /)
      }
    }).pipe(Effect.provide(withSimulator()))
  )
})
