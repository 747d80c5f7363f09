/** Where a receiver takes its secret from, and the secrets it is not built with. */
import { TokenInvalidation } from "@effect-icr/app/TokenInvalidation"
import { Webhook } from "@effect-icr/webhooks/Webhook"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Layer, Redacted } from "effect"
import { delivery, printed } from "./support/deliveries.ts"
import { outcome, receiver } from "./support/receiver.ts"

/** Where no event names a token to invalidate. */
const noTokens = Layer.mock(TokenInvalidation, {})

/** A receiver that reads this environment. */
const inEnvironment = <E>(layer: Layer.Layer<Webhook, E, TokenInvalidation>, env: Record<string, string>) =>
  layer.pipe(Layer.provide(noTokens), Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))

describe("Webhook.verify", () => {
  it.effect("is not built without a secret, or with an empty one", () =>
    Effect.gen(function* () {
      const good = Redacted.make("good")
      for (const secret of [[], Redacted.make(""), Redacted.make(" \n"), [good, Redacted.make("")]]) {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(receiver({ secret }))))
        assert.strictEqual(error.reason._tag, "Configuration")
        assert.match(error.message, /^secret: /)
      }
    })
  )

  const inEnv = { ICR_WEBHOOK_SECRET: "from the environment", MY_SECRET: "of another name" }

  for (const [name, layer, key] of [
    ["layer", Webhook.layer, "from the environment"],
    ["layerWith, where no secret is given", Webhook.layerWith({ maxBodyBytes: 10_000 }), "from the environment"],
    ["layerWith", Webhook.layerWith({ secret: Redacted.make("given") }), "given"],
    ["layerConfig", Webhook.layerConfig({ secret: Config.Redacted("MY_SECRET") }), "of another name"],
    ["layerConfig, where no secret is given", Webhook.layerConfig({}), "from the environment"]
  ] as const) {
    it.effect(`takes no other secret than its own: Webhook.${name}`, () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* outcome(delivery(printed(), { key })), "installed")
        assert.strictEqual(yield* outcome(delivery(printed(), { key: "another" })), "signatureMismatch")
      }).pipe(Effect.provide(inEnvironment(layer, inEnv)))
    )
  }

  it.effect("takes its secret and the one before it from the environment, which need not know the app", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* outcome(delivery(printed(), { key: "new" })), "installed")
      assert.strictEqual(yield* outcome(delivery(printed(), { key: "old" })), "installed")
      assert.strictEqual(yield* outcome(delivery(printed(), { key: "older" })), "signatureMismatch")
    }).pipe(
      Effect.provide(inEnvironment(Webhook.layer, { ICR_WEBHOOK_SECRET: "new", ICR_WEBHOOK_SECRET_PREVIOUS: "old" }))
    )
  )

  for (const [name, env, variable] of [
    ["no secret", {}, "ICR_WEBHOOK_SECRET"],
    ["a secret of no text", { ICR_WEBHOOK_SECRET: "" }, "ICR_WEBHOOK_SECRET"],
    ["a blank secret", { ICR_WEBHOOK_SECRET: " " }, "ICR_WEBHOOK_SECRET"],
    [
      "a blank previous secret",
      { ICR_WEBHOOK_SECRET: "the-secret", ICR_WEBHOOK_SECRET_PREVIOUS: " " },
      "ICR_WEBHOOK_SECRET_PREVIOUS"
    ],
    ["a previous secret alone", { ICR_WEBHOOK_SECRET_PREVIOUS: "the-secret" }, "ICR_WEBHOOK_SECRET_PREVIOUS"]
  ] as const) {
    it.effect(`is not built over ${name} in the environment: the error names ${variable} and shows no secret`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(inEnvironment(Webhook.layer, env))))
        assert.strictEqual(error.reason._tag, "Configuration")
        assert.isTrue(error.message.startsWith(`${variable}: `), error.message)
        assert.notInclude(error.message, "the-secret")
      })
    )
  }
})
