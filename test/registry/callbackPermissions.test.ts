/** A person who comes back from the install page may just have granted what was missing. */
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { IcrError } from "@effect-icr/app/IcrError"
import { Registry } from "@effect-icr/registry/Registry"
import { Simulator } from "@effect-icr/simulator/Simulator"
import * as TestRegistry from "@effect-icr/testing/TestRegistry"
import { InstallFlow } from "@effect-icr/webhooks/InstallFlow"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"

const world = Registry.layer.pipe(Layer.provideMerge(TestRegistry.layer))
const session = "the session cookie of one browser"
const exchanges = "POST /app/installations/{installationId}/accessTokens"

const setUp = Effect.gen(function* () {
  const { control, installationIds } = yield* Simulator
  const [id = ""] = yield* installationIds
  const { inventory } = (yield* Registry).organization(InstallationId.make(id))
  const { installUrl, verifyCallback } = yield* InstallFlow
  const link = yield* installUrl({ appNameId: "app1", session })
  const state = link.searchParams.get("state") ?? ""
  return {
    id,
    control,
    credits: inventory.credits,
    exchanges: control.requestCount(exchanges),
    callback: (state: string) =>
      verifyCallback(`/callback?${new URLSearchParams({ installationId: id, state })}`, { session }),
    state
  }
})

const isForbidden = (error: unknown) => error instanceof IcrError && error.reason._tag === "Forbidden"

describe("a verified install callback", () => {
  it.effect("clears what is remembered of missing permissions: the next call asks afresh", () =>
    Effect.gen(function* () {
      const { callback, control, credits, exchanges, id, state } = yield* setUp
      yield* control.setPermissions(id, { organization_info: "VIEW" })
      assert.isTrue(isForbidden(yield* Effect.flip(credits)))
      yield* control.setPermissions(id, { organization_info: "VIEW", organization_inventory: "VIEW" })
      // Remembered for 5 minutes.
      assert.isTrue(isForbidden(yield* Effect.flip(credits)))
      const before = yield* exchanges
      yield* callback(state)
      assert.isAbove((yield* credits).length, 0)
      assert.strictEqual(yield* exchanges, before + 1)
    }).pipe(Effect.provide(world))
  )

  it.effect("that is refused clears nothing, so that nobody can make the app exchange tokens by it", () =>
    Effect.gen(function* () {
      const { callback, credits, exchanges, state } = yield* setUp
      yield* credits
      const before = yield* exchanges
      yield* Effect.flip(callback(`${state.slice(0, -2)}${state.at(-2) === "A" ? "B" : "A"}${state.slice(-1)}`))
      yield* callback(state)
      yield* Effect.flip(callback(state))
      yield* credits
      yield* credits
      assert.strictEqual(yield* exchanges, before + 1)
    }).pipe(Effect.provide(world))
  )
})
