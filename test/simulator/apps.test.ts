import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Redacted, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { body, call, callAsApp, errorOf, exchange, firstInstallation, Page, Token } from "./support/calls.ts"
import { appJwt } from "./support/jwt.ts"

const TokenWithScope = Schema.Struct({ ...Token.fields, installationId: Schema.String, organizationId: Schema.String })

const simulator = Simulator.layerWith({ installations: 12 })

describe("access tokens", () => {
  it.effect(
    "an installation token is crs_ and 48 hex characters and lives two hours",
    Effect.fnUntraced(function* () {
      yield* TestClock.setTime(1_800_000_000_000)
      const id = yield* firstInstallation
      const [organizationId] = yield* (yield* Simulator).organizationIds
      const token = yield* callAsApp("POST", `/app/installations/${id}/accessTokens`).pipe(
        Effect.flatMap(body(TokenWithScope))
      )
      assert.match(token.token, /^crs_[0-9a-f]{48}$/)
      assert.strictEqual(token.expiresAt, DateTime.formatIso(DateTime.makeUnsafe(1_800_000_000_000 + 7_200_000)))
      assert.strictEqual(token.installationId, id)
      assert.strictEqual(token.organizationId, organizationId)

      assert.strictEqual((yield* call("GET", "/projects", token.token)).status, 200)
      yield* TestClock.adjust("119 minutes")
      assert.strictEqual((yield* call("GET", "/projects", token.token)).status, 200)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* Effect.flatMap(call("GET", "/projects", token.token), errorOf), {
        status: 403,
        message: "Access token has expired"
      })
    }, Effect.provide(simulator))
  )

  it.effect(
    "an app token carries no installation",
    Effect.fnUntraced(function* () {
      const response = yield* callAsApp("POST", "/app/accessTokens")
      const token: Schema.Json = yield* response.json
      assert.isObject(token)
      assert.notProperty(token, "installationId")
      assert.strictEqual(response.status, 200)
    }, Effect.provide(simulator))
  )

  it.effect(
    "DELETE /app/installations/token ends the token it is called with and answers true",
    Effect.fnUntraced(function* () {
      const token = yield* exchange()
      const other = yield* exchange()
      const response = yield* call("DELETE", "/app/installations/token", token)
      assert.deepStrictEqual([response.status, yield* response.json], [200, true])
      assert.strictEqual((yield* call("GET", "/projects", token)).status, 403)
      assert.strictEqual((yield* call("GET", "/projects", other)).status, 200)
    }, Effect.provide(simulator))
  )

  it.effect(
    "a token opens its own organization and no other",
    Effect.fnUntraced(function* () {
      const [mine, other] = yield* (yield* Simulator).organizationIds
      const token = yield* exchange()
      const response = yield* call("GET", `/organizations/${mine}`, token)
      const organization = yield* body(Schema.Struct({ id: Schema.String, url: Schema.String }))(response)
      assert.strictEqual(organization.url, `http://localhost/app/organizations/${mine}`)
      assert.strictEqual((yield* call("GET", `/organizations/${other}`, token)).status, 403)
      assert.strictEqual((yield* call("GET", `/organizations/${mine}`, yield* appJwt())).status, 403)
    }, Effect.provide(simulator))
  )
})

describe("installations", () => {
  it.effect(
    "pages are asked for from 0 and counted from 1",
    Effect.fnUntraced(function* () {
      const first = yield* callAsApp("GET", "/app/installations?limit=5&page=0").pipe(Effect.flatMap(body(Page)))
      assert.deepStrictEqual(first.pagination, { total: 12, currentPage: 1, pageCount: 3, nextPage: 2, prevPage: 0 })
      const last = yield* callAsApp("GET", "/app/installations?limit=5&page=2").pipe(Effect.flatMap(body(Page)))
      assert.deepStrictEqual(last.pagination, { total: 12, currentPage: 3, pageCount: 3, nextPage: null, prevPage: 2 })
      assert.strictEqual(last.installations.length, 2)
    }, Effect.provide(simulator))
  )

  it.effect(
    "limit and page may be left out: 10 and the first page",
    Effect.fnUntraced(function* () {
      const page = yield* callAsApp("GET", "/app/installations").pipe(Effect.flatMap(body(Page)))
      assert.strictEqual(page.installations.length, 10)
      assert.strictEqual(page.pagination.currentPage, 1)
    }, Effect.provide(simulator))
  )

  it.effect(
    "a limit that is no positive whole number is answered with 400 and a list",
    Effect.fnUntraced(function* () {
      for (const query of ["limit=0", "limit=-1", "limit=1.5", "limit=ten", "page=-1", "page=x", "limit="]) {
        const { message, status } = yield* Effect.flatMap(callAsApp("GET", `/app/installations?${query}`), errorOf)
        assert.strictEqual(status, 400, query)
        assert.isArray(message)
      }
    }, Effect.provide(simulator))
  )

  it.effect(
    "an installation is found by its id and by its organization",
    Effect.fnUntraced(function* () {
      const id = yield* firstInstallation
      const [organizationId] = yield* (yield* Simulator).organizationIds
      const byId = yield* Effect.flatMap(callAsApp("GET", `/app/installations/${id}`), (_) => _.json)
      const byOrganization = yield* Effect.flatMap(
        callAsApp("GET", `/app/organizations/${organizationId}/installation`),
        (_) => _.json
      )
      assert.deepStrictEqual(byId, byOrganization)
      assert.strictEqual((yield* callAsApp("GET", "/app/installations/nobody")).status, 404)
      assert.strictEqual((yield* callAsApp("GET", "/app/organizations/nobody/installation")).status, 404)
      assert.strictEqual((yield* callAsApp("POST", "/app/installations/nobody/accessTokens")).status, 404)
    }, Effect.provide(simulator))
  )
})

describe("around the routes", () => {
  it.effect(
    "an unsupported version is answered with 400, the supported one and none are taken",
    Effect.fnUntraced(function* () {
      const jwt = yield* appJwt()
      for (const [version, status] of [
        ["2023-06-16", 200],
        ["2022-01-01", 400]
      ] as const) {
        const response = yield* call("GET", "/app/installations", jwt, { "x-icr-api-version": version })
        assert.strictEqual(response.status, status)
      }
      assert.strictEqual((yield* call("GET", "/app/installations", jwt)).status, 200)
    }, Effect.provide(simulator))
  )

  it.effect(
    "an unknown path is answered with 404 and the registry's body",
    Effect.fnUntraced(function* () {
      assert.deepStrictEqual(yield* Effect.flatMap(call("GET", "/whatever"), errorOf), {
        status: 404,
        message: "Cannot GET /whatever"
      })
    }, Effect.provide(simulator))
  )

  it.effect(
    "no credential, a wrong scheme and an unknown token are refused with a body",
    Effect.fnUntraced(function* () {
      assert.strictEqual((yield* Effect.flatMap(call("GET", "/app/installations"), errorOf)).status, 401)
      assert.strictEqual((yield* Effect.flatMap(call("GET", "/projects"), errorOf)).status, 403)
      const basic = call("GET", "/projects", undefined, { authorization: "Basic abc" })
      assert.strictEqual((yield* Effect.flatMap(basic, errorOf)).status, 403)
      assert.strictEqual((yield* Effect.flatMap(call("GET", "/projects", yield* appJwt()), errorOf)).status, 403)
      assert.strictEqual(
        (yield* Effect.flatMap(call("GET", "/app/installations", yield* exchange()), errorOf)).status,
        401
      )
    }, Effect.provide(simulator))
  )

  it.effect(
    "the Date header follows Effect's clock and the registry's skew",
    Effect.fnUntraced(function* () {
      yield* TestClock.setTime(1_800_000_000_000)
      assert.strictEqual((yield* call("GET", "/projects")).headers["date"], "Fri, 15 Jan 2027 08:00:00 GMT")
      yield* (yield* Simulator).control.skewClock("90 seconds")
      assert.strictEqual((yield* call("GET", "/projects")).headers["date"], "Fri, 15 Jan 2027 08:01:30 GMT")
    }, Effect.provide(simulator))
  )

  it.effect(
    "the contract is served at /openapi.json",
    Effect.fnUntraced(function* () {
      const spec = yield* Effect.flatMap(
        call("GET", "/openapi.json"),
        body(Schema.Struct({ paths: Schema.Record(Schema.String, Schema.Unknown) }))
      )
      assert.property(spec.paths, "/app/installations/{installationId}/accessTokens")
    }, Effect.provide(simulator))
  )

  it.effect(
    "a body of an unknown content type is 415 with the registry's body",
    Effect.fnUntraced(function* () {
      const { baseUrl } = yield* Simulator
      const client = yield* HttpClient.HttpClient
      const response = yield* client.execute(
        HttpClientRequest.post(`${baseUrl}/app/create/user/organization`).pipe(
          HttpClientRequest.bearerToken(yield* appJwt()),
          HttpClientRequest.bodyText("<user/>", "application/xml")
        )
      )
      assert.deepStrictEqual(yield* errorOf(response), { status: 415, message: "Unsupported content type" })
    }, Effect.provide(simulator))
  )

  it.effect(
    "the request log holds no secret",
    Effect.fnUntraced(function* () {
      const jwt = yield* appJwt()
      const token = yield* exchange()
      yield* call("GET", `/projects?access_token=${token}`, token)
      yield* call("GET", `/app/installations?jwt=${jwt}`, jwt, { "x-copy": jwt })
      const { app, control } = yield* Simulator
      const log = yield* control.requestLog
      const text = JSON.stringify(log)
      assert.strictEqual(log.length, 3)
      assert.deepStrictEqual(
        log.map(({ credential }) => credential),
        ["jwt", "token", "jwt"]
      )
      for (const secret of [token, jwt, Redacted.value(app.privateKey)]) assert.notInclude(text, secret)
    }, Effect.provide(simulator))
  )
})
