/**
 * One test per documented rule, named after it; the rules that other files test (`jwt`, `paging`, `documents`) are not
 * repeated. Where the documents are silent, the test says what the simulator chose.
 */
import { profiles } from "@effect-icr/simulator/Behaviour"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Redacted, Schema, Stream } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import { body, call, callAsApp, errorOf, firstInstallation, mint, Page } from "./support/calls.ts"
import { appJwt } from "./support/jwt.ts"

const simulator = Effect.provide(Simulator.layer())
const FullToken = Schema.Struct({
  createdAt: Schema.String,
  expiresAt: Schema.String,
  permissions: Schema.Record(Schema.String, Schema.String),
  appId: Schema.String
})
const status = (path: string, token: string) => Effect.map(call("GET", path, token), (response) => response.status)

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
        const token = yield* mint()
        yield* TestClock.adjust("30 days")
        assert.strictEqual(yield* status("/projects", token), 200)
      },
      Effect.provide(Simulator.layer({ tokenLife: "31 days" }))
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
      const token = yield* mint()
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
      const tokens = [yield* mint(), yield* mint(), yield* mint()]
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
      assert.match(yield* mint(installation.id), /^crs_/)
      assert.strictEqual((yield* Effect.flatMap(create({ user: { email: "nobody" } }), errorOf)).status, 400)
      yield* control.setBehaviour({ createUserOrganization: false })
      assert.strictEqual((yield* Effect.flatMap(create(payload), errorOf)).status, 404)
    }, simulator)
  )
})

describe("Authenticate as an installation", () => {
  it.effect(
    "the token has all of the permissions that were granted to the app, and no others",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const id = yield* firstInstallation
      yield* control.setPermissions(id, { organization_info: "VIEW", organization_inventory: "REQUEST" })
      const token = yield* Effect.flatMap(callAsApp("POST", `/app/installations/${id}/accessTokens`), body(FullToken))
      assert.deepStrictEqual(token.permissions, { organization_info: "VIEW", organization_inventory: "REQUEST" })
    }, simulator)
  )
  it.effect(
    "your app must have the required permissions to use the endpoint",
    Effect.fnUntraced(function* () {
      const { control, organizationIds } = yield* Simulator
      const id = yield* firstInstallation
      const [organization] = yield* organizationIds
      const before = yield* mint(id)
      yield* control.setPermissions(id, { organization_members: "VIEW" })
      const after = yield* mint(id)
      assert.deepStrictEqual(yield* Effect.flatMap(call("GET", `/organizations/${organization}`, after), errorOf), {
        status: 403,
        message: "Permission organization_info:read is required"
      })
      assert.strictEqual(yield* status(`/organizations/${organization}`, before), 200)
      yield* control.setBehaviour({ tokenPermissions: "current" })
      assert.strictEqual(yield* status(`/organizations/${organization}`, before), 403)
    }, simulator)
  )
})

describe("App private keys", () => {
  it.effect(
    "an app may have several, so that keys can be rotated without downtime",
    Effect.fnUntraced(function* () {
      const { app, control } = yield* Simulator
      const [old] = yield* control.keys()
      const fresh = yield* control.addKey()
      for (const key of [app.privateKey, fresh.privateKey]) {
        assert.strictEqual(yield* status("/app/installations", yield* appJwt({}, key)), 200)
      }
      yield* control.revokeKey(old ?? "")
      assert.strictEqual(yield* status("/app/installations", yield* appJwt({}, app.privateKey)), 401)
      assert.strictEqual(yield* status("/app/installations", yield* appJwt({}, fresh.privateKey)), 200)
    }, simulator)
  )
  it.effect(
    "a key made elsewhere is registered by its public half",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const other = yield* Effect.map(Simulator, ({ app }) => app.privateKey).pipe(
        Effect.provide(Simulator.layer({ seed: 2 }))
      )
      // A PEM private key holds its public half.
      const fingerprint = yield* control.addPublicKey(Redacted.value(other))
      assert.include(yield* control.keys(), fingerprint)
      assert.strictEqual(yield* status("/app/installations", yield* appJwt({}, other)), 200)
      assert.strictEqual((yield* Effect.flip(control.addPublicKey("no key"))).message, "not a public key in PEM form")
    }, simulator)
  )
})

describe("Review installations", () => {
  it.effect(
    "suspending is temporary: no new tokens, and the old ones rest until it is lifted",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const id = yield* firstInstallation
      const token = yield* mint(id)
      yield* control.suspend(id)
      const suspended = { status: 403, message: "This installation has been suspended" }
      assert.deepStrictEqual(
        yield* Effect.flatMap(callAsApp("POST", `/app/installations/${id}/accessTokens`), errorOf),
        suspended
      )
      assert.deepStrictEqual(yield* Effect.flatMap(call("GET", "/projects", token), errorOf), suspended)
      assert.strictEqual((yield* callAsApp("GET", `/app/installations/${id}`)).status, 200)
      yield* control.unsuspend(id)
      assert.strictEqual(yield* status("/projects", token), 200)
    }, simulator)
  )
  it.effect(
    "uninstalling is permanent: the installation is unknown and its tokens are dead",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const id = yield* firstInstallation
      const token = yield* mint(id)
      yield* control.uninstall(id)
      assert.strictEqual((yield* callAsApp("POST", `/app/installations/${id}/accessTokens`)).status, 404)
      assert.strictEqual((yield* callAsApp("GET", `/app/installations/${id}`)).status, 404)
      assert.strictEqual(yield* status("/projects", token), 403)
      assert.strictEqual((yield* Effect.flip(control.unsuspend(id)))._tag, "SimulatorError")
    }, simulator)
  )
})

describe("Approve new permissions", () => {
  it.effect(
    "raised permissions wait for each organization; after a rejection the installation keeps what it had",
    Effect.fnUntraced(function* () {
      const { control, installationIds } = yield* Simulator
      const [a = "", b = ""] = yield* installationIds
      const raised = { organization_info: "VIEW", examiner: "VIEW" }
      yield* control.requestPermissions(raised)
      const held = Effect.map(control.installations(), (all) => all.map(({ permissions }) => "examiner" in permissions))
      assert.deepStrictEqual(yield* held, [false, false, false])
      yield* control.approvePermissions(a)
      yield* control.rejectPermissions(b)
      yield* control.approvePermissions(b)
      assert.deepStrictEqual(yield* held, [true, false, false])
      assert.deepStrictEqual((yield* control.install()).permissions, raised)
    }, simulator)
  )
  it.effect(
    "the app is told of what happens, by the names of Webhook actions and payloads",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const told = yield* control.events.pipe(
        Stream.take(5),
        Stream.runCollect,
        Effect.forkChild({ startImmediately: true })
      )
      const { id } = yield* control.install()
      yield* control.suspend(id)
      yield* control.suspend(id)
      yield* control.unsuspend(id)
      yield* control.requestPermissions({ organization_info: "VIEW" })
      yield* control.approvePermissions(id)
      yield* control.uninstall(id)
      assert.deepStrictEqual(
        (yield* Fiber.join(told)).map(({ event, installation }) => [event, installation.id === id]),
        ["installed", "suspended", "unsuspended", "newPermissionsAccepted", "uninstalled"].map((event) => [event, true])
      )
    }, simulator)
  )
})

describe("API versions", () => {
  it.effect(
    "an unsupported value is answered with 400, whatever the credential",
    Effect.fnUntraced(function* () {
      for (const path of ["/projects", "/app/installations"]) {
        assert.deepStrictEqual(
          yield* Effect.flatMap(call("GET", path, undefined, { "x-icr-api-version": "1" }), errorOf),
          {
            status: 400,
            message: "Unsupported API version"
          }
        )
      }
    }, simulator)
  )
  it.effect(
    "the header may be required, and more versions supported, by switch",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      yield* control.setBehaviour({ missingVersion: "refuse", apiVersions: ["2023-06-16", "2030-01-01"] })
      assert.strictEqual((yield* Effect.flatMap(callAsApp("GET", "/app/installations"), errorOf)).status, 400)
      const newer = callAsApp("GET", "/app/installations", { "x-icr-api-version": "2030-01-01" })
      assert.strictEqual((yield* newer).status, 200)
      yield* control.setBehaviour({ missingVersion: "oldest" })
      yield* callAsApp("GET", "/app/installations")
      yield* control.setBehaviour({ missingVersion: "newest" })
      yield* callAsApp("GET", "/app/installations")
      assert.deepStrictEqual(
        (yield* control.requestLog).map(({ apiVersion }) => apiVersion),
        [null, "2030-01-01", "2023-06-16", "2030-01-01"]
      )
    }, simulator)
  )
})

describe("the profiles", () => {
  it.effect(
    "strict answers 401 for a dead token, documented and observed 403",
    Effect.fnUntraced(function* () {
      const refused = Effect.fnUntraced(function* () {
        const versioned = { "x-icr-api-version": "2023-06-16" }
        const response = yield* call("GET", "/projects?limit=1&page=0", "crs_nobody", versioned)
        return (yield* errorOf(response)).status
      })
      assert.strictEqual(yield* refused().pipe(Effect.provide(Simulator.layer({ profile: "strict" }))), 401)
      assert.strictEqual(yield* refused().pipe(Effect.provide(Simulator.layer({ profile: "observed" }))), 403)
      assert.strictEqual(yield* refused().pipe(Effect.provide(Simulator.layer())), 403)
    })
  )
  it.effect(
    "observed shows data as real payloads look",
    Effect.fnUntraced(
      function* () {
        const Seen = Schema.Struct({
          installations: Schema.Array(
            Schema.Struct({
              permissions: Schema.Record(Schema.String, Schema.String),
              organization: Schema.Struct({
                organizationIndustries: Schema.Null,
                city: Schema.Literal(""),
                url: Schema.TemplateLiteral(["undefined/organizations/", Schema.String])
              })
            })
          )
        })
        const { installations } = yield* Effect.flatMap(callAsApp("GET", "/app/installations"), body(Seen))
        assert.deepStrictEqual(installations[0]?.permissions, { organization_info: "VIEW" })
      },
      Effect.provide(Simulator.layer({ profile: "observed" }))
    )
  )
  it.effect(
    "observed takes the JWT on /projects, as the sample of Generate a JWT sends it",
    Effect.fnUntraced(
      function* () {
        assert.strictEqual((yield* callAsApp("GET", "/projects")).status, 200)
        assert.strictEqual((yield* call("GET", "/projects", "a.b.c")).status, 401)
        assert.strictEqual((yield* call("GET", "/projects", yield* mint())).status, 200)
      },
      Effect.provide(Simulator.layer({ profile: "observed" }))
    )
  )
  it("single switches win over the profile, and every profile sets every switch", () => {
    for (const profile of Object.values(profiles)) {
      assert.deepStrictEqual(Object.keys(profile).sort(), Object.keys(profiles.documented).sort())
    }
  })
})

describe("the world", () => {
  it.effect(
    "is the same for the same seed and another for another",
    Effect.fnUntraced(function* () {
      const world = Effect.fnUntraced(function* () {
        const { app, organizationIds } = yield* Simulator
        const list = yield* Effect.flatMap(callAsApp("GET", "/app/installations"), (response) => response.json)
        return { appId: app.appId, organizations: yield* organizationIds, list, token: yield* mint() }
      })
      const first = yield* world().pipe(Effect.provide(Simulator.layer({ seed: 7 })))
      assert.deepStrictEqual(yield* world().pipe(Effect.provide(Simulator.layer({ seed: 7 }))), first)
      const other = yield* world().pipe(Effect.provide(Simulator.layer({ seed: 8 })))
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
      const token = yield* mint()
      yield* control.install()
      yield* control.suspend(before[0] ?? "")
      yield* control.skewClock("1 hour")
      yield* control.setBehaviour({ pageCap: 1 })
      yield* control.reset
      assert.deepStrictEqual(yield* installationIds, before)
      assert.strictEqual(yield* status("/projects", token), 403)
      const again = yield* mint()
      assert.notStrictEqual(again, token)
      assert.strictEqual(yield* control.requestCount(), 2)
      assert.deepStrictEqual(yield* control.behaviour, profiles.documented)
    }, simulator)
  )
  it.effect(
    "expires and revokes tokens on demand, and judges by its own clock",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const [a, b, c] = [yield* mint(), yield* mint(), yield* mint()]
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
      const build = (options: Parameters<typeof Simulator.layer>[0]) =>
        Effect.flip(Effect.void.pipe(Effect.provide(Simulator.layer(options))))
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
