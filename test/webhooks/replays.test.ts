import { DeduplicationStoreError } from "@effect-icr/app/DeduplicationStore"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { TokenInvalidation } from "@effect-icr/app/TokenInvalidation"
import { type Handler, type Options, Webhook } from "@effect-icr/webhooks/Webhook"
import { WebhookDeduplication } from "@effect-icr/webhooks/WebhookDeduplication"
import * as WebhookQueue from "@effect-icr/webhooks/WebhookQueue"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Queue, Redacted, Ref, type Scope } from "effect"
import { PersistedQueue } from "effect/persistence"
import { TestClock } from "effect/testing"
import { appOver, idOf, makeRegistry, type Registry } from "../support/registry.ts"
import { delivery, post, printed, secret } from "./support/deliveries.ts"

const statusOf = ({ fetch }: Handler, event: string) =>
  Effect.promise(async () => (await fetch(post(delivery(printed(event))))).status)

const receiver = (options: Options = {}) => Webhook.layerWith({ secret: Redacted.make(secret), ...options })

/** A token cache over the registry, and a receiver that invalidates in it. */
const wired = (issuer: Registry, options: Options = {}) =>
  receiver(options).pipe(Layer.provideMerge(appOver(issuer)), Layer.provideMerge(queue))

const queue = PersistedQueue.layer.pipe(Layer.provideMerge(PersistedQueue.layerStoreMemory))

const useToken = Effect.flatMap(IcrApp, (app) => app.installationToken(idOf("1")))

/** A token is used before and after each of 21 deliveries of the same event: the first and 20 replays. */
const replayed = Effect.fnUntraced(function* (handler: Handler, event: string) {
  yield* useToken
  for (let n = 0; n <= 20; n++) {
    assert.strictEqual(yield* statusOf(handler, event), 202)
    yield* useToken
  }
})

/** Counts how often a token is invalidated. */
const counting = Effect.map(Ref.make(0), (calls) => ({
  calls: Ref.get(calls),
  layer: Layer.succeed(TokenInvalidation, { invalidateInstallationToken: () => Ref.update(calls, (n) => n + 1) })
}))

const failing = Layer.succeed(WebhookDeduplication, {
  claim: () => Effect.fail(new DeduplicationStoreError({ operation: "claim", detail: "connection lost" })),
  release: () => Effect.fail(new DeduplicationStoreError({ operation: "release", detail: "connection lost" }))
})

const nothing = () => Effect.void
const use = <R>(f: (webhook: Webhook["Service"]) => Effect.Effect<Handler, unknown, R>) => Effect.flatMap(Webhook, f)

type Receiver = Effect.Effect<Handler, unknown, Webhook | Scope.Scope | PersistedQueue.PersistedQueueFactory>

const handler: Receiver = use((webhook) => webhook.handler(nothing))

const receivers: ReadonlyArray<readonly [string, Receiver, Options, Layer.Layer<never> | typeof failing]> = [
  ["handler", handler, {}, Layer.empty],
  ["handler without work", use((webhook) => webhook.handler()), {}, Layer.empty],
  ["handler that works on duplicates", handler, { deduplicationWindow: 0 }, Layer.empty],
  ["handler over a shared store", handler, {}, WebhookDeduplication.layerMemory],
  ["handler over a shared store that fails", handler, {}, failing],
  ["handlerWith", use((webhook) => webhook.handlerWith(nothing)), {}, Layer.empty],
  [
    "handlerWith that leaves duplicates to another",
    use((webhook) => webhook.handlerWith(nothing, { deduplicate: false })),
    {},
    Layer.empty
  ],
  ["WebhookQueue", WebhookQueue.handler(), {}, Layer.empty],
  ["WebhookQueue with its workers", Effect.andThen(WebhookQueue.work(nothing), WebhookQueue.handler()), {}, Layer.empty]
]

describe("20 replays of a delivery", () => {
  for (const [name, build, options, store] of receivers) {
    for (const event of ["uninstalled", "suspended", "newPermissionsAccepted"]) {
      it.effect(`of ${event} cost one exchange in all: ${name}`, () => {
        const issuer = makeRegistry()
        return Effect.gen(function* () {
          yield* replayed(yield* build, event)
          assert.strictEqual(issuer.exchanges, 2)
        }).pipe(Effect.provide(wired(issuer, options)), Effect.provide(store))
      })
    }
  }

  it.effect("invalidate the token once for all machines that share a store", () =>
    Effect.gen(function* () {
      const { calls, layer } = yield* counting
      const machine = Layer.fresh(receiver().pipe(Layer.provide(layer)))
      const one = yield* Effect.provide(handler, yield* Layer.build(machine))
      const other = yield* Effect.provide(handler, yield* Layer.build(machine))
      for (let n = 0; n < 10; n++) {
        yield* statusOf(one, "suspended")
        yield* statusOf(other, "suspended")
      }
      assert.strictEqual(yield* calls, 1)
    }).pipe(Effect.provide(Layer.merge(WebhookDeduplication.layerMemory, queue)))
  )

  it.effect("that come after the window invalidate it once more", () =>
    Effect.gen(function* () {
      const { calls, layer } = yield* counting
      yield* Effect.gen(function* () {
        const receiver = yield* handler
        for (const expected of [1, 2, 3]) {
          for (let n = 0; n < 20; n++) yield* statusOf(receiver, "suspended")
          assert.strictEqual(yield* calls, expected)
          yield* TestClock.adjust("10 minutes")
        }
      }).pipe(Effect.provide(receiver().pipe(Layer.provide(layer), Layer.merge(queue))))
    })
  )
})

describe("the first sight of an event", () => {
  it.effect("counts for the token even if the event is not accepted, and only once", () =>
    Effect.gen(function* () {
      const { calls, layer } = yield* counting
      yield* Effect.gen(function* () {
        const { fetch } = yield* (yield* Webhook).handlerWith(() => Effect.fail("the queue is full"))
        for (let n = 0; n < 3; n++) {
          const { status } = yield* Effect.promise(() => fetch(post(delivery(printed("suspended")))))
          assert.strictEqual(status, 503)
        }
      }).pipe(Effect.provide(receiver().pipe(Layer.provide(layer))))
      assert.strictEqual(yield* calls, 1)
    })
  )

  it.effect("does not count if invalidating the token failed", () =>
    Effect.gen(function* () {
      const calls = yield* Ref.make(0)
      const broken = Layer.succeed(TokenInvalidation, {
        invalidateInstallationToken: () =>
          Effect.flatMap(
            Ref.updateAndGet(calls, (n) => n + 1),
            (n) => (n === 1 ? Effect.die(new Error("a bug")) : Effect.void)
          )
      })
      const statuses = yield* Effect.gen(function* () {
        const build = yield* handler
        return yield* Effect.forEach([1, 2, 3], () => statusOf(build, "suspended"))
      }).pipe(Effect.provide(receiver().pipe(Layer.provide(broken), Layer.merge(queue))))
      assert.deepStrictEqual(statuses, [503, 202, 202])
      assert.strictEqual(yield* Ref.get(calls), 2)
    })
  )

  it.effect("is that of a queue's worker too: nine failed attempts cost no token", () =>
    Effect.gen(function* () {
      const { calls, layer } = yield* counting
      const attempts = yield* Queue.unbounded<string>()
      const elsewhere = Layer.fresh(receiver().pipe(Layer.provide(layer)))
      yield* Effect.gen(function* () {
        const receiving = yield* Layer.build(elsewhere)
        const working = yield* Layer.build(elsewhere)
        yield* statusOf(yield* Effect.provide(WebhookQueue.handler(), receiving), "suspended")
        assert.strictEqual(yield* calls, 1)
        yield* Effect.provide(
          WebhookQueue.work(({ event }) => Effect.andThen(Queue.offer(attempts, event), Effect.fail("not yet"))),
          working
        )
        yield* Queue.take(attempts)
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(yield* Queue.size(attempts), 9)
        assert.strictEqual(yield* calls, 2)
      }).pipe(Effect.provide(queue))
    })
  )
})
