import { IcrApp } from "@effect-icr/app/IcrApp"
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { type VerifyOnlyOptions, Webhook } from "@effect-icr/webhooks/Webhook"
import type { WebhookEvent } from "@effect-icr/webhooks/WebhookEvent"
import { WebhookDeduplication } from "@effect-icr/webhooks/WebhookDeduplication"
import { DeduplicationStoreError } from "@effect-icr/app/DeduplicationStore"
import { Simulator, type SimulatorOptions } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Logger, Metric, Queue, Redacted, Ref, Scope, Stream } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { TestClock } from "effect/testing"
import { withSimulator } from "../support/app.ts"
import { delivery, observed, post, printed, secret } from "./support/deliveries.ts"

const receiver = (options: Partial<VerifyOnlyOptions> = {}) =>
  Webhook.layerVerifyOnly({ secret: Redacted.make(secret), ...options })

const send = (fetch: (request: Request) => Promise<Response>, request: Request) =>
  Effect.promise(async () => {
    const response = await fetch(request)
    return { status: response.status, text: await response.text() }
  })

const nothing = () => Effect.void

/** Tells that a claim was asked for. */
const asked = Effect.runSync(Queue.unbounded<true>())

/** Remembers what was worked on. */
const recorder = Effect.map(Ref.make<ReadonlyArray<string>>([]), (seen) => ({
  work: ({ event }: WebhookEvent) => Ref.update(seen, (all) => [...all, event]),
  seen: Ref.get(seen)
}))

const counted = (name: string) =>
  Effect.map(Metric.snapshot, (all) =>
    all.reduce((sum, one) => (one.type === "Counter" && one.id === name ? sum + Number(one.state.count) : sum), 0)
  )

describe("Webhook.handler", () => {
  it.effect("answers by what was wrong", () =>
    Effect.gen(function* () {
      const { fetch } = yield* (yield* Webhook).handler(nothing)
      const good = delivery(printed())
      const to = (init: RequestInit) => new Request("http://receiver.test/webhook", { method: "POST", ...init })
      const headers = { "x-icr-signature-256": good.signature }
      const body = good.body
      const bytes = new TextEncoder().encode(body)
      const json = "application/json; charset=utf-8"
      assert.deepStrictEqual(yield* send(fetch, post(good)), { status: 202, text: "" })
      for (const [status, text, request] of [
        [403, "signatureMissing", post({ body })],
        [403, "signatureMismatch", post({ ...delivery(printed(), { key: "other" }) })],
        [400, "bodyNotJson", post({ ...good, body: "{" })],
        [400, "unknownShape", post(delivery({ event: "installed" }))],
        [413, "bodyTooLarge", post({ ...good, body: " ".repeat(1024 * 1024 + 1) })],
        [415, "contentType", to({ body, headers: { ...headers, "content-type": "text/plain" } })],
        [415, "contentEncoding", to({ body: bytes, headers: { ...headers, "content-encoding": "gzip" } })],
        [415, "contentEncoding", to({ body: bytes, headers: { ...headers, "content-encoding": "identity, br" } })],
        [405, "method", new Request("http://receiver.test/webhook", { headers })],
        [202, "", to({ body, headers: { ...headers, "content-type": json } })],
        [202, "", to({ body: bytes, headers: { ...headers, "content-encoding": "Identity" } })],
        // No page names the header that the registry sends, so none is fine.
        [202, "", to({ body: bytes, headers })]
      ] as const) {
        assert.deepStrictEqual(yield* send(fetch, request), { status, text })
      }
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("counts refusals by their kind, and nothing else of them", () =>
    Effect.gen(function* () {
      const { fetch } = yield* (yield* Webhook).handler(nothing)
      const { body, signature } = delivery(printed())
      yield* send(fetch, post({ body }))
      yield* send(fetch, post({ body }))
      yield* send(fetch, post({ body, signature: `${signature}00` }))
      yield* send(fetch, post({ body, signature }))
      const refused = (yield* Metric.snapshot).filter(({ id }) => id === "icr_webhook_refused")
      assert.deepStrictEqual(
        refused.map(({ attributes, state }) => [attributes, "count" in state ? state.count : undefined]),
        [
          [{ kind: "signatureMissing" }, 2],
          [{ kind: "signatureLength" }, 1]
        ]
      )
    }).pipe(Effect.provide(receiver()), Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.effect("closes the connection after a body it did not read, and takes a body read before for a cut one", () =>
    Effect.gen(function* () {
      const { fetch } = yield* (yield* Webhook).handler(nothing)
      const good = delivery(printed())
      const large = yield* Effect.promise(() => fetch(post({ ...good, body: " ".repeat(1024 * 1024 + 1) })))
      assert.strictEqual(large.headers.get("connection"), "close")
      const read = post(good)
      yield* Effect.promise(() => read.text())
      assert.deepStrictEqual(yield* send(fetch, read), { status: 400, text: "bodyCut" })
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("stops reading a body without an end", () =>
    Effect.gen(function* () {
      const { fetch } = yield* (yield* Webhook).handler(nothing)
      let sent = 0
      const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull: (controller) => {
          sent += 65_536
          controller.enqueue(new Uint8Array(65_536).fill(32))
        }
      })
      const init = {
        method: "POST",
        body: endless,
        headers: { "content-type": "application/json", "x-icr-signature-256": delivery(printed()).signature },
        duplex: "half"
      }
      const request = new Request("http://receiver.test", init)
      assert.deepStrictEqual(yield* send(fetch, request), { status: 413, text: "bodyTooLarge" })
      assert.isBelow(sent, 3 * 1024 * 1024)
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("answers 408 when the body does not arrive, 503 when the event cannot be put anywhere in time", () =>
    Effect.gen(function* () {
      const webhook = yield* Webhook
      const reached = yield* Queue.unbounded<true>()
      const arrived = () => Queue.offerUnsafe(reached, true)
      const { fetch } = yield* webhook.handlerWith(() => Effect.andThen(Effect.sync(arrived), Effect.never))
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({ pull: () => void arrived() }, { highWaterMark: 0 })
      const init = { method: "POST", body, duplex: "half" }
      const stalled = new Request("http://receiver.test", init)
      for (const [request, expected] of [
        [stalled, { status: 408, text: "bodyTimeout" }],
        [post(delivery(printed())), { status: 503, text: "notAccepted" }],
        // What was not accepted gave its claim back: the same delivery is not a duplicate.
        [post(delivery(printed())), { status: 503, text: "notAccepted" }]
      ] as const) {
        const answer = yield* Effect.forkChild(send(fetch, request))
        yield* Queue.take(reached)
        yield* TestClock.adjust("4 seconds")
        assert.deepStrictEqual(yield* Fiber.join(answer), expected)
      }
    }).pipe(Effect.provide(receiver()))
  )

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

  it.live("is a route of an Effect router", () =>
    Effect.gen(function* () {
      const { seen, work } = yield* recorder
      const { dispose, handler } = HttpRouter.toWebHandler(
        Webhook.route("/webhook", work).pipe(Layer.provide(receiver()), Layer.provideMerge(HttpServer.layerServices)),
        { disableLogger: true }
      )
      assert.strictEqual((yield* send(handler, post(delivery(printed())))).status, 202)
      assert.strictEqual((yield* send(handler, post({ body: "{}" }))).status, 403)
      yield* Effect.promise(dispose)
      assert.deepStrictEqual(yield* seen, ["installed"])
    })
  )
})

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
