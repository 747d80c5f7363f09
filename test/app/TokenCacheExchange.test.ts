/** What a token of a new exchange has to be, whether the cache keeps it or the caller owns it. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import type { InstallationAccessToken } from "@effect-icr/app/domain/AccessToken"
import type { IcrError } from "@effect-icr/app/IcrError"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import { appOver, idOf, makeRegistry, reasonOf, refusal, textOf, tokenBody } from "../support/registry.ts"
import { inProcess, makeStore } from "../support/tokenStore.ts"

const acme = idOf("acme")
const hour = 3_600_000

type Asking = Effect.Effect<InstallationAccessToken, IcrError, TokenCache | IcrApp>
const kept: Asking = Effect.flatMap(TokenCache, (cache) => cache.installationToken(acme))
const owned: Asking = Effect.scoped(Effect.flatMap(IcrApp, (app) => app.scopedInstallationToken(acme)))

for (const [name, ask] of [
  ["a token for the cache", kept],
  ["a token of the caller's own", owned]
] as const) {
  describe(name, () => {
    it.effect("is for the installation asked for, else the answer is not understood", () => {
      const registry = makeRegistry()
      return Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        registry.refusal = { body: tokenBody({ text: "crs_9", installation: "umbrella", now, life: hour }) }
        const reason = yield* reasonOf(ask)
        assert.strictEqual(reason._tag, "DecodeFailure")
        assert.include(reason.message, "at installationId, expected the installation asked for")
        assert.notInclude(reason.message, "crs_9")
        registry.refusal = undefined
        assert.strictEqual(textOf(yield* ask), "crs_2")
      }).pipe(Effect.provide(appOver(registry)))
    })

    it.effect("has not ended when it arrives, else the reason is ClockSkew, and it is not handed out", () => {
      const registry = makeRegistry()
      registry.life = -90_000
      return Effect.gen(function* () {
        const reason = yield* reasonOf(ask)
        assert.strictEqual(reason._tag, "ClockSkew")
        assert.include(reason.message, "90 s ago")
        assert.deepStrictEqual([registry.exchanges, registry.requests.length], [1, 0])
      }).pipe(Effect.provide(appOver(registry)))
    })

    for (const [tag, answer] of [
      ["InstallationNotFound", refusal(404, "Installation not found")],
      ["InstallationSuspended", refusal(403, "Installation is suspended")]
    ] as const) {
      it.effect(`that fails with ${tag} takes the one in use along, here and in the store`, () => {
        const registry = makeRegistry()
        const store = makeStore()
        return inProcess(
          registry,
          store,
          Effect.gen(function* () {
            yield* kept
            registry.refusal = answer
            yield* TestClock.adjust(2 * hour - 30_000)
            assert.strictEqual((yield* reasonOf(ask))._tag, tag)
            assert.strictEqual(store.entries.size, 0)
            registry.refusal = undefined
            const exchanges = registry.exchanges
            yield* kept
            assert.strictEqual(registry.exchanges, exchanges + 1)
          })
        )
      })
    }
  })
}
