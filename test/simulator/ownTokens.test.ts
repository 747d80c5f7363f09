import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { callAsApp, status } from "./support/calls.ts"

const organizations = Effect.flatMap(Simulator, ({ organizationIds }) => organizationIds)
const simulator = Effect.provide(Simulator.layerWith({ installations: 2 }))

describe("tokens that people make for themselves", () => {
  it.effect("an organization's token opens its own resources with the permissions chosen, no app involved", () =>
    Effect.gen(function* () {
      const { control } = yield* Simulator
      const [own = "", other = ""] = yield* organizations
      const permissions = { organization_info: "VIEW" }
      const token = Redacted.value(yield* control.createOrganizationToken({ organizationId: own, permissions }))
      assert.strictEqual(yield* status(`/organizations/${own}`, token), 200)
      assert.strictEqual(yield* status(`/organizations/${own}/inventory`, token), 403)
      assert.strictEqual(yield* status(`/organizations/${other}`, token), 403)
      assert.strictEqual(yield* status("/projects", token), 200)
    }).pipe(simulator)
  )

  it.effect("outlives the suspension and the removal of an app", () =>
    Effect.gen(function* () {
      const { control, installationIds } = yield* Simulator
      const [own = ""] = yield* organizations
      const [installation = ""] = yield* installationIds
      const permissions = { organization_info: "VIEW" }
      const token = Redacted.value(yield* control.createOrganizationToken({ organizationId: own, permissions }))
      yield* control.suspend(installation)
      assert.strictEqual(yield* status(`/organizations/${own}`, token), 200)
      yield* control.uninstall(installation)
      assert.strictEqual(yield* status(`/organizations/${own}`, token), 200)
    }).pipe(simulator)
  )

  it.effect("ends on the day chosen", () =>
    Effect.gen(function* () {
      const { control } = yield* Simulator
      const [own = ""] = yield* organizations
      const options = { organizationId: own, permissions: { organization_info: "VIEW" }, life: "30 days" } as const
      const token = Redacted.value(yield* control.createOrganizationToken(options))
      yield* TestClock.adjust("29 days")
      assert.strictEqual(yield* status(`/organizations/${own}`, token), 200)
      yield* TestClock.adjust("1 day")
      assert.strictEqual(yield* status(`/organizations/${own}`, token), 403)
    }).pipe(simulator)
  )

  it.effect("a user's token begins with cru_ and opens what is public, and nothing of an organization or an app", () =>
    Effect.gen(function* () {
      const { control } = yield* Simulator
      const [own = ""] = yield* organizations
      const token = Redacted.value(yield* control.createUserToken())
      assert.match(token, /^cru_[0-9a-f]{48}$/)
      assert.strictEqual(yield* status("/projects", token), 200)
      assert.strictEqual(yield* status(`/organizations/${own}`, token), 403)
      assert.strictEqual(yield* status("/app/installations", token), 401)
    }).pipe(simulator)
  )

  it.effect("are in the list of tokens, masked, and are no installation's", () =>
    Effect.gen(function* () {
      const { control } = yield* Simulator
      const [own = ""] = yield* organizations
      const token = yield* control.createOrganizationToken({ organizationId: own, permissions: {} })
      const [shown] = yield* control.tokens
      assert.deepInclude(shown, { appId: undefined, installationId: undefined, organizationId: own })
      assert.notInclude(Redacted.value(token), shown?.masked ?? "")
      assert.strictEqual((yield* callAsApp("GET", "/app/installations")).status, 200)
    }).pipe(simulator)
  )

  it.effect("are refused for an organization nobody knows and for a life that is none", () =>
    Effect.gen(function* () {
      const { control } = yield* Simulator
      const [own = ""] = yield* organizations
      const unknown = yield* Effect.flip(control.createOrganizationToken({ organizationId: "nobody", permissions: {} }))
      assert.include(unknown.message, "nobody")
      const endless = { organizationId: own, permissions: {}, life: "100000 days" } as const
      assert.include((yield* Effect.flip(control.createOrganizationToken(endless))).message, "life")
    }).pipe(simulator)
  )
})
