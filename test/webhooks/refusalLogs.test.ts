import { type Handler, Webhook } from "@effect-icr/webhooks/Webhook"
import * as WebhookQueue from "@effect-icr/webhooks/WebhookQueue"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Logger, Redacted, References } from "effect"
import { PersistedQueue } from "effect/persistence"
import { createHash } from "node:crypto"
import { delivery, hmac, post, printed, secret } from "./support/deliveries.ts"

const receiver = Webhook.layerVerifyOnly({ secret: Redacted.make(secret) })

const digestOf = (signedData: string) => createHash("sha256").update(signedData).digest("hex")

/** What is logged: the message and the annotations of each entry. */
const captured = () => {
  const lines: Array<{ readonly text: string; readonly event: unknown; readonly id: unknown }> = []
  const logger = Logger.make(({ fiber, message }) => {
    const { event, id } = fiber.getRef(References.CurrentLogAnnotations)
    lines.push({ text: String(message), event, id })
  })
  return { lines, layer: Logger.layer([logger]) }
}

const sent = ({ fetch }: Handler, given: Parameters<typeof post>[0]) =>
  Effect.promise(async () => (await fetch(post(given))).text())

const signed = (text: string) => {
  const signedData = Buffer.from(text).toString("base64")
  return { body: JSON.stringify({ signedData }), signature: hmac(signedData), signedData }
}

describe("the log of a refusal", () => {
  for (const [kind, name, given] of [
    ["unknownShape", "installed", delivery({ event: "installed", installation: { id: "hidden/value" } })],
    ["unknownShape", "uninstalled", delivery({ event: "uninstalled", installation: [] })],
    ["unknownShape", undefined, signed('{"event":7}')],
    ["signedDataNotJson", undefined, signed("installed")]
  ] as const) {
    it.effect(`names the event ${name} and the digest of its content: ${kind}`, () => {
      const { layer, lines } = captured()
      return Effect.gen(function* () {
        const webhook = yield* Webhook
        assert.strictEqual(yield* sent(yield* webhook.handler(), given), kind)
        const [line] = lines
        const id = digestOf(given.signedData)
        assert.deepStrictEqual([lines.length, line?.event, line?.id], [1, name, id])
        assert.include(line?.text ?? "", id)
        assert.include(line?.text ?? "", name ?? "unknown")
        assert.notInclude(line?.text ?? "", "hidden/value")
        const error = yield* Effect.flip(webhook.verify(given))
        assert.deepStrictEqual([error.kind, error.event, error.id], [kind, name, id])
      }).pipe(Effect.provide(receiver), Effect.provide(layer))
    })
  }

  it.effect("names what was good and could not be taken", () => {
    const { layer, lines } = captured()
    return Effect.gen(function* () {
      const webhook = yield* Webhook
      const given = delivery(printed("suspended"))
      const full = yield* webhook.handler(() => Effect.never, { capacity: 1, shutdownTimeout: 0 })
      yield* sent(full, delivery(printed("installed")))
      assert.strictEqual(yield* sent(full, given), "overloaded")
      const broken = yield* webhook.handlerWith(() => Effect.fail("no connection"))
      assert.strictEqual(yield* sent(broken, given), "notAccepted")
      // The last two: that it could not be accepted and why, and that it was refused.
      assert.lengthOf(lines, 3)
      for (const { event, id } of lines) assert.deepStrictEqual([event, id], ["suspended", digestOf(given.signedData)])
    }).pipe(Effect.provide(receiver), Effect.provide(layer))
  })

  it.effect("names nothing of a delivery whose signature is wrong", () => {
    const { layer, lines } = captured()
    return Effect.gen(function* () {
      const given = delivery(printed("suspended"), { key: "another" })
      assert.strictEqual(yield* sent(yield* (yield* Webhook).handler(), given), "signatureMismatch")
      assert.deepStrictEqual([lines.length, lines[0]?.event, lines[0]?.id], [1, undefined, undefined])
      assert.notInclude(JSON.stringify(lines), "suspended")
    }).pipe(Effect.provide(receiver), Effect.provide(layer))
  })

  it.effect("and that of failed work names the digest too, in this process and from a queue", () => {
    const { layer, lines } = captured()
    return Effect.gen(function* () {
      const given = delivery(printed("suspended"))
      yield* sent(yield* (yield* Webhook).handler(() => Effect.fail("a bug")), given)
      const done = yield* Deferred.make<void>()
      yield* WebhookQueue.work(() => Effect.andThen(Deferred.succeed(done, undefined), Effect.fail("a bug")), {
        concurrency: 1,
        maxAttempts: 1
      })
      yield* sent(yield* WebhookQueue.handler(), given)
      yield* Deferred.await(done)
      yield* Effect.yieldNow
      assert.deepStrictEqual(
        lines.map(({ event, id }) => [event, id]),
        [1, 2].map(() => ["suspended", digestOf(given.signedData)])
      )
    }).pipe(
      Effect.provide(Layer.merge(receiver, PersistedQueue.layer.pipe(Layer.provide(PersistedQueue.layerStoreMemory)))),
      Effect.provide(layer)
    )
  })
})
