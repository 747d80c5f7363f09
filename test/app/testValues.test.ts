/** Values and doubles for a user's own tests. */
import { AppAccessToken, InstallationAccessToken } from "@effect-icr/app/domain/AccessToken"
import { Installation } from "@effect-icr/app/domain/Installation"
import * as TestValues from "@effect-icr/app/TestValues"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { assert, describe, it } from "@effect/vitest"
import { Cause, DateTime, Effect, Exit, Schema } from "effect"
import { idOf, textOf } from "../support/registry.ts"

describe("values for tests", () => {
  it("are what the registry could have sent", () => {
    const roundTrip = <A, I>(schema: Schema.Codec<A, I>, value: A) =>
      assert.deepStrictEqual(Schema.decodeSync(schema)(Schema.encodeSync(schema)(value)), value)
    roundTrip(Schema.toCodecJson(AppAccessToken), TestValues.appAccessToken())
    roundTrip(Schema.toCodecJson(InstallationAccessToken), TestValues.installationAccessToken())
    roundTrip(Schema.toCodecJson(Installation), TestValues.installation())
  })

  it("take any field", () => {
    const expiresAt = DateTime.makeUnsafe("2030-01-01T00:00:00Z")
    assert.strictEqual(TestValues.appAccessToken({ expiresAt }).expiresAt, expiresAt)
    assert.strictEqual(TestValues.installation({ id: idOf("acme") }).id, idOf("acme"))
    const named = TestValues.organization({ fullName: "Acme" })
    assert.strictEqual(TestValues.installation({ organization: named }).organization.displayName, "Acme")
  })
})

describe("TokenCache.layerTest", () => {
  it.effect("needs no app token where none is asked for, and names it where one is", () =>
    Effect.gen(function* () {
      const cache = yield* TokenCache
      const token = yield* cache.installationToken(idOf("acme"))
      assert.deepStrictEqual([textOf(token), token.installationId], ["crs_installation-token-of-a-test", idOf("acme")])
      const exit = yield* Effect.exit(cache.appToken)
      assert.isTrue(Exit.isFailure(exit) && Cause.pretty(exit.cause).includes("was given no app token"))
    }).pipe(
      Effect.provide(
        TokenCache.layerTest({
          installation: (installationId) => Effect.succeed(TestValues.installationAccessToken({ installationId }))
        })
      )
    )
  )
})
