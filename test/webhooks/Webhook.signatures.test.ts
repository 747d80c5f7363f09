/** Which signatures are good: each cause of a refusal, and no changed byte or bit passes. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema } from "effect"
import { Mac, SecureRandom } from "effect/crypto"
import { execFileSync } from "node:child_process"
import { createHmac, createSecretKey, type KeyObject } from "node:crypto"
import { delivery, hmac, observed, printed, printedTransaction, secret } from "./support/deliveries.ts"
import { outcome, receiver, verify } from "./support/receiver.ts"

/** As the README shows it. */
const preparedKeys = Layer.unwrap(
  Effect.sync(() => {
    const prepared = new WeakMap<Uint8Array, KeyObject>()
    return Mac.layerWebCryptoWith({
      hmac: (hash, bytes, data) => {
        const key = prepared.get(bytes) ?? createSecretKey(bytes)
        prepared.set(bytes, key)
        return createHmac(hash.replace("-", ""), key).update(data).digest()
      }
    })
  })
).pipe(Layer.provide(SecureRandom.layerWebCrypto))

/** The command in the documents' own terms: a digest over the text of `signedData`, keyed with the secret as text. */
const openssl = (text: string, key: string) =>
  `sha256=${execFileSync("openssl", ["dgst", "-sha256", "-hmac", key, "-hex"], { input: text }).toString().trim().split("= ").at(-1)}`

describe("Webhook.verify", () => {
  for (const [name, mac] of [
    ["WebCrypto", Layer.empty],
    ["node:crypto", NodeCrypto.layerMac],
    ["node:crypto, each secret prepared once", preparedKeys]
  ] as const) {
    it.effect(`agrees with openssl, computing with ${name}`, () =>
      Effect.gen(function* () {
        for (const key of [secret, "kurz", "þykkt 🔑 lyklaborð", "k".repeat(200)]) {
          for (const payload of [printed(), printedTransaction(), observed]) {
            const { body, signedData } = delivery(payload)
            const signature = openssl(signedData, key)
            const event = yield* verify({ body, signature }).pipe(
              Effect.provide(receiver({ secret: Redacted.make(key) }).pipe(Layer.provide(mac)))
            )
            assert.strictEqual(event.event, payload.event)
          }
        }
      })
    )
  }

  it.effect("accepts each of several secrets, and no other", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* outcome(delivery(printed(), { key: "new" })), "installed")
      assert.strictEqual(yield* outcome(delivery(printed(), { key: "old" })), "installed")
      assert.strictEqual(yield* outcome(delivery(printed(), { key: "older" })), "signatureMismatch")
    }).pipe(Effect.provide(receiver({ secret: [Redacted.make("new"), Redacted.make("old")] })))
  )

  it.effect("gives each cause its own kind and status", () =>
    Effect.gen(function* () {
      const good = delivery(printed())
      const digest = good.signature.slice("sha256=".length)
      const signed = (text: string | Uint8Array) => {
        const signedData = Buffer.from(text).toString("base64")
        return { body: JSON.stringify({ signedData }), signature: hmac(signedData) }
      }
      const cases: ReadonlyArray<
        readonly [string, number, { readonly body: string | Uint8Array; readonly signature?: string | null }]
      > = [
        ["signatureMissing", 403, { body: good.body }],
        ["signatureMissing", 403, { body: good.body, signature: null }],
        ["signatureMissing", 403, { body: good.body, signature: "" }],
        ["signaturePrefix", 403, { ...good, signature: digest }],
        ["signaturePrefix", 403, { ...good, signature: `sha1=${digest}` }],
        ["signaturePrefix", 403, { ...good, signature: `SHA256=${digest}` }],
        ["signatureJunk", 403, { ...good, signature: ` ${good.signature}` }],
        ["signatureJunk", 403, { ...good, signature: `${good.signature} ` }],
        ["signatureJunk", 403, { ...good, signature: `${good.signature}, ${good.signature}` }],
        ["signatureJunk", 403, { ...good, signature: `"${good.signature}"` }],
        ["signatureJunk", 403, { ...good, signature: `sha256= ${digest}` }],
        ["signatureNotHex", 403, { ...good, signature: `sha256=${digest.slice(0, 62)}zz` }],
        ["signatureNotHex", 403, { ...good, signature: good.signature.toUpperCase().replace("SHA", "sha") }],
        ["signatureNotHex", 403, { ...good, signature: `sha256=${digest.slice(0, 10)}--${digest.slice(12)}` }],
        ["signatureOdd", 403, { ...good, signature: good.signature.slice(0, -1) }],
        ["signatureLength", 403, { ...good, signature: good.signature.slice(0, -2) }],
        ["signatureLength", 403, { ...good, signature: `${good.signature}00` }],
        ["signatureLength", 403, { ...good, signature: "sha256=" }],
        ["signatureMismatch", 403, { ...good, signature: hmac(good.body) }],
        ["signatureMismatch", 403, { ...good, signature: hmac(JSON.stringify(printed())) }],
        ["bodyBom", 400, { ...good, body: `\uFEFF${good.body}` }],
        ["bodyBom", 400, { ...good, body: Buffer.from(`\uFEFF${good.body}`) }],
        ["bodyNotUtf8", 400, { ...good, body: Buffer.from([0x7b, 0xff, 0x7d]) }],
        ["bodyNotJson", 400, { ...good, body: "" }],
        ["bodyNotJson", 400, { ...good, body: `${good.body}x` }],
        ["signedDataMissing", 400, { ...good, body: JSON.stringify(printed()) }],
        ["signedDataMissing", 400, { ...good, body: "[]" }],
        ["signedDataMissing", 400, { ...good, body: "null" }],
        ["signedDataMissing", 400, { ...good, body: '{"signedData":["x"]}' }],
        ["signedDataMissing", 400, { ...good, body: '{"signedData":""}' }],
        ["signedDataNotBase64", 400, { body: '{"signedData":"%%%%"}', signature: hmac("%%%%") }],
        ["signedDataNotBase64", 400, { body: '{"signedData":"e30"}', signature: hmac("e30") }],
        ["signedDataBom", 400, signed(`\uFEFF${JSON.stringify(printed())}`)],
        ["signedDataNotUtf8", 400, signed(Buffer.from([0x22, 0xc3, 0x28, 0x22]))],
        ["signedDataNotJson", 400, signed("installed")],
        ["unknownShape", 400, signed("[]")],
        ["unknownShape", 400, signed("{}")],
        ["unknownShape", 400, signed('{"event":"installed"}')],
        ["unknownShape", 400, signed('{"event":"installed","installation":{"id":".."}}')],
        ["bodyTooLarge", 413, { ...good, body: good.body + " ".repeat(1024 * 1024) }],
        ["bodyTooLarge", 413, { ...good, body: "þ".repeat(600_000) }]
      ]
      for (const [kind, status, given] of cases) {
        const error = yield* Effect.flip(verify(given))
        assert.deepStrictEqual([error.kind, error.status], [kind, status])
        assert.isFalse(error.message.includes(secret))
        assert.isFalse(error.message.includes(digest.slice(0, 16)))
      }
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("caps the body where it was told to", () =>
    Effect.gen(function* () {
      const given = delivery(printed())
      assert.strictEqual(
        yield* outcome(given).pipe(Effect.provide(receiver({ maxBodyBytes: given.body.length }))),
        "installed"
      )
      const over = receiver({ maxBodyBytes: given.body.length - 1 })
      assert.strictEqual(yield* outcome(given).pipe(Effect.provide(over)), "bodyTooLarge")
    })
  )

  const good = delivery(observed)

  const Place = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: good.signedData.length - 1 }))

  const Digit = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: good.signature.length - 1 }))

  const Other = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 255 }))

  it.effect.prop(
    "lets no single changed byte of signedData or signature pass",
    { place: Place, digit: Digit, by: Other },
    Effect.fn(function* ({ by, digit, place }) {
      const bytes = Buffer.from(good.body)
      const at = good.body.indexOf(good.signedData)
      // In bytes: the outer body repeats names that are not ASCII.
      const offset = Buffer.byteLength(good.body.slice(0, at)) + place
      bytes[offset] = (bytes[offset] ?? 0) ^ by
      const changedBody = yield* outcome({ body: bytes, signature: good.signature })
      assert.include(["signatureMismatch", "bodyNotJson", "bodyNotUtf8"], changedBody)

      const header = Buffer.from(good.signature, "latin1")
      header[digit] = (header[digit] ?? 0) ^ by
      const changedSignature = yield* outcome({ body: good.body, signature: header.toString("latin1") })
      assert.match(changedSignature, /^signature/)
      assert.strictEqual(yield* outcome(good), "uninstalled")
    }, Effect.provide(receiver())),
    { arbitrary: { runs: 400 } }
  )

  it.effect("lets none of all the single-bit changes pass", () =>
    Effect.gen(function* () {
      const text = Buffer.from(good.signedData)
      for (let at = 0; at < text.length; at++) {
        const changed = Buffer.from(text)
        changed[at] = (changed[at] ?? 0) ^ (1 << (at % 7))
        const body = JSON.stringify({ signedData: changed.toString("latin1") })
        assert.strictEqual(yield* outcome({ body, signature: good.signature }), "signatureMismatch")
      }
      for (let at = 0; at < good.signature.length * 8; at++) {
        const changed = Buffer.from(good.signature)
        changed[at >> 3] = (changed[at >> 3] ?? 0) ^ (1 << (at & 7))
        assert.match(yield* outcome({ body: good.body, signature: changed.toString("latin1") }), /^signature/)
      }
    }).pipe(Effect.provide(receiver().pipe(Layer.provide(NodeCrypto.layerMac))))
  )
})
