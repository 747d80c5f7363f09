/** The tokens that an event invalidates. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { Webhook } from "@effect-icr/webhooks/Webhook"
import { Simulator, type SimulatorOptions } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Redacted } from "effect"
import { withSimulator } from "../support/app.ts"
import { delivery, post } from "./support/deliveries.ts"
import { nothing, recorder, send } from "./support/receiver.ts"

/** The simulator delivers to a receiver in the same process, and the app holds tokens. */
const wired = (options: SimulatorOptions = {}) =>
  Layer.unwrap(Effect.map(Simulator, ({ app }) => Webhook.layerWith({ secret: app.webhookSecret }))).pipe(
    Layer.provideMerge(withSimulator(options))
  )

describe("Webhook and the tokens", () => {
  for (const [name, act] of [
    ["uninstalled", (simulator: Simulator["Service"], id: string) => simulator.control.uninstall(id)],
    ["suspended", (simulator: Simulator["Service"], id: string) => simulator.control.suspend(id)],
    [
      "newPermissionsAccepted",
      (simulator: Simulator["Service"], id: string) =>
        Effect.andThen(
          simulator.control.requestPermissions({ organization_info: "VIEW" }),
          simulator.control.approvePermissions(id)
        )
    ]
  ] as const) {
    it.effect(`${name} invalidates the token of that installation and no other`, () =>
      Effect.gen(function* () {
        const simulator = yield* Simulator
        const app = yield* IcrApp
        const { seen, work } = yield* recorder
        const { fetch } = yield* (yield* Webhook).handler(work)
        yield* simulator.control.webhooks.setTarget(fetch)
        const [first = "", second = ""] = yield* simulator.installationIds
        const one = InstallationId.make(first)
        const other = InstallationId.make(second)
        const token = yield* app.installationToken(one)
        const kept = yield* app.installationToken(other)
        yield* act(simulator, first)
        yield* simulator.control.webhooks.settled
        assert.deepStrictEqual(yield* seen, [name])
        const again = yield* Effect.exit(app.installationToken(one))
        if (name === "newPermissionsAccepted") {
          assert.isTrue(Exit.isSuccess(again) && again.value.id !== token.id)
        } else {
          assert.isTrue(Exit.isFailure(again))
        }
        assert.strictEqual((yield* app.installationToken(other)).id, kept.id)
      }).pipe(Effect.provide(wired()))
    )
  }

  it.effect("invalidates the token whatever is odd about the parts it can do without", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const app = yield* IcrApp
      const { fetch } = yield* (yield* Webhook).handler(nothing)
      const [first = ""] = yield* simulator.installationIds
      const id = InstallationId.make(first)
      const token = yield* app.installationToken(id)
      const event = {
        event: "uninstalled",
        installation: { id, createdAt: "", appId: 7, organization: {} },
        sender: []
      }
      const key = Redacted.value(simulator.app.webhookSecret)
      assert.strictEqual((yield* send(fetch, post(delivery(event, { key })))).status, 202)
      assert.notStrictEqual((yield* app.installationToken(id)).id, token.id)
    }).pipe(Effect.provide(wired()))
  )

  it.effect("leaves the token alone for events that do not touch it", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator
      const app = yield* IcrApp
      const { fetch } = yield* (yield* Webhook).handler(nothing)
      yield* simulator.control.webhooks.setTarget(fetch)
      const [first = ""] = yield* simulator.installationIds
      const token = yield* app.installationToken(InstallationId.make(first))
      const { status } = yield* simulator.control.webhooks.transaction(first)
      assert.strictEqual(status, 202)
      assert.strictEqual((yield* app.installationToken(InstallationId.make(first))).id, token.id)
    }).pipe(Effect.provide(wired()))
  )
})
