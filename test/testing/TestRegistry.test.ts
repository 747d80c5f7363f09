import { IcrApp } from "@effect-icr/app/IcrApp"
import * as KeyValueTokenStore from "@effect-icr/app/KeyValueTokenStore"
import * as TokenSeal from "@effect-icr/app/TokenSeal"
import { Simulator } from "@effect-icr/simulator/Simulator"
import * as TestRegistry from "@effect-icr/testing/TestRegistry"
import { InstallFlow } from "@effect-icr/webhooks/InstallFlow"
import { Webhook } from "@effect-icr/webhooks/Webhook"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Fiber, Layer, Option, Redacted, Ref, Stream } from "effect"
import { KeyValueStore } from "effect/persistence"
import { TestClock } from "effect/testing"
import { createHmac, randomBytes } from "node:crypto"
import { anyDistance, callback, first, outcomes, token, unavailable, verified } from "./support/outcomes.ts"

/** A delivery of an `uninstalled` event, as the registry signs it. */
const delivery = Effect.gen(function* () {
  const { app } = yield* Simulator
  const event = { event: "uninstalled", installation: { id: yield* first }, sender: {} }
  const signedData = Buffer.from(JSON.stringify(event)).toString("base64")
  const digest = createHmac("sha256", Redacted.value(app.webhookSecret)).update(signedData).digest("hex")
  return { body: JSON.stringify({ signedData }), signature: `sha256=${digest}` }
})

const keys = Redacted.make(randomBytes(32).toString("hex"))

/** A store that others can read, so that tokens are sealed in it. */
const sealedStore = KeyValueTokenStore.layerWith({ keys }).pipe(
  Layer.provide([KeyValueStore.layerMemory, TestRegistry.layerCrypto])
)
const withSealedStore = Layer.provide(TestRegistry.layer, sealedStore)

const runs = 100

describe("fork, adjust, join", () => {
  it.live("gives the token after an outage", () =>
    Effect.gen(function* () {
      const prepare = Effect.gen(function* () {
        yield* (yield* Simulator).control.faults.script("*", [unavailable, unavailable])
        return Effect.as(token, "a token")
      })
      assert.deepStrictEqual(yield* outcomes(runs, TestRegistry.layer, prepare), { "a token": runs })
    })
  )

  it.live("gives the token through a sealed store", () =>
    Effect.gen(function* () {
      const prepare = Effect.succeed(Effect.as(token, "a token"))
      assert.deepStrictEqual(yield* outcomes(runs, withSealedStore, prepare, anyDistance), { "a token": runs })
    })
  )

  it.live("tells of an outage that lasts", () =>
    Effect.gen(function* () {
      const prepare = Effect.gen(function* () {
        yield* (yield* Simulator).control.faults.probability("*", 1, unavailable)
        return Effect.map(Effect.flip(token), ({ reason }) => reason._tag)
      })
      assert.deepStrictEqual(yield* outcomes(runs, TestRegistry.layer, prepare), { ServerError: runs })
    })
  )

  it.live("has a delivery of the registry accepted", () =>
    Effect.gen(function* () {
      const prepare = Effect.gen(function* () {
        const { control } = yield* Simulator
        const { fetch } = yield* (yield* Webhook).handlerWith(() => Effect.void)
        yield* control.webhooks.setTarget(fetch)
        const id = yield* first
        return Effect.map(control.webhooks.transaction(id), ({ failure, status }) => `${status} ${failure}`)
      })
      assert.deepStrictEqual(yield* outcomes(runs, TestRegistry.layer, prepare, anyDistance), { "202 null": runs })
    })
  )

  it.effect("lists 2,000 installations", () =>
    Effect.gen(function* () {
      const many = TestRegistry.layerWith({ simulator: { installations: 2000 } })
      const count = Effect.flatMap(IcrApp, ({ installations }) => Stream.runCount(installations))
      const fiber = yield* Effect.forkChild(Effect.provide(count, many))
      yield* TestClock.adjust("400 days")
      assert.strictEqual(yield* Fiber.join(fiber), 2000)
    })
  )
})

describe("TestRegistry", () => {
  it("waits for nothing outside of the fiber: token, sealed store, install callback and delivery", () => {
    const all = Effect.gen(function* () {
      const { verify } = yield* Webhook
      const { installation } = yield* verified(yield* callback)
      const event = yield* verify(yield* delivery)
      return [(yield* token).installationId, installation.id, event.event, yield* first]
    }).pipe(Effect.provide(withSealedStore), Effect.runSync)
    const [id] = all
    assert.deepStrictEqual(all, [id, id, "uninstalled", id])
  })

  it.effect("has a call wait for ever when the registry fails once and nobody moves the clock", () =>
    Effect.gen(function* () {
      yield* (yield* Simulator).control.faults.script("*", [unavailable])
      const isDone = yield* Ref.make(false)
      const fiber = yield* Effect.forkChild(Effect.ensuring(token, Ref.set(isDone, true)))
      yield* TestClock.adjust(0)
      assert.isFalse(yield* Ref.get(isDone))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber)).installationId, yield* first)
    }).pipe(Effect.provide(TestRegistry.layer))
  )

  it.effect("takes options of each part", () =>
    Effect.gen(function* () {
      const { app, control, installationIds } = yield* Simulator
      assert.strictEqual((yield* installationIds).length, 1)
      yield* control.faults.script("*", [unavailable])
      assert.strictEqual((yield* Effect.flip(token)).reason._tag, "ServerError")
      const { installUrl } = yield* InstallFlow
      const link = yield* installUrl({ appNameId: app.appNameId, session: "a session" })
      assert.strictEqual(link.origin, "https://ui.example.com")
      const { kind } = yield* Effect.flip(Effect.flatMap(delivery, (yield* Webhook).verify))
      assert.strictEqual(kind, "signatureMismatch")
    }).pipe(
      Effect.provide(
        TestRegistry.layerWith({
          simulator: { installations: 1 },
          app: { http: { retry: false } },
          webhooks: { secret: Redacted.make("another secret") },
          installFlow: { uiBaseUrl: "https://ui.example.com" }
        })
      )
    )
  )

  it.effect("keeps two registries in one program apart", () =>
    Effect.gen(function* () {
      const text = Effect.map(token, ({ token }) => Redacted.value(token))
      const other = yield* Effect.provide(text, TestRegistry.layerWith({ simulator: { seed: 2 } }))
      assert.notStrictEqual(yield* text, other)
    }).pipe(Effect.provide(TestRegistry.layer))
  )

  it.effect("reads nothing from the environment", () => {
    const names = "APP_ID PRIVATE_KEY BASE_URL ENVIRONMENT API_VERSION ALLOW_INSECURE_HTTP WEBHOOK_SECRET STATE_SECRET"
    const env = Object.fromEntries(names.split(" ").map((name) => [`ICR_${name}`, "/"]))
    return token.pipe(
      Effect.provide(TestRegistry.layer),
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
    )
  })

  it.effect("seals and opens as WebCrypto does", () =>
    Effect.gen(function* () {
      const inFiber = yield* Effect.provide(TokenSeal.make({ keys }), TestRegistry.layerCrypto)
      const webCrypto = yield* TokenSeal.make({ keys })
      const text = Redacted.make("crs_1")
      for (const [one, other] of [
        [inFiber, webCrypto],
        [webCrypto, inFiber],
        [inFiber, inFiber]
      ] as const) {
        const sealed = yield* one.seal("a", text)
        assert.deepStrictEqual(Option.map(yield* other.open("a", sealed), Redacted.value), Option.some("crs_1"))
        assert.isTrue(Option.isNone(yield* other.open("b", sealed)))
        const middle = sealed.length - 10
        const changed = sealed.slice(0, middle) + (sealed[middle] === "A" ? "B" : "A") + sealed.slice(middle + 1)
        assert.isTrue(Option.isNone(yield* other.open("a", changed)))
      }
    })
  )
})
