/**
 * One test per documented rule, named after it; the rules that other files test (`jwt`, `paging`, `documents`) are not
 * repeated. Where the documents are silent, the test says what the simulator chose.
 */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import {
  body,
  call,
  callAsApp,
  errorOf,
  exchange,
  firstInstallation,
  FullToken,
  Page,
  status
} from "./support/calls.ts"
import { ask, first, inventory, organization, token } from "./support/credits.ts"
import { appJwt } from "./support/jwt.ts"

const simulator = Effect.provide(Simulator.layer)

describe("Apps, v0.5", () => {
  it.effect(
    "the app access token opens public resources like /projects and no organization",
    Effect.fnUntraced(function* () {
      const { token } = yield* Effect.flatMap(
        callAsApp("POST", "/app/accessTokens"),
        body(Schema.Struct({ token: Schema.String }))
      )
      const [organization] = yield* (yield* Simulator).organizationIds
      assert.strictEqual(yield* status("/projects", token), 200)
      assert.strictEqual(yield* status(`/organizations/${organization}`, token), 403)
    }, simulator)
  )
  it.effect(
    "the example's month is the life of an app token",
    Effect.fnUntraced(function* () {
      yield* TestClock.setTime(1_640_995_200_000)
      const token = yield* Effect.flatMap(callAsApp("POST", "/app/accessTokens"), body(FullToken))
      assert.deepStrictEqual(
        [token.createdAt, token.expiresAt],
        ["2022-01-01T00:00:00.000Z", "2022-02-01T00:00:00.000Z"]
      )
    }, simulator)
  )
  it.effect(
    "the example's month can be the life of an installation token, too",
    Effect.fnUntraced(
      function* () {
        const token = yield* exchange()
        yield* TestClock.adjust("30 days")
        assert.strictEqual(yield* status("/projects", token), 200)
      },
      Effect.provide(Simulator.layerWith({ tokenLife: "31 days" }))
    )
  )
  it.effect(
    "accessTokensUrl leads to the installation's own token",
    Effect.fnUntraced(function* () {
      const Installation = Schema.Struct({ accessTokensUrl: Schema.String })
      const id = yield* firstInstallation
      const { accessTokensUrl } = yield* Effect.flatMap(
        callAsApp("GET", `/app/installations/${id}`),
        body(Installation)
      )
      const client = yield* HttpClient.HttpClient
      const response = yield* client.execute(
        HttpClientRequest.post(accessTokensUrl).pipe(HttpClientRequest.bearerToken(yield* appJwt()))
      )
      assert.strictEqual(response.status, 200)
    }, simulator)
  )
  it.effect(
    "the list holds the active installations",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const id = yield* firstInstallation
      yield* control.suspend(id)
      const { installations } = yield* Effect.flatMap(callAsApp("GET", "/app/installations"), body(Page))
      assert.isFalse(installations.some((one) => one.id === id))
    }, simulator)
  )
  it.effect(
    "deleting a token needs that token: a second time it is refused",
    Effect.fnUntraced(function* () {
      const token = yield* exchange()
      assert.strictEqual((yield* call("DELETE", "/app/installations/token", token)).status, 200)
      assert.strictEqual((yield* call("DELETE", "/app/installations/token", token)).status, 403)
      assert.strictEqual((yield* callAsApp("DELETE", "/app/installations/token")).status, 403)
    }, simulator)
  )
  it.effect(
    "an app token can be deleted as well, unless the switch says no",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const create = Effect.flatMap(
        callAsApp("POST", "/app/accessTokens"),
        body(Schema.Struct({ token: Schema.String }))
      )
      assert.strictEqual((yield* call("DELETE", "/app/installations/token", (yield* create).token)).status, 200)
      yield* control.setBehaviour({ revokeAppTokens: false })
      assert.strictEqual((yield* call("DELETE", "/app/installations/token", (yield* create).token)).status, 403)
    }, simulator)
  )
  it.effect(
    "a new token leaves the older ones alive (not documented)",
    Effect.fnUntraced(function* () {
      const tokens = [yield* exchange(), yield* exchange(), yield* exchange()]
      assert.strictEqual(new Set(tokens).size, 3)
      for (const token of tokens) assert.strictEqual(yield* status("/projects", token), 200)
    }, simulator)
  )
  it.effect(
    "POST /app/create/user/organization gives an organization that has the app (older page)",
    Effect.fnUntraced(function* () {
      const { baseUrl, control } = yield* Simulator
      const client = yield* HttpClient.HttpClient
      const create = Effect.fnUntraced(function* (payload: Schema.Json) {
        const request = HttpClientRequest.post(`${baseUrl}/app/create/user/organization`).pipe(
          HttpClientRequest.bearerToken(yield* appJwt()),
          HttpClientRequest.bodyJsonUnsafe(payload)
        )
        return yield* client.execute(request)
      })
      const payload = {
        user: { email: "a@example.com" },
        organization: { fullName: "Best buyer", type: "marketParticipant" }
      }
      const Created = Schema.Struct({
        installation: Schema.Struct({ id: Schema.String, organization: Schema.Struct({ fullName: Schema.String }) })
      })
      const { installation } = yield* Effect.flatMap(create(payload), body(Created))
      assert.strictEqual(installation.organization.fullName, "Best buyer")
      assert.match(yield* exchange(installation.id), /^crs_/)
      assert.strictEqual((yield* Effect.flatMap(create({ user: { email: "nobody" } }), errorOf)).status, 400)
      yield* control.setBehaviour({ createUserOrganization: false })
      assert.strictEqual((yield* Effect.flatMap(create(payload), errorOf)).status, 404)
    }, simulator)
  )
})

describe("Inventory, v0.5", () => {
  it.effect(
    "all four actions share one body: creditId and amount are required, of cancel too",
    Effect.fnUntraced(function* () {
      const bearer = yield* token
      const credit = first(yield* inventory(bearer))
      const statusOf = (action: string, payload: object) =>
        Effect.map(
          ask("POST", `/inventory/requests/${action}`, bearer, JSON.stringify(payload)),
          (response) => response.status
        )
      const toOrganizationId = yield* organization(1)
      const retirementData = { reason: "Testing", beneficiaryName: "Best buyer" }
      for (const action of ["transfer", "retire", "transfer_retire", "cancel"]) {
        const whole = { creditId: credit.id, amount: 1, toOrganizationId, retirementData }
        const { amount: _, ...noAmount } = whole
        const { creditId: _id, ...noCredit } = whole
        assert.deepStrictEqual(
          [yield* statusOf(action, noAmount), yield* statusOf(action, noCredit), yield* statusOf(action, whole)],
          [400, 400, 201],
          action
        )
      }
    }, simulator)
  )
})
