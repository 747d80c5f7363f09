/** The stream of what was accepted. */
import { Webhook } from "@effect-icr/webhooks/Webhook"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Ref, Stream } from "effect"
import { delivery, post, printed } from "./support/deliveries.ts"
import { counted, receiver, recorder, send } from "./support/receiver.ts"

describe("Webhook.handler", () => {
  it.effect("streams every event once to each consumer", () =>
    Effect.gen(function* () {
      const webhook = yield* Webhook
      const { fetch } = yield* webhook.handler()
      const consume = webhook.events.pipe(
        Stream.take(2),
        Stream.map(({ event }) => event),
        Stream.runCollect,
        Effect.forkChild({ startImmediately: true })
      )
      const [one, other] = [yield* consume, yield* consume]
      for (const event of ["installed", "installed", "suspended"]) {
        assert.strictEqual((yield* send(fetch, post(delivery(printed(event))))).status, 202)
      }
      assert.deepStrictEqual(yield* Fiber.join(one), ["installed", "suspended"])
      assert.deepStrictEqual(yield* Fiber.join(other), ["installed", "suspended"])
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("refuses events that a consumer cannot keep up with, and takes them when they come again", () =>
    Effect.gen(function* () {
      const webhook = yield* Webhook
      const { fetch } = yield* webhook.handler()
      const gate = yield* Deferred.make<void>()
      const slow = yield* webhook.events.pipe(
        Stream.take(4),
        Stream.mapEffect((event) => Effect.as(Deferred.await(gate), event.event)),
        Stream.runCollect,
        Effect.forkChild({ startImmediately: true })
      )
      const statuses: Array<number> = []
      for (const n of Array.from({ length: 8 }, (_, n) => n)) {
        statuses.push((yield* send(fetch, post(delivery({ event: `novel${n}` })))).status)
      }
      assert.include(statuses, 503)
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.yieldNow
      const again = statuses.indexOf(503)
      assert.strictEqual((yield* send(fetch, post(delivery({ event: `novel${again}` })))).status, 202)
      yield* Fiber.interrupt(slow)
    }).pipe(Effect.provide(receiver({ capacity: 2 })))
  )

  it.effect("accepts events whether or not a consumer of the stream keeps up", () =>
    Effect.gen(function* () {
      const webhook = yield* Webhook
      const { seen, work } = yield* recorder
      const { fetch } = yield* webhook.handler(work)
      const missed = yield* counted("icr_webhook_missed")
      const slow = yield* webhook.events.pipe(
        Stream.runForEach(() => Effect.never),
        Effect.forkChild({ startImmediately: true })
      )
      const names = Array.from({ length: 8 }, (_, n) => `novel${n}`)
      for (const event of names) assert.strictEqual((yield* send(fetch, post(delivery({ event })))).status, 202)
      assert.deepStrictEqual(yield* seen, names)
      assert.isAbove((yield* counted("icr_webhook_missed")) - missed, 0)
      yield* Fiber.interrupt(slow)
    }).pipe(Effect.provide(receiver({ capacity: 2 })))
  )

  it.effect("streams only what was accepted, and nothing from a receiver that leaves duplicates to another", () =>
    Effect.gen(function* () {
      const webhook = yield* Webhook
      const isDown = yield* Ref.make(true)
      const checked = yield* webhook.handlerWith(() =>
        Effect.flatMap(Ref.get(isDown), (down) => (down ? Effect.fail("no connection") : Effect.void))
      )
      const unchecked = yield* webhook.handlerWith(() => Effect.void, { deduplicate: false })
      const events = yield* webhook.events.pipe(
        Stream.map(({ event }) => event),
        Stream.take(2),
        Stream.runCollect,
        Effect.forkChild({ startImmediately: true })
      )
      const statusOf = ({ fetch }: typeof checked, event: string) =>
        Effect.map(send(fetch, post(delivery({ event }))), ({ status }) => status)
      assert.strictEqual(yield* statusOf(checked, "first"), 503)
      assert.strictEqual(yield* statusOf(unchecked, "unseen"), 202)
      yield* Ref.set(isDown, false)
      assert.strictEqual(yield* statusOf(checked, "first"), 202)
      assert.strictEqual(yield* statusOf(checked, "second"), 202)
      assert.deepStrictEqual(yield* Fiber.join(events), ["first", "second"])
    }).pipe(Effect.provide(receiver()))
  )
})
