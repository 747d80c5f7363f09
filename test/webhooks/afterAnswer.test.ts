import { Webhook } from "@effect-icr/webhooks/Webhook"
import { WebhookPlatform } from "@effect-icr/webhooks/WebhookPlatform"
import * as WebhookQueue from "@effect-icr/webhooks/WebhookQueue"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Layer, Logger, Redacted, Ref, Scope } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { PersistedQueue } from "effect/persistence"
import { delivery, post, printed, secret } from "./support/deliveries.ts"

const receiver = Webhook.layerVerifyOnly({ secret: Redacted.make(secret) })

/** A platform that keeps what it is told, and notices a `waitUntil` that was torn off it. */
class Platform {
  readonly told: Array<Promise<unknown>> = []
  waitUntil(work: Promise<unknown>) {
    this.told.push(work)
  }
}

const statusOf = (answer: Promise<Response>) => Effect.promise(async () => (await answer).status)
const settled = ({ told }: Platform) => Effect.promise(() => Promise.all(told))

describe("a platform that stops the machine once the answer is out", () => {
  it.effect("is told of the work, before the answer and until it is done", () =>
    Effect.gen(function* () {
      const platform = new Platform()
      const gate = yield* Deferred.make<void>()
      const isDone = yield* Ref.make(false)
      const { fetch } = yield* (yield* Webhook).handler(() =>
        Effect.andThen(Deferred.await(gate), Ref.set(isDone, true))
      )
      assert.strictEqual(yield* statusOf(fetch(post(delivery(printed())), platform)), 202)
      assert.lengthOf(platform.told, 1)
      const early = yield* Effect.promise(() => Promise.race([...platform.told, Promise.resolve("not yet")]))
      assert.strictEqual(early, "not yet")
      yield* Deferred.succeed(gate, undefined)
      yield* settled(platform)
      assert.isTrue(yield* Ref.get(isDone))
    }).pipe(Effect.provide(receiver))
  )

  it.effect("hears of each accepted event, and neither of refusals nor of duplicates", () =>
    Effect.gen(function* () {
      const platform = new Platform()
      const { fetch } = yield* (yield* Webhook).handler(() => Effect.void)
      for (const [given, told] of [
        [{ body: "{}" }, 0],
        [delivery(printed("installed")), 1],
        [delivery(printed("installed")), 1],
        [delivery(printed("suspended")), 2]
      ] as const) {
        yield* statusOf(fetch(post(given), platform))
        assert.lengthOf(platform.told, told)
      }
      yield* settled(platform)
    }).pipe(Effect.provide(receiver))
  )

  for (const [how, work] of [
    ["fails", Effect.fail("no such customer")],
    ["dies", Effect.die(new Error("a bug"))],
    ["interrupts itself", Effect.interrupt]
  ] as const) {
    it.effect(`gets no rejection from work that ${how}`, () =>
      Effect.gen(function* () {
        const platform = new Platform()
        const { fetch } = yield* (yield* Webhook).handler(() => work)
        assert.strictEqual(yield* statusOf(fetch(post(delivery(printed())), platform)), 202)
        assert.deepStrictEqual(yield* settled(platform), [undefined])
      }).pipe(Effect.provide(receiver))
    )
  }

  it.effect("gets no rejection from work that a shutdown cuts off", () =>
    Effect.gen(function* () {
      const platform = new Platform()
      const scope = yield* Scope.make()
      const { fetch } = yield* (yield* Webhook)
        .handler(() => Effect.never, { shutdownTimeout: 0 })
        .pipe(Scope.provide(scope))
      yield* statusOf(fetch(post(delivery(printed())), platform))
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* settled(platform), [undefined])
    }).pipe(Effect.provide(receiver))
  )

  it.effect("that refuses to wait costs neither the answer nor the work, and is logged", () => {
    const logged: Array<string> = []
    const logger = Logger.make(({ message }) => void logged.push(String(message)))
    return Effect.gen(function* () {
      const done = yield* Deferred.make<void>()
      const { fetch } = yield* (yield* Webhook).handler(() => Deferred.succeed(done, undefined))
      const platform = {
        waitUntil: () => {
          throw new Error("called outside of a request")
        }
      }
      assert.strictEqual(yield* statusOf(fetch(post(delivery(printed())), platform)), 202)
      yield* Deferred.await(done)
      assert.isTrue(logged.some((line) => line.includes("waitUntil")))
    }).pipe(Effect.provide(receiver), Effect.provide(Logger.layer([logger])))
  })

  it.effect("may be one without waitUntil, such as the second argument of another framework", () =>
    Effect.gen(function* () {
      const { fetch } = yield* (yield* Webhook).handler(() => Effect.void)
      for (const [index, platform] of [{}, { params: {} }, { waitUntil: undefined }, null, 7].entries()) {
        const given = delivery({ event: `novel${index}` })
        assert.strictEqual(yield* statusOf(fetch(post(given), platform as object)), 202)
      }
    }).pipe(Effect.provide(receiver))
  )

  it.effect("has nothing to wait for where the answer comes after everything else", () =>
    Effect.gen(function* () {
      const platform = new Platform()
      const isDone = yield* Ref.make(false)
      const direct = yield* (yield* Webhook).handlerWith(() => Ref.set(isDone, true))
      assert.strictEqual(yield* statusOf(direct.fetch(post(delivery(printed())), platform)), 202)
      assert.isTrue(yield* Ref.get(isDone))
      const queued = yield* WebhookQueue.handler()
      assert.strictEqual(yield* statusOf(queued.fetch(post(delivery(printed())), platform)), 202)
      assert.lengthOf(platform.told, 0)
    }).pipe(
      Effect.provide(Layer.merge(receiver, PersistedQueue.layer.pipe(Layer.provide(PersistedQueue.layerStoreMemory))))
    )
  )

  it.live("reaches a route of an Effect router with the request", () =>
    Effect.gen(function* () {
      const platform = new Platform()
      const { dispose, handler } = HttpRouter.toWebHandler(
        Webhook.route("/webhook", () => Effect.void).pipe(
          Layer.provide(receiver),
          Layer.provideMerge(HttpServer.layerServices)
        ),
        { disableLogger: true }
      )
      const context = Context.make(WebhookPlatform, platform)
      assert.strictEqual(yield* statusOf(handler(post(delivery(printed())), context)), 202)
      assert.lengthOf(platform.told, 1)
      yield* settled(platform)
      yield* Effect.promise(dispose)
    })
  )
})
