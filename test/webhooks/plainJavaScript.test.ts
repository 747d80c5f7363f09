/** What plain JavaScript may hand over where the types ask for options: a typed error each. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrError } from "@effect-icr/app/IcrError"
import { TokenInvalidation } from "@effect-icr/app/TokenInvalidation"
import { InstallFlow } from "@effect-icr/webhooks/InstallFlow"
import { InstallStates } from "@effect-icr/webhooks/InstallStates"
import { Webhook } from "@effect-icr/webhooks/Webhook"
import { WebhookDeduplication } from "@effect-icr/webhooks/WebhookDeduplication"
import * as WebhookQueue from "@effect-icr/webhooks/WebhookQueue"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Option, Redacted } from "effect"
import { HttpRouter } from "effect/http"
import { PersistedQueue } from "effect/persistence"
import { delivery, post, printed, secret } from "./support/deliveries.ts"

const notOptions = [undefined, null, 7, "text", true, []]
/** Options that are not given are the defaults. */
const given = notOptions.slice(1)

// oxlint-disable-next-line typescript/no-explicit-any -- what a program without types hands over
type Untyped = any

/** The reason of a typed failure; a defect says itself. */
const reasonOf = (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isSuccess(exit)) return "success"
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  return error instanceof IcrError ? error.reason._tag : `defect: ${Cause.pretty(exit.cause)}`
}

const app = Layer.mergeAll(
  IcrApp.layerTest({}),
  Layer.succeed(TokenInvalidation, { invalidateInstallationToken: () => Effect.void })
)
const flow = InstallFlow.layerWith({ stateSecret: Redacted.make("state-secret-for-tests-0123456789abcdef") })
const webhook = Webhook.layerVerifyOnly({ secret: Redacted.make(secret) })
const queue = PersistedQueue.layer.pipe(Layer.provide(PersistedQueue.layerStoreMemory))
const nothing = () => Effect.void

const built =
  <A>(layer: (value: Untyped) => Layer.Layer<A, unknown, Untyped>) =>
  (value: unknown) =>
    Effect.suspend(() => Layer.build(layer(value)))

const layers: ReadonlyArray<
  readonly [string, (value: unknown) => Effect.Effect<unknown, unknown, Untyped>, ReadonlyArray<unknown>]
> = [
  ["InstallFlow.layerWith", built(InstallFlow.layerWith), notOptions],
  ["InstallStates.layerMemoryWith", built(InstallStates.layerMemoryWith), notOptions],
  ["WebhookDeduplication.layerMemoryWith", built(WebhookDeduplication.layerMemoryWith), notOptions],
  ["Webhook.layerWith", built(Webhook.layerWith), notOptions],
  ["Webhook.layerConfig", built(Webhook.layerConfig), notOptions],
  ["InstallFlow.layerConfig", built(InstallFlow.layerConfig), notOptions],
  ["Webhook.layerVerifyOnly", built(Webhook.layerVerifyOnly), notOptions],
  ["Webhook.route", built((value) => Webhook.route("/webhook", nothing, value)), given],
  ["WebhookQueue.route", built((value) => WebhookQueue.route("/webhook", nothing, value)), given],
  ["WebhookQueue.work", (value: Untyped) => WebhookQueue.work(nothing, value), given],
  ["WebhookQueue.handler", (value: Untyped) => WebhookQueue.handler(value), given],
  ["Webhook.handler", (value: Untyped) => Effect.flatMap(Webhook, ({ handler }) => handler(nothing, value)), given]
]

describe("something else than options fails with Configuration in", () => {
  for (const [name, make, values] of layers) {
    it.effect(name, () =>
      Effect.gen(function* () {
        for (const value of values) {
          const exit = yield* Effect.exit(Effect.scoped(make(value)))
          assert.strictEqual(reasonOf(exit), "Configuration", String(value))
        }
      }).pipe(Effect.provide([webhook, queue, HttpRouter.layer, app]))
    )
  }
})

describe("something else than options fails with InvalidRequest in", () => {
  const url = "/callback?installationId=1&state=x"
  const session = "a session"
  const calls: ReadonlyArray<
    readonly [string, (flow: InstallFlow["Service"], value: Untyped) => Effect.Effect<unknown, unknown>]
  > = [
    ["InstallFlow.installUrl", ({ installUrl }, value) => installUrl(value)],
    ["InstallFlow.verifyCallback", ({ verifyCallback }, value) => verifyCallback(url, value)]
  ]
  for (const [name, call] of calls) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const service = yield* InstallFlow
        for (const value of notOptions) {
          const exit = yield* Effect.exit(Effect.suspend(() => call(service, value)))
          assert.strictEqual(reasonOf(exit), "InvalidRequest", String(value))
        }
      }).pipe(Effect.provide(flow.pipe(Layer.provide(app))))
    )
  }

  it.effect("the levels that a callback must have", () =>
    Effect.gen(function* () {
      const { verifyCallback } = yield* InstallFlow
      for (const value of given) {
        const exit = yield* Effect.exit(verifyCallback(url, { session, required: value as Untyped }))
        assert.strictEqual(reasonOf(exit), "InvalidRequest", String(value))
      }
    }).pipe(Effect.provide(flow.pipe(Layer.provide(app))))
  )
})

describe("Webhook.handlerWith, which cannot fail,", () => {
  it.effect("takes something else than options for the defaults: duplicates are dropped", () =>
    Effect.gen(function* () {
      const { handlerWith } = yield* Webhook
      for (const [index, value] of given.entries()) {
        let accepted = 0
        const { fetch } = yield* handlerWith(() => Effect.sync(() => accepted++), value as Untyped)
        for (let times = 0; times < 2; times++) {
          const answer = yield* Effect.promise(() => fetch(post(delivery({ ...printed(), index }))))
          assert.strictEqual(answer.status, 202)
        }
        assert.strictEqual(accepted, 1, String(value))
      }
    }).pipe(Effect.provide(webhook))
  )
})
