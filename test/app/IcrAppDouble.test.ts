/** `IcrApp.layerTest`, for programs that stand on an app. */
import type { InstallationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { TokenInvalidation } from "@effect-icr/app/TokenInvalidation"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Ref, Stream } from "effect"
import { idOf } from "../support/registry.ts"

describe("IcrApp.layerTest", () => {
  it.effect("gives what the test gave, under both keys of the app", () =>
    Effect.gen(function* () {
      const dropped = yield* Ref.make<ReadonlyArray<InstallationId>>([])
      const double = IcrApp.layerTest({
        installations: Stream.empty,
        invalidateInstallationToken: (id) => Ref.update(dropped, (ids) => [...ids, id])
      })
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* Stream.runCount((yield* IcrApp).installations), 0)
        yield* (yield* TokenInvalidation).invalidateInstallationToken(idOf("acme"))
      }).pipe(Effect.provide(double))
      assert.deepStrictEqual(yield* Ref.get(dropped), [idOf("acme")])
    })
  )

  it.effect("dies with the name of what the test has not given", () =>
    Effect.gen(function* () {
      const { appClient } = yield* IcrApp
      const exit = yield* Effect.exit(appClient.get("/projects"))
      assert.isTrue(Exit.isFailure(exit))
      if (Exit.isFailure(exit)) assert.include(Cause.pretty(exit.cause), "appClient")
    }).pipe(Effect.provide(IcrApp.layerTest({})))
  )
})
