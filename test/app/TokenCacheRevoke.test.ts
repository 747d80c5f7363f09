/** Revoking tokens, and installations that are gone. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Metric, Result, Stream } from "effect"
import { TestClock } from "effect/testing"
import { withSimulator } from "../support/app.ts"
import { appOver, idOf, makeRegistry, reasonOf, refusal, started, textOf } from "../support/registry.ts"

const acme = idOf("acme")
const hour = 3_600_000
const del = "DELETE /app/installations/token"

describe("revoking", () => {
  it.effect("sends exactly one request with the token in use, and empties the entry first", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const app = yield* IcrApp
      yield* app.installationToken(acme)
      yield* app.revokeInstallationToken(acme)
      assert.deepStrictEqual(registry.requests, [`${del} crs_1`])
      assert.strictEqual(textOf(yield* app.installationToken(acme)), "crs_2")
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("never exchanges in order to revoke", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      yield* (yield* IcrApp).revokeInstallationToken(acme)
      assert.strictEqual(registry.exchanges, 0)
      assert.strictEqual(registry.requests.length, 0)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("an expired token counts as done", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const app = yield* IcrApp
      yield* app.installationToken(acme)
      yield* TestClock.adjust(2 * hour)
      yield* app.revokeInstallationToken(acme)
      assert.strictEqual(registry.requests.length, 0)
    }).pipe(Effect.provide(appOver(registry)))
  })

  for (const [name, answer] of [
    ["an unknown", refusal(403, "Access token is invalid")],
    ["an already revoked", refusal(401, "Access token has been revoked")],
    ["a no longer found", refusal(404, "Not found")]
  ] as const) {
    it.effect(`${name} token counts as done, after exactly one request`, () => {
      const registry = makeRegistry()
      registry.answer = () => answer
      return Effect.gen(function* () {
        const app = yield* IcrApp
        yield* app.installationToken(acme)
        yield* app.revokeInstallationToken(acme)
        assert.deepStrictEqual(registry.requests, [`${del} crs_1`])
        assert.strictEqual(registry.exchanges, 1)
      }).pipe(Effect.provide(appOver(registry, {}, {})))
    })
  }

  it.effect("a 5xx is a typed error, and the entry stays empty", () => {
    const registry = makeRegistry()
    registry.answer = () => refusal(500, "down")
    return Effect.gen(function* () {
      const app = yield* IcrApp
      yield* app.installationToken(acme)
      assert.strictEqual((yield* reasonOf(app.revokeInstallationToken(acme)))._tag, "ServerError")
      assert.strictEqual(textOf(yield* app.installationToken(acme)), "crs_2")
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("again after it failed sends the request for the same token, and for a newer one beside it", () => {
    const registry = makeRegistry()
    const down = refusal(503, "down")
    return Effect.gen(function* () {
      const app = yield* IcrApp
      yield* app.installationToken(acme)
      registry.answer = () => down
      const failed = yield* started(Effect.flip(app.revokeInstallationToken(acme)))
      yield* TestClock.adjust("1 minute")
      assert.isTrue((yield* Fiber.join(failed)).isRetryable)
      registry.answer = () => undefined
      yield* app.installationToken(acme)
      registry.requests.length = 0
      yield* app.revokeInstallationToken(acme)
      assert.deepStrictEqual(registry.requests, [`${del} crs_1`, `${del} crs_2`])
      yield* app.revokeInstallationToken(acme)
      assert.strictEqual(registry.requests.length, 2)
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("a refresh under way does not bring a revoked token back", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const app = yield* IcrApp
      yield* app.installationToken(acme)
      registry.latency = 5000
      yield* TestClock.adjust(2 * hour - 60_000)
      assert.strictEqual(textOf(yield* app.installationToken(acme)), "crs_1")
      yield* app.revokeInstallationToken(acme)
      yield* TestClock.adjust(5000)
      assert.strictEqual(registry.issued.length, 2)
      const next = yield* started(app.installationToken(acme))
      yield* TestClock.adjust(5000)
      assert.strictEqual(textOf(yield* Fiber.join(next)), "crs_3")
    }).pipe(Effect.provide(appOver(registry)))
  })
})

describe("the metric of revoked tokens", () => {
  it.effect("counts each once", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const app = yield* IcrApp
      yield* app.installationToken(acme)
      yield* app.revokeInstallationToken(acme)
      yield* app.revokeInstallationToken(acme)
      yield* Effect.scoped(app.scopedInstallationToken(acme))
      const found = (yield* Metric.snapshot).find(({ id }) => id === "icr_token_revoked")
      assert.deepStrictEqual(found?.state, { count: 2, incremental: true })
    }).pipe(Effect.provide(appOver(registry)), Effect.provideService(Metric.MetricRegistry, new Map()))
  })
})

describe("a scoped installation token", () => {
  it.effect("is its own, and revoked when its scope ends", () => {
    const registry = makeRegistry()
    return Effect.gen(function* () {
      const app = yield* IcrApp
      yield* app.installationToken(acme)
      const text = yield* Effect.scoped(Effect.map(app.scopedInstallationToken(acme), textOf))
      assert.strictEqual(text, "crs_2")
      assert.deepStrictEqual(registry.requests, [`${del} crs_2`])
      assert.strictEqual(textOf(yield* app.installationToken(acme)), "crs_1")
    }).pipe(Effect.provide(appOver(registry)))
  })

  it.effect("is revoked whatever the outcome, without masking it, even when revoking fails", () => {
    const registry = makeRegistry()
    registry.answer = () => refusal(500, "down")
    return Effect.gen(function* () {
      const app = yield* IcrApp
      const use = <A, E>(work: Effect.Effect<A, E>) =>
        Effect.exit(Effect.scoped(Effect.andThen(app.scopedInstallationToken(acme), work)))
      assert.deepStrictEqual(yield* use(Effect.succeed("done")), Exit.succeed("done"))
      assert.deepStrictEqual(yield* use(Effect.fail("broken")), Exit.fail("broken"))
      const defect = yield* use(Effect.die("bug"))
      assert.deepStrictEqual(defect, Exit.die("bug"))
      const interrupted = yield* started(Effect.scoped(Effect.andThen(app.scopedInstallationToken(acme), Effect.never)))
      yield* TestClock.adjust(1)
      yield* Fiber.interrupt(interrupted)
      assert.deepStrictEqual(
        registry.requests,
        [1, 2, 3, 4].map((n) => `${del} crs_${n}`)
      )
    }).pipe(Effect.provide(appOver(registry)))
  })
})

describe("a scoped installation token whose exchange is under way", () => {
  it.effect("does not keep its caller from leaving", () => {
    const registry = makeRegistry()
    registry.latency = 5000
    return Effect.gen(function* () {
      const app = yield* IcrApp
      const caller = yield* started(Effect.scoped(app.scopedInstallationToken(acme)))
      yield* Fiber.interrupt(caller)
      yield* TestClock.adjust(5000)
      assert.deepStrictEqual([registry.issued.length, registry.requests.length], [0, 0])
    }).pipe(Effect.provide(appOver(registry)))
  })
})

describe("a gone installation", () => {
  for (const [name, answer, tag] of [
    ["a suspended one", refusal(403, "This installation has been suspended"), "InstallationSuspended"],
    ["one not found", refusal(404, "Installation not found"), "InstallationNotFound"]
  ] as const) {
    it.effect(`${name} empties the entry, with a reason of its own, even while the token would still live`, () => {
      const registry = makeRegistry()
      return Effect.gen(function* () {
        const cache = yield* TokenCache
        yield* cache.installationToken(acme)
        registry.refusal = answer
        assert.strictEqual((yield* reasonOf(cache.installationTokenWith(acme, { forceRefresh: true })))._tag, tag)
        assert.strictEqual((yield* reasonOf(cache.installationToken(acme)))._tag, tag)
        registry.refusal = undefined
        assert.strictEqual(textOf(yield* cache.installationToken(acme)), "crs_4")
      }).pipe(Effect.provide(appOver(registry)))
    })
  }

  it.effect("in the registry: suspended, resumed and uninstalled, each heals or fails with its reason", () =>
    Effect.gen(function* () {
      const app = yield* IcrApp
      const { control, installationIds, organizationIds } = yield* Simulator
      const [first = ""] = yield* installationIds
      const [organization = ""] = yield* organizationIds
      const id = idOf(first)
      const read = app.installationClient(id).get(`/organizations/${organization}`)
      assert.strictEqual((yield* read).status, 200)
      yield* control.suspend(first)
      assert.strictEqual((yield* reasonOf(read))._tag, "InstallationSuspended")
      assert.strictEqual((yield* reasonOf(app.installationToken(id)))._tag, "InstallationSuspended")
      yield* control.unsuspend(first)
      assert.strictEqual((yield* read).status, 200)
      yield* control.uninstall(first)
      yield* TestClock.adjust(60_000)
      assert.strictEqual((yield* reasonOf(read))._tag, "InstallationNotFound")
    }).pipe(Effect.provide(withSimulator()))
  )

  it.effect("does not stop a stream over installations, which goes on past it", () =>
    Effect.gen(function* () {
      const app = yield* IcrApp
      const { control, installationIds } = yield* Simulator
      const [, second = "", third = ""] = yield* installationIds
      yield* control.setBehaviour({ listSuspended: true })
      yield* control.suspend(second)
      const outcomes = yield* Stream.runCollect(
        app.forEachInstallation(
          (installation) =>
            Effect.andThen(
              // Uninstalled between the page and its turn.
              installation.id === third ? Effect.orDie(control.uninstall(third)) : Effect.void,
              app.installationToken(installation.id)
            ),
          { concurrency: 1 }
        )
      )
      assert.deepStrictEqual(
        outcomes.map(({ result }) => (Result.isSuccess(result) ? "token" : result.failure.reason._tag)),
        ["token", "InstallationSuspended", "InstallationNotFound", "token"]
      )
    }).pipe(Effect.provide(withSimulator({ installations: 4 })))
  )
})
