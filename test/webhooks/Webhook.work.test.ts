/** The work on what was accepted: behind the answer, in bounds, and at the end. */
import { Webhook } from "@effect-icr/webhooks/Webhook"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import { delivery, post, printed } from "./support/deliveries.ts"
import { counted, receiver, recorder, send } from "./support/receiver.ts"

describe("Webhook.handler", () => {
  it.effect("answers before the work is done, and lets a failure neither answer nor escape", () =>
    Effect.gen(function* () {
      const logged: Array<string> = []
      const logger = Logger.make(({ message }) => void logged.push(String(message)))
      yield* Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const done = yield* Deferred.make<void>()
        const { fetch } = yield* (yield* Webhook).handler((event) =>
          event._tag === "Installed"
            ? Effect.andThen(Deferred.await(gate), Deferred.succeed(done, undefined))
            : event._tag === "Suspended"
              ? Effect.fail("no such customer")
              : event._tag === "Uninstalled"
                ? Effect.interrupt
                : Effect.die(new Error("a bug"))
        )
        const abandoned = yield* counted("icr_webhook_abandoned")
        const failed = yield* counted("icr_webhook_failed")
        assert.strictEqual((yield* send(fetch, post(delivery(printed("installed"))))).status, 202)
        assert.isFalse(yield* Deferred.isDone(done))
        assert.strictEqual((yield* send(fetch, post(delivery(printed("suspended"))))).status, 202)
        assert.strictEqual((yield* send(fetch, post(delivery(printed("unsuspended"))))).status, 202)
        assert.strictEqual((yield* send(fetch, post(delivery(printed("uninstalled"))))).status, 202)
        yield* Deferred.succeed(gate, undefined)
        yield* Deferred.await(done)
        assert.strictEqual((yield* counted("icr_webhook_failed")) - failed, 3)
        assert.strictEqual(yield* counted("icr_webhook_abandoned"), abandoned)
      }).pipe(Effect.provide(receiver()), Effect.provide(Logger.layer([logger])))
      assert.isTrue(logged.some((line) => line.includes("suspended failed")))
      assert.isTrue(logged.some((line) => line.includes("unsuspended failed")))
      assert.isTrue(logged.some((line) => line.includes("uninstalled failed")))
    })
  )

  it.effect("refuses what it has no room for", () =>
    Effect.gen(function* () {
      const { fetch } = yield* (yield* Webhook).handler(() => Effect.never, { capacity: 2, shutdownTimeout: 0 })
      const answers = yield* Effect.forEach(["installed", "suspended", "unsuspended"], (event) =>
        send(fetch, post(delivery(printed(event))))
      )
      assert.deepStrictEqual(
        answers.map(({ status, text }) => [status, text]),
        [
          [202, ""],
          [202, ""],
          [503, "overloaded"]
        ]
      )
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("works on as many side by side as it was told to", () =>
    Effect.gen(function* () {
      let running = 0
      let most = 0
      let ended = 0
      const gate = yield* Deferred.make<void>()
      const over = yield* Deferred.make<void>()
      const { fetch } = yield* (yield* Webhook).handler(
        () =>
          Effect.acquireUseRelease(
            Effect.sync(() => {
              most = Math.max(most, ++running)
            }),
            () => Deferred.await(gate),
            () =>
              Effect.suspend(() => {
                running--
                return ++ended === 10 ? Deferred.succeed(over, undefined) : Effect.void
              })
          ),
        { concurrency: 3 }
      )
      for (const n of Array.from({ length: 10 }, (_, n) => n)) {
        yield* send(fetch, post(delivery({ event: `novel${n}` })))
      }
      assert.strictEqual(running, 3)
      yield* Deferred.succeed(gate, undefined)
      yield* Deferred.await(over)
      assert.strictEqual(most, 3)
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("finishes what it accepted before it stops, and takes nothing more", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const gate = yield* Deferred.make<void>()
      const { seen, work } = yield* recorder
      const webhook = yield* Webhook
      const { fetch } = yield* webhook
        .handler((event) => Effect.andThen(Deferred.await(gate), work(event)), { concurrency: 1 })
        .pipe(Scope.provide(scope))
      yield* send(fetch, post(delivery(printed("installed"))))
      yield* send(fetch, post(delivery(printed("suspended"))))
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      assert.deepStrictEqual(yield* send(fetch, post(delivery(printed("unsuspended")))), {
        status: 503,
        text: "stopping"
      })
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(closing)
      assert.deepStrictEqual(yield* seen, ["installed", "suspended"])
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("cuts off work that does not end in time, and counts it", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { fetch } = yield* (yield* Webhook)
        .handler(() => Effect.never, { shutdownTimeout: "10 seconds", concurrency: 1 })
        .pipe(Scope.provide(scope))
      const abandoned = yield* counted("icr_webhook_abandoned")
      yield* send(fetch, post(delivery(printed("installed"))))
      yield* send(fetch, post(delivery(printed("suspended"))))
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* TestClock.adjust("9 seconds")
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closing)
      assert.strictEqual((yield* counted("icr_webhook_abandoned")) - abandoned, 2)
    }).pipe(Effect.provide(receiver()))
  )
})
