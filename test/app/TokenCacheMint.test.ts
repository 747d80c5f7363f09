/** What a newly minted token has to be, whether the cache keeps it or the caller owns it. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import type { InstallationAccessToken } from "@effect-icr/app/domain/AccessToken"
import type { IcrError } from "@effect-icr/app/IcrError"
import { Clock, Effect } from "effect"
import { appOver, idOf, makeRegistry, reasonOf, textOf, tokenBody } from "../support/registry.ts"

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
  })
}
