/** The same delivery again, and a store of claims that fails. */
import { type VerifyOnlyOptions, Webhook } from "@effect-icr/webhooks/Webhook"
import { WebhookDeduplication } from "@effect-icr/webhooks/WebhookDeduplication"
import { DeduplicationStoreError } from "@effect-icr/app/DeduplicationStore"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Queue, Ref } from "effect"
import { TestClock } from "effect/testing"
import { delivery, observed, post, printed } from "./support/deliveries.ts"
import { counted, receiver, recorder, send } from "./support/receiver.ts"

/** Tells that a claim was asked for. */
const asked = Effect.runSync(Queue.unbounded<true>())

describe("Webhook.handler", () => {
  it.effect("works once on the same content within the window, and again if the work failed", () =>
    Effect.gen(function* () {
      const { seen, work } = yield* recorder
      const isBroken = yield* Ref.make(true)
      const { fetch } = yield* (yield* Webhook).handler((event) =>
        Effect.andThen(
          work(event),
          Effect.flatMap(Ref.get(isBroken), (broken) =>
            broken && event._tag === "Suspended" ? Effect.fail("broken") : Effect.void
          )
        )
      )
      const duplicates = yield* counted("icr_webhook_duplicate")
      const deliver = (event: string) => send(fetch, post(delivery(printed(event))))
      yield* deliver("installed")
      assert.strictEqual((yield* deliver("installed")).status, 202)
      // Another outer body around the same signed text is the same delivery.
      yield* send(fetch, post(delivery(printed("installed"), { outer: { event: "other" } })))
      assert.deepStrictEqual(yield* seen, ["installed"])
      assert.strictEqual((yield* counted("icr_webhook_duplicate")) - duplicates, 2)
      yield* TestClock.adjust("10 minutes")
      yield* deliver("installed")
      assert.deepStrictEqual(yield* seen, ["installed", "installed"])
      yield* deliver("suspended")
      yield* Ref.set(isBroken, false)
      yield* deliver("suspended")
      yield* deliver("suspended")
      assert.deepStrictEqual(yield* seen, ["installed", "installed", "suspended", "suspended"])
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("takes duplicates where it was told to, and shares claims where a store is given", () =>
    Effect.gen(function* () {
      const { seen, work } = yield* recorder
      const twice = (options: Partial<VerifyOnlyOptions>) =>
        Effect.forEach([1, 2], () =>
          Effect.gen(function* () {
            const { fetch } = yield* (yield* Webhook).handler(work)
            yield* send(fetch, post(delivery(observed)))
            yield* send(fetch, post(delivery(observed)))
          }).pipe(Effect.scoped, Effect.provide(receiver(options), { local: true }))
        )
      yield* twice({ deduplicationWindow: 0 })
      assert.strictEqual((yield* seen).length, 4)
      yield* twice({})
      assert.strictEqual((yield* seen).length, 6)
      yield* twice({}).pipe(Effect.provide(WebhookDeduplication.layerMemory))
      assert.strictEqual((yield* seen).length, 7)
    })
  )

  it.effect("goes on without a store of claims that fails", () =>
    Effect.gen(function* () {
      const { seen, work } = yield* recorder
      const { fetch } = yield* (yield* Webhook).handler(work)
      assert.strictEqual((yield* send(fetch, post(delivery(printed())))).status, 202)
      assert.deepStrictEqual(yield* seen, ["installed"])
    }).pipe(
      Effect.provide(
        receiver().pipe(
          Layer.provide(
            Layer.succeed(WebhookDeduplication, {
              claim: () => Effect.fail(new DeduplicationStoreError({ operation: "claim", detail: "connection lost" })),
              release: () =>
                Effect.fail(new DeduplicationStoreError({ operation: "release", detail: "connection lost" }))
            })
          )
        )
      )
    )
  )

  it.effect("gives up on a store of claims that hangs, after a second", () =>
    Effect.gen(function* () {
      const { seen, work } = yield* recorder
      const { fetch } = yield* (yield* Webhook).handler((event) => Effect.andThen(work(event), Effect.fail("broken")))
      const answer = yield* Effect.forkChild(send(fetch, post(delivery(printed()))))
      yield* Queue.take(asked)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(answer)).status, 202)
      assert.deepStrictEqual(yield* seen, ["installed"])
      // The failed work gives its claim back, or tries to: the scope waits for that no longer either.
      yield* TestClock.adjust("1 second")
    }).pipe(
      Effect.provide(
        receiver().pipe(
          Layer.provide(
            Layer.succeed(WebhookDeduplication, {
              claim: () => Effect.andThen(Queue.offer(asked, true), Effect.never),
              release: () => Effect.never
            })
          )
        )
      )
    )
  )
})
