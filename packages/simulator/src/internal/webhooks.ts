/** Implements the control of webhook deliveries. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import { SimulatorError } from "../SimulatorError.ts"
import type { Delivery, Webhooks } from "../Webhooks.ts"
import * as Addresses from "./addresses.ts"
import * as Arguments from "./arguments.ts"
import * as Amount from "./credits/amount.ts"
import * as Seeded from "./seeded.ts"
import type { AppRecord } from "./Tables.ts"
import type { World } from "./World.ts"

/** Index of the first rotated secret. Secrets given at registration are numbered from 0. */
const firstRotated = 1_000_000

/** Creates the control over a world. `app` finds an app, by default the first one. */
export const make = (
  world: World["Service"],
  app: (appId?: string) => Effect.Effect<AppRecord, SimulatorError>
): Webhooks => {
  const { deliveries } = world
  let rotations = 0

  const installation = Effect.fnUntraced(function* (id: string) {
    const record = (yield* Ref.get(world.tables)).installations.get(id)
    return record ?? (yield* new SimulatorError({ message: `no installation ${id}` }))
  })

  const sent = (delivery: Delivery | undefined) =>
    delivery === undefined
      ? Effect.fail(new SimulatorError({ message: "the app has no webhook URL" }))
      : Effect.succeed(delivery)

  return {
    setTarget: Effect.fn("Simulator.webhooks.setTarget")(function* (target, appId) {
      const owner = yield* app(appId)
      owner.webhookTarget = yield* Addresses.webhookTarget(target)
    }),
    rotateSecret: Effect.fn("Simulator.webhooks.rotateSecret")(function* (appId) {
      const owner = yield* app(appId)
      const secret = Redacted.make(`whsec_${Seeded.hex(world.seed, Seeded.kind.secret, firstRotated + rotations++, 6)}`)
      owner.previousSecret = owner.webhookSecret
      owner.webhookSecret = secret
      return secret
    }),
    removeSecret: Effect.fn("Simulator.webhooks.removeSecret")(function* (appId) {
      const owner = yield* app(appId)
      owner.previousSecret = owner.webhookSecret
      owner.webhookSecret = undefined
    }),
    deliveries: deliveries.kept,
    settled: deliveries.settled,
    redeliver: Effect.fn("Simulator.webhooks.redeliver")(function* (number, change = {}) {
      const tampering = yield* Arguments.tampering(change)
      const isKept = (yield* deliveries.kept).some((delivery) => delivery.number === number)
      if (!isKept) return yield* new SimulatorError({ message: `no delivery ${number}` })
      return yield* sent(yield* deliveries.repeat(number, tampering))
    }),
    transaction: Effect.fn("Simulator.webhooks.transaction")(function* (installationId, details = {}, change = {}) {
      const given = yield* Arguments.transaction(details)
      const tampering = yield* Arguments.tampering(change)
      const record = yield* installation(installationId)
      const all = yield* Ref.get(world.tables)
      const now = yield* world.now
      const amount = Amount.parse(JSON.stringify(given.amount ?? 1))
      if (amount === undefined) return yield* new SimulatorError({ message: "amount has more than 18 decimals" })
      const index = all.made.transactions++
      const transaction = {
        id: Seeded.uuid(world.seed, Seeded.kind.transaction, index),
        createdAt: now,
        updatedAt: now,
        status: given.status ?? "processed",
        type: given.type ?? "transfer",
        amount,
        creditId: given.creditId ?? "exPost-2-0x51298f2f1142ecb129a2db5e6afd24f34f2e53f1"
      }
      const event = given.of === "organization" ? "organizationTransaction" : "warehouseTransaction"
      return yield* sent(yield* deliveries.tell(event, record, transaction, tampering))
    }),
    send: Effect.fn("Simulator.webhooks.send")(function* (installationId, name, change = {}) {
      const event = yield* Arguments.event(name)
      const tampering = yield* Arguments.tampering(change)
      return yield* sent(yield* deliveries.tell(event, yield* installation(installationId), undefined, tampering))
    })
  }
}
