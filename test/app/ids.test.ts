/** Ids that cannot be ids, from plain JavaScript and from casts. */
import { InstallationId, type OrganizationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import type { IcrError } from "@effect-icr/app/IcrError"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { makeRegistry, reasonOf } from "../support/registry.ts"
import { inProcess, makeStore } from "../support/tokenStore.ts"

/** What plain JavaScript may pass where an id is meant. */
const ids: ReadonlyArray<readonly [name: string, id: InstallationId]> = (
  [
    ["an empty text", ""],
    ["two dots", ".."],
    ["two dots, encoded", "%2e%2e"],
    ["a path", "a/b"],
    ["a blank within", "a b"],
    ["a control character", "a\0b"],
    ["300 characters", "x".repeat(300)],
    ["what a forgotten value becomes", "undefined"],
    ["undefined", undefined],
    ["null", null],
    ["a number", 1],
    ["an object", {}],
    ["a symbol", Symbol("id")]
  ] as const
).map(([name, id]) => [name, id as never])

/** The same, where an organization is meant. */
const asOrganization = (id: InstallationId) => id as unknown as OrganizationId

describe("an installation's id that cannot be one", () => {
  for (const [name, id] of ids) {
    it.effect(`(${name}) is an invalid request, before the store or the registry is asked`, () => {
      const registry = makeRegistry()
      const store = makeStore()
      return inProcess(
        registry,
        store,
        Effect.gen(function* () {
          const cache = yield* TokenCache
          const app = yield* IcrApp
          const calls: ReadonlyArray<Effect.Effect<unknown, IcrError>> = [
            cache.installationToken(id),
            cache.installationTokenWith(id, { forceRefresh: true }),
            cache.exchangeInstallationToken(id),
            cache.installationCredential(id).get,
            app.installationToken(id),
            app.installationTokenWith(id, { forceRefresh: true }),
            Effect.scoped(app.scopedInstallationToken(id)),
            app.installationClient(id).get("/projects"),
            app.revokeInstallationToken(id),
            app.installation(id),
            app.organizationInstallation(asOrganization(id))
          ]
          for (const call of calls) {
            const reason = yield* reasonOf(call)
            assert.strictEqual(reason._tag, "InvalidRequest")
            assert.include(reason.message, "an id of 1 to 200 characters")
          }
          assert.isTrue(Option.isNone(yield* cache.invalidateInstallationToken(id)))
          assert.strictEqual(registry.exchanges, 0)
          assert.deepStrictEqual(registry.requests, [])
          assert.deepStrictEqual(store.log, [])
        })
      )
    })
  }

  it("is refused by InstallationId.make with what was expected, and without what was given", () => {
    assert.throws(() => InstallationId.make("crs_secret/b"), /^InstallationId must be an id of 1 to 200 characters/)
    assert.throws(() => InstallationId.make("crs_secret/b"), /^(?!.*crs_)/)
    assert.strictEqual(InstallationId.make("a/b", { disableChecks: true }), "a/b")
    assert.strictEqual(Schema.decodeUnknownOption(InstallationId)("a/b")._tag, "None")
  })
})
