/** What the simulator keeps, and how it begins and begins again. */
import { profiles } from "@effect-icr/simulator/Behaviour"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Redacted } from "effect"
import { HttpClient } from "effect/http"
import { body, call, callAsApp, errorOf, exchange, firstInstallation, Page, status } from "./support/calls.ts"
import { appJwt } from "./support/jwt.ts"

const simulator = Effect.provide(Simulator.layer)

describe("the world", () => {
  it.effect(
    "is the same for the same seed and another for another",
    Effect.fnUntraced(function* () {
      const world = Effect.fnUntraced(function* () {
        const { app, organizationIds } = yield* Simulator
        const list = yield* Effect.flatMap(callAsApp("GET", "/app/installations"), (response) => response.json)
        return { appId: app.appId, organizations: yield* organizationIds, list, token: yield* exchange() }
      })
      const first = yield* world().pipe(Effect.provide(Simulator.layerWith({ seed: 7 })))
      assert.deepStrictEqual(yield* world().pipe(Effect.provide(Simulator.layerWith({ seed: 7 }))), first)
      const other = yield* world().pipe(Effect.provide(Simulator.layerWith({ seed: 8 })))
      assert.notStrictEqual(other.appId, first.appId)
      assert.notStrictEqual(other.token, first.token)
    })
  )
  it.effect(
    "keeps its apps apart",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const second = yield* control.createApp("second-app")
      const { id } = yield* control.install({ appId: second.appId })
      const asSecond = yield* appJwt({ iss: second.appId }, second.privateKey)
      const { installations } = yield* Effect.flatMap(call("GET", "/app/installations", asSecond), body(Page))
      assert.deepStrictEqual(
        installations.map((one) => one.id),
        [id]
      )
      const mine = yield* firstInstallation
      assert.strictEqual(yield* status(`/app/installations/${mine}`, asSecond), 404)
      assert.strictEqual((yield* callAsApp("GET", `/app/installations/${id}`)).status, 404)
      assert.strictEqual(yield* status("/app/installations", yield* appJwt({ iss: second.appId })), 401)
      assert.strictEqual((yield* Effect.flip(control.createApp("second-app"))).message, "app name second-app is taken")
    }, simulator)
  )
  it.effect(
    "loses no update to concurrent callers",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const id = yield* firstInstallation
      const jwt = yield* appJwt()
      const create = call("POST", `/app/installations/${id}/accessTokens`, jwt)
      yield* Effect.all(
        [
          Effect.replicateEffect(create, 200, { concurrency: "unbounded" }),
          Effect.replicateEffect(control.install(), 200, { concurrency: "unbounded" })
        ],
        {
          concurrency: 2
        }
      )
      const tokens = yield* control.tokens
      assert.strictEqual(new Set(tokens.map((token) => token.id)).size, 200)
      assert.strictEqual(new Set((yield* control.installations()).map((one) => one.id)).size, 203)
      assert.strictEqual(yield* control.requestCount("POST /app/installations/{installationId}/accessTokens"), 200)
    }, simulator)
  )
  it.effect(
    "goes back to its first state, and tokens from before stay dead",
    Effect.fnUntraced(function* () {
      const { control, installationIds } = yield* Simulator
      const before = yield* installationIds
      const token = yield* exchange()
      yield* control.install()
      yield* control.suspend(before[0] ?? "")
      yield* control.skewClock("1 hour")
      yield* control.setBehaviour({ pageCap: 1 })
      yield* control.reset
      assert.deepStrictEqual(yield* installationIds, before)
      assert.strictEqual(yield* status("/projects", token), 403)
      const again = yield* exchange()
      assert.notStrictEqual(again, token)
      assert.strictEqual(yield* control.requestCount(), 2)
      assert.deepStrictEqual(yield* control.behaviour, profiles.documented)
    }, simulator)
  )
  it.effect(
    "expires and revokes tokens on demand, and judges by its own clock",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const [a, b, c] = [yield* exchange(), yield* exchange(), yield* exchange()]
      yield* control.revokeToken(Redacted.make(a))
      const id = (yield* control.tokens)[1]?.id ?? ""
      yield* control.revokeToken(id)
      assert.deepStrictEqual(
        [yield* status("/projects", a), yield* status("/projects", b), yield* status("/projects", c)],
        [403, 403, 200]
      )
      yield* control.skewClock(Duration.hours(3))
      assert.strictEqual(yield* status("/projects", c), 403)
      yield* control.skewClock(0)
      assert.strictEqual(yield* status("/projects", c), 200)
      yield* control.expireAllTokens
      assert.deepStrictEqual(yield* Effect.flatMap(call("GET", "/projects", c), errorOf), {
        status: 403,
        message: "Access token has expired"
      })
      assert.strictEqual((yield* Effect.flip(control.revokeToken(a))).message, "no such token")
    }, simulator)
  )
  it.effect(
    "refuses options that make no sense, without showing a key",
    Effect.fnUntraced(function* () {
      const build = (options: Parameters<typeof Simulator.layerWith>[0]) =>
        Effect.flip(Effect.void.pipe(Effect.provide(Simulator.layerWith(options))))
      assert.include((yield* build({ installations: -1 })).message, "installations must be a whole number")
      assert.include(
        (yield* build({ behaviour: { pageCap: 0 } })).message,
        "behaviour: Expected a value greater than 0"
      )
      assert.include((yield* build({ seed: 1.5 })).message, "seed must be a whole number")
      const error = yield* build({ privateKey: "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----" })
      assert.strictEqual(error.message, "privateKey is not a private key in PEM form (PKCS#1 or PKCS#8)")
    })
  )
  it.effect(
    "in memory reaches no other host",
    Effect.fnUntraced(function* () {
      const client = yield* HttpClient.HttpClient
      const error = yield* Effect.flip(client.get("https://evil.example/app/installations"))
      assert.strictEqual(error.reason._tag, "TransportError")
      assert.strictEqual(yield* (yield* Simulator).control.requestCount(), 0)
    }, simulator)
  )
})
