/** The app JWT under the rules of all tokens. */
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Logger, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { decodeJwt } from "jose"
import { privateKeyPem } from "../support/keys.ts"
import { fromPlainJavaScript } from "../support/plainJavaScript.ts"
import { reasonOf, started, times } from "../support/registry.ts"

const second = 1000
const minute = 60 * second
const start = TestClock.setTime(1_800_000_000_000)
const jwt = Effect.flatMap(Signer, ({ appJwt }) => Effect.map(appJwt, (text) => Redacted.value(text)))

/** A key management service that takes its time, or fails. */
const makeKms = () => ({ signatures: 0, latency: 0, isDown: false })

const signerOver = (kms: ReturnType<typeof makeKms>, appId = "42") =>
  Signer.layerSign(() =>
    Effect.gen(function* () {
      kms.signatures++
      yield* Effect.sleep(kms.latency)
      if (kms.isDown) return yield* Effect.fail(new Error("throttled"))
      return new Uint8Array([kms.signatures])
    })
  ).pipe(Layer.provideMerge([IcrConfig.layerWith({ appId, baseUrl: "http://localhost" }), ServerClock.layer]))

describe("the app JWT", () => {
  it.effect("is signed once for any number of callers", () => {
    const kms = makeKms()
    kms.latency = second
    return Effect.gen(function* () {
      yield* start
      const callers = yield* started(times(1000, jwt))
      yield* TestClock.adjust(second)
      assert.strictEqual(new Set(yield* Fiber.join(callers)).size, 1)
      yield* jwt
      assert.strictEqual(kms.signatures, 1)
    }).pipe(Effect.provide(signerOver(kms)))
  })

  it.effect("is signed anew behind the callers before its end, and never handed out dead", () => {
    const kms = makeKms()
    return Effect.gen(function* () {
      yield* start
      for (let at = 0; at < 30 * minute; at += 10 * second) {
        const { exp = 0, iat = 0 } = decodeJwt(yield* jwt)
        const now = (1_800_000_000_000 + at) / 1000
        assert.isAbove(exp, now)
        assert.isAtMost(exp, now + 540)
        assert.strictEqual(exp - iat, 600)
        yield* TestClock.adjust(10 * second)
      }
      assert.isAtMost(kms.signatures, 5)
    }).pipe(Effect.provide(signerOver(kms)))
  })

  it.effect("stays in use while signing fails, and heals", () => {
    const kms = makeKms()
    return Effect.gen(function* () {
      yield* start
      const first = yield* jwt
      kms.isDown = true
      yield* TestClock.adjust(8 * minute)
      assert.strictEqual(yield* jwt, first)
      yield* TestClock.adjust(minute)
      assert.strictEqual((yield* reasonOf(Effect.flatMap(Signer, ({ appJwt }) => appJwt)))._tag, "Signing")
      kms.isDown = false
      assert.notStrictEqual(yield* jwt, first)
    }).pipe(Effect.provide(signerOver(kms)), Effect.provide(Logger.layer([])))
  })

  it.effect("is signed with the app's own key however far the clock is moved meanwhile", () => {
    const config = IcrConfig.layerWith({
      appId: "42",
      baseUrl: "http://localhost",
      privateKey: Redacted.make(privateKeyPem)
    })
    const local = Layer.provide(Signer.layer, [config, ServerClock.layer])
    return Effect.gen(function* () {
      for (let run = 0; run < 100; run++) {
        const caller = yield* started(jwt)
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(decodeJwt(yield* Fiber.join(caller)).iss, "42")
      }
    }).pipe(Effect.provide(local))
  })

  it.effect(
    "is signed before the deadline of a call begins, so that no clock that is moved meanwhile ends the call",
    () => {
      const pagination = { total: 0, currentPage: 1, pageCount: 0, nextPage: null, prevPage: null }
      const registry = HttpClient.make((request) =>
        Effect.succeed(HttpClientResponse.fromWeb(request, Response.json({ pagination, installations: [] })))
      )
      const app = IcrApp.layerWith({
        appId: "42",
        baseUrl: "http://localhost",
        privateKey: Redacted.make(privateKeyPem)
      }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, registry)))
      const page = Effect.flatMap(IcrApp, ({ installationPage }) => installationPage({ limit: 1, page: 0 }))
      return Effect.gen(function* () {
        for (let run = 0; run < 50; run++) {
          const caller = yield* started(Effect.provide(page, Layer.fresh(app)))
          yield* TestClock.adjust("1 hour")
          assert.deepStrictEqual((yield* Fiber.join(caller)).installations, [])
        }
      })
    }
  )

  it.effect("is not shared between apps", () => {
    const kms = makeKms()
    return Effect.gen(function* () {
      yield* start
      const issuers = yield* Effect.forEach(["1", "2"], (appId) =>
        Effect.flatMap(Layer.build(Layer.fresh(signerOver(kms, appId))), (context) =>
          Effect.map(Context.get(context, Signer).appJwt, (text) => decodeJwt(Redacted.value(text)).iss)
        )
      )
      assert.deepStrictEqual(issuers, ["1", "2"])
      assert.strictEqual(kms.signatures, 2)
    })
  })

  it.effect("is signed anew when the offset of the clock changes, with the registry's time in it", () => {
    const kms = makeKms()
    return Effect.gen(function* () {
      yield* start
      const before = decodeJwt(yield* jwt)
      yield* (yield* ServerClock).observe("Fri, 15 Jan 2027 10:00:00 GMT", 1_800_000_000_000, 1_800_000_000_000)
      const after = decodeJwt(yield* jwt)
      assert.closeTo((after.iat ?? 0) - (before.iat ?? 0), 7200, 1)
      assert.strictEqual(kms.signatures, 2)
      yield* jwt
      assert.strictEqual(kms.signatures, 2)
    }).pipe(Effect.provide(signerOver(kms)), Effect.provide(Logger.layer([])))
  })

  it.effect("fails with a reason when the signing service does not answer, and the next call tries again", () => {
    const kms = makeKms()
    kms.latency = 3_600_000
    return Effect.gen(function* () {
      yield* start
      const caller = yield* started(reasonOf(Effect.flatMap(Signer, ({ appJwt }) => appJwt)))
      yield* TestClock.adjust(10 * second)
      assert.strictEqual((yield* Fiber.join(caller))._tag, "Signing")
      kms.latency = 0
      yield* jwt
      assert.strictEqual(kms.signatures, 2)
    }).pipe(Effect.provide(signerOver(kms)))
  })

  const thrown: Readonly<Record<string, () => Effect.Effect<Uint8Array>>> = {
    "a defect": () => Effect.die(new Error("the secret of the KMS")),
    "a promise that rejects": () => Effect.promise(() => Promise.reject(new Error("the secret of the KMS"))),
    "an exception": () => {
      throw new Error("the secret of the KMS")
    }
  }
  for (const [name, sign] of Object.entries(thrown)) {
    it.effect(`fails with a reason that repeats nothing when the signing service ends with ${name}`, () =>
      Effect.gen(function* () {
        yield* start
        const { appJwt } = yield* Signer
        const reason = yield* reasonOf(appJwt)
        assert.strictEqual(reason._tag, "Signing")
        assert.strictEqual(reason.message, "The app JWT could not be signed: the signing service failed unexpectedly.")
      }).pipe(
        Effect.provide(Signer.layerSign(sign)),
        Effect.provide([IcrConfig.layerWith({ appId: "42", baseUrl: "http://localhost" }), ServerClock.layer])
      )
    )
  }

  for (const signature of [undefined, null, "AAAA", 7, [1, 2], {}]) {
    it.effect(`fails with a reason when what the signing service gives is no bytes: ${JSON.stringify(signature)}`, () =>
      Effect.gen(function* () {
        const { appJwt } = yield* Signer
        const { message } = yield* reasonOf(appJwt)
        assert.strictEqual(message, "The app JWT could not be signed: the signing service gave no bytes.")
      }).pipe(
        Effect.provide(Signer.layerSign(() => Effect.succeed(fromPlainJavaScript(signature)))),
        Effect.provide([IcrConfig.layerWith({ appId: "42", baseUrl: "http://localhost" }), ServerClock.layer])
      )
    )
  }
})
