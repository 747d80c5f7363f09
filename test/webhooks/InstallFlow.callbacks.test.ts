/** What a callback of the registry is checked for, and what comes of a good one. */
import { InstallFlow } from "@effect-icr/webhooks/InstallFlow"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { begin, callback, first, flow, refusalOf, session } from "./support/install.ts"

describe("InstallFlow.verifyCallback", () => {
  it.effect("returns the installation with its organization and what was granted and what is missing", () =>
    Effect.gen(function* () {
      const { verifyCallback } = yield* InstallFlow
      const { control } = yield* Simulator
      const link = yield* begin("/after?x=1")
      yield* TestClock.adjust("14 minutes")
      const made = yield* control.install({
        fullName: "New Market",
        permissions: { organization_info: "VIEW", organization_inventory: "REQUEST", organization_warehouse: "WRITE" }
      })
      const verified = yield* verifyCallback(callback(link, made.id, { event: "installed" }), {
        session: Redacted.make(session),
        required: {
          organization_info: "VIEW",
          organization_inventory: "WRITE",
          organization_warehouse: "VIEW",
          organization_members: "VIEW",
          examiner: "SPECIAL"
        }
      })
      assert.strictEqual(verified.installation.id, made.id)
      assert.strictEqual(verified.organization.fullName, "New Market")
      assert.strictEqual(verified.permissions["organization_warehouse"], "WRITE")
      assert.deepStrictEqual(verified.missing, [
        { name: "organization_inventory", required: "WRITE", granted: Option.some("REQUEST") },
        { name: "organization_members", required: "VIEW", granted: Option.none() },
        { name: "examiner", required: "SPECIAL", granted: Option.none() }
      ])
      assert.isTrue(verified.installedAfterLink)
      assert.deepStrictEqual(verified.state, Option.some("/after?x=1"))
      assert.deepStrictEqual(verified.event, Option.some("installed"))
    }).pipe(Effect.provide(flow()))
  )

  it.effect("takes the request's path, too, and tells an older installation from a fresh one", () =>
    Effect.gen(function* () {
      const { verifyCallback } = yield* InstallFlow
      yield* TestClock.setTime(1_800_000_000_000)
      const { pathname, search } = callback(yield* begin(), yield* first)
      const { event, installedAfterLink, state } = yield* verifyCallback(`${pathname}${search}`, { session })
      assert.isFalse(installedAfterLink)
      assert.isTrue(Option.isNone(state) && Option.isNone(event))
    }).pipe(Effect.provide(flow()))
  )

  for (const skew of ["30 minutes", "-30 minutes"] as const) {
    it.effect(`tells them apart by the registry's clock, which is off by ${skew}`, () =>
      Effect.gen(function* () {
        const { verifyCallback } = yield* InstallFlow
        const { control } = yield* Simulator
        yield* TestClock.setTime(1_800_000_000_000)
        yield* control.skewClock(skew)
        const older = yield* control.install({ fullName: "Older" })
        yield* TestClock.adjust("5 minutes")
        const [one, other] = [yield* begin(), yield* begin()]
        const fresh = yield* control.install({ fullName: "Fresh" })
        assert.isTrue((yield* verifyCallback(callback(one, fresh.id), { session })).installedAfterLink)
        assert.isFalse((yield* verifyCallback(callback(other, older.id), { session })).installedAfterLink)
      }).pipe(Effect.provide(flow()))
    )
  }

  it.effect("refuses callbacks whose parameters are missing, doubled or not ids", () =>
    Effect.gen(function* () {
      const link = yield* begin()
      const url = callback(link, yield* first)
      const doubled = new URL(url)
      doubled.searchParams.append("installationId", "another")
      const twoStates = new URL(url)
      twoStates.searchParams.append("state", "x")
      const none = new URL(url)
      none.searchParams.delete("installationId")
      for (const [bad, kind] of [
        ["http://[", "callbackMalformed"],
        [doubled, "installationIdMissing"],
        [none, "installationIdMissing"],
        [twoStates, "stateMissing"],
        ["/callback", "stateMissing"],
        [callback(link, "../accessTokens"), "installationIdMalformed"],
        [callback(link, "undefined"), "installationIdMalformed"]
      ] as const) {
        assert.strictEqual(yield* refusalOf(bad), kind)
      }
    }).pipe(Effect.provide(flow()))
  )

  it.effect("asks the registry: an invented installation is not found, and uses the state up", () =>
    Effect.gen(function* () {
      const link = yield* begin()
      assert.strictEqual(
        yield* refusalOf(callback(link, "123e4567-e89b-12d3-a456-426614174000")),
        "InstallationNotFound"
      )
      assert.strictEqual(yield* refusalOf(callback(link, yield* first)), "stateReplayed")
    }).pipe(Effect.provide(flow()))
  )

  it.effect("refuses an installation of another app than the link was for", () =>
    Effect.gen(function* () {
      const { installUrl } = yield* InstallFlow
      const link = yield* installUrl({ appNameId: "another-app", session })
      assert.strictEqual(yield* refusalOf(callback(link, yield* first)), "installationForeign")
    }).pipe(Effect.provide(flow()))
  )

  const State = Schema.String.check(Schema.isMaxLength(200))

  it.effect.prop(
    "gives back whatever state it was given",
    { state: State },
    Effect.fn(function* ({ state }) {
      const { verifyCallback } = yield* InstallFlow
      const verified = yield* verifyCallback(callback(yield* begin(state), yield* first), { session })
      assert.deepStrictEqual(verified.state, Option.some(state))
    }, Effect.provide(flow())),
    { arbitrary: { runs: 50 } }
  )
})
