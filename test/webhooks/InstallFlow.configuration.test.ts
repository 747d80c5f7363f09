/** Where an install flow takes the secret of its states from, and how long a state may live. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { InstallFlow } from "@effect-icr/webhooks/InstallFlow"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Exit, Layer, Redacted } from "effect"
import { begin, callback, flow, refusalOf } from "./support/install.ts"

/** A flow that reads this environment, over an app that is not asked for anything. */
const inEnvironment = <E>(layer: Layer.Layer<InstallFlow, E, IcrApp>, env: Record<string, string>) =>
  layer.pipe(Layer.provide(IcrApp.layerTest({})), Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))

describe("the secret of install states", () => {
  const build = <E>(layer: Layer.Layer<InstallFlow, E>) => Effect.scoped(Layer.build(layer))

  it.effect("comes from ICR_STATE_SECRET, or from a Config", () =>
    Effect.gen(function* () {
      const env = { ICR_STATE_SECRET: "e".repeat(32), MY_SECRET: "m".repeat(32) }
      yield* build(inEnvironment(InstallFlow.layer, env))
      yield* build(inEnvironment(InstallFlow.layerWith({ stateLife: "1 hour" }), env))
      const fromConfig = InstallFlow.layerConfig({ stateSecret: Config.Redacted("MY_SECRET") })
      yield* build(inEnvironment(fromConfig, env))
      const link = yield* begin().pipe(Effect.provide(inEnvironment(fromConfig, env)))
      const foreign = callback(link, "1")
      const given = inEnvironment(InstallFlow.layerWith({ stateSecret: Redacted.make("m".repeat(32)) }), {})
      // Past the signature: the app, which the double has no answer from, is asked for the installation.
      const exit = yield* Effect.exit(Effect.provide(refusalOf(foreign), given))
      assert.isTrue(Exit.hasDies(exit))
      assert.strictEqual(
        yield* refusalOf(foreign).pipe(Effect.provide(inEnvironment(InstallFlow.layer, env))),
        "stateForged"
      )
    })
  )

  it.effect("is refused by the name of its variable when it is missing, empty or too short", () =>
    Effect.gen(function* () {
      for (const env of [{}, { ICR_STATE_SECRET: "" }, { ICR_STATE_SECRET: "x".repeat(31) }]) {
        const error = yield* Effect.flip(build(inEnvironment(InstallFlow.layer, env)))
        assert.strictEqual(error.reason._tag, "Configuration")
        assert.match(error.message, /^ICR_STATE_SECRET: /)
        assert.notInclude(error.message, "xxxxx")
      }
      const error = yield* Effect.flip(
        build(inEnvironment(InstallFlow.layerConfig({ stateSecret: Config.Redacted("MY_SECRET") }), {}))
      )
      assert.match(error.message, /^MY_SECRET: /)
    })
  )
})

describe("InstallFlow's stateLife", () => {
  it.effect("has to have an end, and may be a fraction of a millisecond", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.scoped(Layer.build(flow({ stateLife: Infinity }))))
      assert.include(String(error), "stateLife")
      yield* Effect.provide(begin(), flow({ stateLife: 0.5 }))
    })
  )
})
