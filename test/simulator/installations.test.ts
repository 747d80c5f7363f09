/** Keys, installations and their permissions: one test per documented rule, named after it. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { body, call, callAsApp, errorOf, exchange, firstInstallation, FullToken, status } from "./support/calls.ts"
import { appJwt } from "./support/jwt.ts"

const simulator = Effect.provide(Simulator.layer)

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
      const before = yield* exchange(id)
      yield* control.setPermissions(id, { organization_members: "VIEW" })
      const after = yield* exchange(id)
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
        Effect.provide(Simulator.layerWith({ seed: 2 }))
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
      const token = yield* exchange(id)
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
      const token = yield* exchange(id)
      yield* control.uninstall(id)
      assert.strictEqual((yield* callAsApp("POST", `/app/installations/${id}/accessTokens`)).status, 404)
      assert.strictEqual((yield* callAsApp("GET", `/app/installations/${id}`)).status, 404)
      assert.strictEqual(yield* status("/projects", token), 403)
      assert.strictEqual((yield* Effect.flip(control.unsuspend(id)))._tag, "SimulatorError")
    }, simulator)
  )
  it.effect(
    "what changes nothing leaves updatedAt as it was",
    Effect.fnUntraced(function* () {
      const { control } = yield* Simulator
      const id = yield* firstInstallation
      const Dated = Schema.Struct({ updatedAt: Schema.String })
      const updatedAt = Effect.flatMap(callAsApp("GET", `/app/installations/${id}`), body(Dated)).pipe(
        Effect.map((installation) => installation.updatedAt)
      )
      const at = "2027-01-15T08:00:00.000Z"
      yield* TestClock.setTime(1_800_000_000_000)
      const before = yield* updatedAt
      for (const nothing of [control.unsuspend, control.approvePermissions, control.rejectPermissions]) {
        yield* nothing(id)
        assert.strictEqual(yield* updatedAt, before)
      }
      yield* control.suspend(id)
      assert.strictEqual(yield* updatedAt, at)
      yield* TestClock.adjust("1 hour")
      yield* control.suspend(id)
      assert.strictEqual(yield* updatedAt, at)
      yield* control.setPermissions(id, { organization_info: "VIEW" })
      assert.strictEqual(yield* updatedAt, "2027-01-15T09:00:00.000Z")
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
