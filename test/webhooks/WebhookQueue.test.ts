import { IcrApp } from "@effect-icr/app/IcrApp"
import { Webhook } from "@effect-icr/webhooks/Webhook"
import type { WebhookEvent } from "@effect-icr/webhooks/WebhookEvent"
import * as WebhookQueue from "@effect-icr/webhooks/WebhookQueue"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Logger, Queue, Redacted, Ref, Scope } from "effect"
import { PersistedQueue } from "effect/persistence"
import { TestClock } from "effect/testing"
import { deliverThroughKills, registry } from "../soak/kills.ts"
import { withoutRedis } from "../support/redis.ts"
import { appOver, idOf, makeRegistry, textOf } from "../support/registry.ts"
import { delivery, post, printed, secret } from "./support/deliveries.ts"
import { receiver } from "./support/receiver.ts"

const memory = PersistedQueue.layer.pipe(Layer.provideMerge(PersistedQueue.layerStoreMemory))

const durable = Layer.merge(receiver(), memory)

const statusOf = (fetch: (request: Request) => Promise<Response>, payload: unknown) =>
  Effect.promise(async () => (await fetch(post(delivery(payload)))).status)

const recorder = Effect.map(Queue.unbounded<string>(), (seen) => ({
  work: ({ event }: WebhookEvent) => Queue.offer(seen, event),
  next: Queue.take(seen),
  rest: Queue.clear(seen)
}))

describe("WebhookQueue", () => {
  it.effect("answers once the event is on the queue; workers, here or elsewhere, take it from there", () =>
    Effect.gen(function* () {
      const { next, work } = yield* recorder
      const { fetch } = yield* WebhookQueue.handler()
      assert.strictEqual(yield* statusOf(fetch, printed("installed")), 202)
      assert.strictEqual(yield* statusOf(fetch, { event: "novel" }), 202)
      assert.strictEqual(yield* Effect.promise(async () => (await fetch(post({ body: "{}" }))).status), 403)
      yield* WebhookQueue.work(work, { concurrency: 1 })
      assert.deepStrictEqual([yield* next, yield* next], ["installed", "novel"])
    }).pipe(Effect.provide(durable))
  )

  it.effect("tries again what failed, and gives it up after as many attempts as it was told", () =>
    Effect.gen(function* () {
      const attempts = yield* Queue.unbounded<string>()
      const { fetch } = yield* WebhookQueue.handler({ maxAttempts: 3 })
      yield* WebhookQueue.work(
        (event) =>
          Effect.andThen(
            Queue.offer(attempts, event.event),
            event._tag === "Suspended" ? Effect.die(new Error("a bug")) : Effect.fail("not yet")
          ),
        { maxAttempts: 3, concurrency: 1 }
      )
      yield* statusOf(fetch, printed("installed"))
      assert.strictEqual(yield* Queue.take(attempts), "installed")
      yield* statusOf(fetch, printed("suspended"))
      assert.strictEqual(yield* Queue.take(attempts), "suspended")
      yield* TestClock.adjust("1 hour")
      const more = yield* Queue.clear(attempts)
      assert.deepStrictEqual(more.toSorted(), ["installed", "installed", "suspended", "suspended"])
    }).pipe(Effect.provide(durable))
  )

  it.effect("outlives work that interrupts itself, which counts as an attempt", () =>
    Effect.gen(function* () {
      const attempts = yield* Queue.unbounded<string>()
      const { fetch } = yield* WebhookQueue.handler({ maxAttempts: 2 })
      yield* WebhookQueue.work(
        (event) =>
          Effect.andThen(
            Queue.offer(attempts, event.event),
            event._tag === "Suspended" ? Effect.interrupt : Effect.void
          ),
        { maxAttempts: 2, concurrency: 4 }
      )
      yield* statusOf(fetch, printed("suspended"))
      assert.strictEqual(yield* Queue.take(attempts), "suspended")
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* Queue.clear(attempts), ["suspended"])
      yield* statusOf(fetch, printed("installed"))
      assert.strictEqual(yield* Queue.take(attempts), "installed")
    }).pipe(Effect.provide(durable))
  )

  for (const [how, failure] of [
    ["fails", Effect.fail(new PersistedQueue.PersistedQueueError({ message: "connection lost" }))],
    ["dies", Effect.die(new Error("a bug of the store"))]
  ] as const) {
    it.effect(`leaves a store that ${how} alone for a second, and says so`, () =>
      Effect.gen(function* () {
        let takes = 0
        const logged: Array<string> = []
        yield* WebhookQueue.work(() => Effect.void, { concurrency: 1 }).pipe(
          Effect.andThen(TestClock.adjust("10 seconds")),
          Effect.scoped,
          Effect.provide(Logger.layer([Logger.make(({ message }) => void logged.push(String(message)))])),
          Effect.provide(
            Layer.merge(
              receiver(),
              PersistedQueue.layer.pipe(
                Layer.provide(
                  Layer.succeed(PersistedQueue.PersistedQueueStore, {
                    offer: () => Effect.void,
                    take: () =>
                      Effect.suspend(() => {
                        takes++
                        return failure
                      }),
                    cleanup: () => Effect.void
                  })
                )
              )
            )
          )
        )
        assert.strictEqual(takes, 11)
        assert.lengthOf(
          logged.filter((line) => line.includes("The webhook queue failed")),
          11
        )
      })
    )
  }

  it.effect("does not take a failure of the work for one of the store, whatever its type", () =>
    Effect.gen(function* () {
      const { next, work } = yield* recorder
      const { fetch } = yield* WebhookQueue.handler()
      yield* WebhookQueue.work(
        (event) =>
          Effect.andThen(
            work(event),
            event._tag === "Suspended"
              ? Effect.fail(new PersistedQueue.PersistedQueueError({ message: "another queue's" }))
              : Effect.void
          ),
        { concurrency: 1 }
      )
      yield* statusOf(fetch, printed("suspended"))
      assert.strictEqual(yield* next, "suspended")
      yield* statusOf(fetch, printed("installed"))
      // At once: the clock stands still, so a pause would have no end.
      assert.strictEqual(yield* next, "installed")
    }).pipe(Effect.provide(durable))
  )

  it.effect("drops duplicates within the window, worked on or not, and takes them after it", () =>
    Effect.gen(function* () {
      const { next, rest, work } = yield* recorder
      const { fetch } = yield* WebhookQueue.handler()
      yield* statusOf(fetch, printed("installed"))
      assert.strictEqual(yield* statusOf(fetch, printed("installed")), 202)
      yield* WebhookQueue.work(work)
      assert.strictEqual(yield* next, "installed")
      assert.strictEqual(yield* statusOf(fetch, printed("installed")), 202)
      yield* statusOf(fetch, printed("suspended"))
      assert.strictEqual(yield* next, "suspended")
      assert.deepStrictEqual(yield* rest, [])
      yield* TestClock.adjust("10 minutes")
      yield* statusOf(fetch, printed("installed"))
      assert.strictEqual(yield* next, "installed")
      const all = yield* WebhookQueue.handler({ deduplicationWindow: 0 })
      yield* statusOf(all.fetch, printed("installed"))
      assert.strictEqual(yield* next, "installed")
    }).pipe(Effect.provide(durable))
  )

  it.effect("answers 503 when the queue does not take it", () =>
    Effect.gen(function* () {
      const { fetch } = yield* WebhookQueue.handler()
      assert.strictEqual(yield* statusOf(fetch, printed()), 503)
    }).pipe(
      Effect.provide(
        Layer.merge(
          receiver(),
          PersistedQueue.layer.pipe(
            Layer.provide(
              Layer.succeed(PersistedQueue.PersistedQueueStore, {
                offer: () => Effect.fail(new PersistedQueue.PersistedQueueError({ message: "connection lost" })),
                take: () => Effect.never,
                cleanup: () => Effect.void
              })
            )
          )
        )
      )
    )
  )

  it.effect("finishes what is under way when it stops, and leaves the rest on the queue", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const begun = yield* Deferred.make<void>()
      const gate = yield* Deferred.make<void>()
      const done = yield* Ref.make<ReadonlyArray<string>>([])
      const { fetch } = yield* WebhookQueue.handler()
      yield* WebhookQueue.work(
        ({ event }) =>
          Deferred.succeed(begun, undefined).pipe(
            Effect.andThen(Deferred.await(gate)),
            Effect.andThen(Ref.update(done, (all) => [...all, event]))
          ),
        { concurrency: 1 }
      ).pipe(Scope.provide(scope))
      yield* statusOf(fetch, printed("installed"))
      yield* statusOf(fetch, printed("suspended"))
      yield* Deferred.await(begun)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(closing)
      assert.deepStrictEqual(yield* Ref.get(done), ["installed"])
      // The next process finds the other one, and not the finished one again.
      const { next, rest, work } = yield* recorder
      yield* WebhookQueue.work(work)
      assert.strictEqual(yield* next, "suspended")
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* rest, [])
    }).pipe(Effect.provide(durable))
  )

  it.effect("hands back what does not end in time", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const begun = yield* Deferred.make<void>()
      const { fetch } = yield* WebhookQueue.handler()
      yield* WebhookQueue.work(() => Effect.andThen(Deferred.succeed(begun, undefined), Effect.never), {
        shutdownTimeout: "5 seconds",
        maxAttempts: 1
      }).pipe(Scope.provide(scope))
      yield* statusOf(fetch, printed("installed"))
      yield* Deferred.await(begun)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(closing)
      const { next, work } = yield* recorder
      yield* WebhookQueue.work(work, { maxAttempts: 1 })
      assert.strictEqual(yield* next, "installed")
    }).pipe(Effect.provide(durable))
  )

  it.effect(
    "invalidates the token in the process that accepts an event and, before the work, in the one that does it",
    () => {
      const issuer = makeRegistry()
      /** A process: a token cache of its own, and its own way to the store of the queue. */
      const machine = Layer.fresh(
        Layer.merge(
          Webhook.layerWith({ secret: Redacted.make(secret) }).pipe(Layer.provideMerge(appOver(issuer))),
          PersistedQueue.layer
        )
      )
      const token = Effect.flatMap(IcrApp, (app) => Effect.map(app.installationToken(idOf("1")), textOf))
      return Effect.gen(function* () {
        const receiving = yield* Layer.build(machine)
        const working = yield* Layer.build(machine)
        const seen = yield* Queue.unbounded<string>()
        const tokens = Effect.all([Effect.provide(token, receiving), Effect.provide(token, working)])
        assert.deepStrictEqual(yield* tokens, ["crs_1", "crs_2"])
        const { fetch } = yield* Effect.provide(WebhookQueue.handler(), receiving)
        assert.strictEqual(yield* statusOf(fetch, printed("suspended")), 202)
        assert.deepStrictEqual(yield* tokens, ["crs_3", "crs_2"])
        const work = () => Effect.flatMap(token, (text) => Queue.offer(seen, text))
        yield* Effect.provide(WebhookQueue.work(work), working)
        assert.strictEqual(yield* Queue.take(seen), "crs_4")
        assert.deepStrictEqual(yield* tokens, ["crs_3", "crs_4"])
      }).pipe(Effect.provide(PersistedQueue.layerStoreMemory))
    }
  )

  it.live.skipIf(withoutRedis("deliveries through kills of the receiver"))(
    "loses none of 400 deliveries through kills of the process",
    () =>
      Effect.gen(function* () {
        const tally = yield* deliverThroughKills(400, 2)
        process.stdout.write(`${JSON.stringify(tally)}\n`)
        assert.strictEqual(tally.kills, 2)
        assert.strictEqual(tally.accepted, 400)
        assert.strictEqual(tally.handled, 400)
      }).pipe(Effect.provide(registry))
  )
})
