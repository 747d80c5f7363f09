/** The secrets of deliveries and of install states as files, dashboards and plain JavaScript give them. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import type { IcrError } from "@effect-icr/app/IcrError"
import { TokenInvalidation } from "@effect-icr/app/TokenInvalidation"
import { InstallFlow } from "@effect-icr/webhooks/InstallFlow"
import { Webhook } from "@effect-icr/webhooks/Webhook"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import { fromPlainJavaScript, notTexts, surroundings } from "../support/plainJavaScript.ts"
import { delivery, printed } from "./support/deliveries.ts"

const secret = "a-secret-of-the-dashboard-0123456789"
const older = "the-secret-before-it-0123456789abcdef"

const provideEnv = (env: Record<string, string>) => Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
const app = Layer.provide([IcrApp.layerTest({}), Layer.mock(TokenInvalidation, {})])

const webhook = (given: unknown) => Webhook.layerWith({ secret: fromPlainJavaScript(given) }).pipe(app)
const webhookFromEnv = (env: Record<string, string>) => Webhook.layer.pipe(app, provideEnv(env))
const install = (given: unknown) => InstallFlow.layerWith({ stateSecret: fromPlainJavaScript(given) }).pipe(app)
const installFromEnv = (env: Record<string, string>) => InstallFlow.layer.pipe(app, provideEnv(env))

const verifies = <E>(layer: Layer.Layer<Webhook, E>, signedWith = secret) =>
  Effect.flatMap(Webhook, ({ verify }) => verify(delivery(printed(), { key: signedWith }))).pipe(
    Effect.provide(layer, { local: true }),
    Effect.map((event) => assert.strictEqual(event._tag, "Installed"))
  )

const session = "the session of one browser"

const stateFrom = <E>(layer: Layer.Layer<InstallFlow, E>) =>
  Effect.flatMap(InstallFlow, ({ installUrl }) => installUrl({ appNameId: "app1", session })).pipe(
    Effect.provide(layer, { local: true }),
    Effect.map((link) => link.searchParams.get("state") ?? "")
  )

/** Whether the state is signed with the layer's secret: then its session is looked at next. */
const kindOfState = <E>(layer: Layer.Layer<InstallFlow, E>, state: string) =>
  Effect.flatMap(InstallFlow, ({ verifyCallback }) =>
    verifyCallback(`https://app.example.com/callback?installationId=1&state=${state}`, { session: "another session" })
  ).pipe(
    Effect.flip,
    Effect.provide(layer, { local: true }),
    Effect.map((error) => (error._tag === "InstallError" ? error.kind : error._tag))
  )

const refused = <A>(layer: Layer.Layer<A, IcrError>) =>
  Effect.map(Effect.flip(Effect.scoped(Layer.build(layer))), ({ reason }) => {
    assert.strictEqual(reason._tag, "Configuration")
    return reason.message
  })

describe("a secret is taken as it was meant, with", () => {
  for (const [name, around] of Object.entries(surroundings)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        yield* verifies(webhook(Redacted.make(around(secret))))
        yield* verifies(webhook(around(secret)))
        yield* verifies(webhook([older, around(secret)]))
        yield* verifies(webhookFromEnv({ ICR_WEBHOOK_SECRET: around(secret) }))
        const both = { ICR_WEBHOOK_SECRET: secret, ICR_WEBHOOK_SECRET_PREVIOUS: around(older) }
        yield* verifies(webhookFromEnv(both), older)

        const state = yield* stateFrom(install(Redacted.make(secret)))
        for (const layer of [
          install(around(secret)),
          install([older, Redacted.make(around(secret))]),
          installFromEnv({ ICR_STATE_SECRET: around(secret) })
        ]) {
          assert.strictEqual(yield* kindOfState(layer, state), "stateForeign")
        }
        assert.strictEqual(yield* kindOfState(install(older), state), "stateForged")
      })
    )
  }
})

describe("a secret that cannot be one is refused by name when the layer is built", () => {
  for (const [name, given] of Object.entries(notTexts)) {
    it.effect(`an option that is ${name}`, () =>
      Effect.gen(function* () {
        assert.match(yield* refused(webhook(given)), /^secret: /)
        assert.match(yield* refused(webhook([secret, given])), /^secret: /)
        assert.match(yield* refused(install(given)), /^stateSecret: /)
        assert.match(yield* refused(install([secret, given])), /^stateSecret: /)
      })
    )
  }

  for (const left of ["${A_SECRET_OF_THE_DASHBOARD_0123456789}", "op://a-team/icr/a-secret-of-the-dashboard", '""']) {
    it.effect(left, () =>
      Effect.gen(function* () {
        const messages = [
          yield* refused(webhookFromEnv({ ICR_WEBHOOK_SECRET: left })),
          yield* refused(webhookFromEnv({ ICR_WEBHOOK_SECRET: secret, ICR_WEBHOOK_SECRET_PREVIOUS: left })),
          yield* refused(installFromEnv({ ICR_STATE_SECRET: left })),
          yield* refused(webhook(left)),
          yield* refused(install(Redacted.make(left, { label: "MY_SECRET" })))
        ]
        const names = ["ICR_WEBHOOK_SECRET", "ICR_WEBHOOK_SECRET_PREVIOUS", "ICR_STATE_SECRET", "secret", "MY_SECRET"]
        assert.deepStrictEqual(
          messages.map((message) => message.split(":")[0]),
          names
        )
        for (const message of messages) assert.notMatch(message, /dashboard|a-team/i)
      })
    )
  }

  it.effect("too short without the blanks around it, and not shown", () =>
    Effect.gen(function* () {
      const message = yield* refused(installFromEnv({ ICR_STATE_SECRET: `"${"x".repeat(31)}"     ` }))
      assert.match(message, /^ICR_STATE_SECRET: must be a random text/)
      assert.notInclude(message, "xxxx")
    })
  )
})
