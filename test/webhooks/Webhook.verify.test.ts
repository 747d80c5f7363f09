import { TokenInvalidation } from "@effect-icr/app/TokenInvalidation"
import { type VerifyOnlyOptions, Webhook } from "@effect-icr/webhooks/Webhook"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Layer, Option, Redacted, Schema } from "effect"
import { Mac, SecureRandom } from "effect/crypto"
import { execFileSync } from "node:child_process"
import { createHmac, createSecretKey, type KeyObject } from "node:crypto"
import { delivery, hmac, observed, printed, printedTransaction, secret } from "./support/deliveries.ts"

const receiver = (options: Partial<VerifyOnlyOptions> = {}) =>
  Webhook.layerVerifyOnly({ secret: Redacted.make(secret), ...options })

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

/** Where no event names a token to invalidate. */
const noTokens = Layer.mock(TokenInvalidation, {})

/** A receiver that reads this environment. */
const inEnvironment = <E>(layer: Layer.Layer<Webhook, E, TokenInvalidation>, env: Record<string, string>) =>
  layer.pipe(Layer.provide(noTokens), Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))

const verify = Effect.fnUntraced(function* (given: {
  readonly body: string | Uint8Array
  readonly signature?: string | null
}) {
  return yield* (yield* Webhook).verify({ body: given.body, signature: given.signature })
})

/** What became of a delivery: the event's name, or the kind of the refusal. */
const outcome = (given: { readonly body: string | Uint8Array; readonly signature?: string | null }) =>
  Effect.match(verify(given), { onSuccess: ({ event }) => event, onFailure: ({ kind }) => kind })

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

  it.effect("decodes the printed payload", () =>
    Effect.gen(function* () {
      const event = yield* verify(delivery(printed()))
      assert.strictEqual(event._tag, "Installed")
      if (event._tag !== "Installed") return
      assert.strictEqual(event.installation.id, "1")
      const organization = Option.getOrThrow(event.installation.organization)
      assert.strictEqual(organization.displayName, "Organization 1")
      assert.deepStrictEqual(Option.getOrThrow(event.installation.permissions), {
        organization_info: "VIEW",
        organization_inventory: "REQUEST"
      })
      assert.strictEqual(Option.getOrThrow(Option.getOrThrow(event.sender).email), "admin@example.com")
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("decodes the payload that was really seen", () =>
    Effect.gen(function* () {
      const event = yield* verify(delivery(observed))
      assert.strictEqual(event._tag, "Uninstalled")
      if (event._tag !== "Uninstalled") return
      const organization = Option.getOrThrow(event.installation.organization)
      assert.strictEqual(organization.displayName, "A Developer ehf. — Þróun 🌱")
      assert.isTrue(Option.isNone(organization.city))
      assert.deepStrictEqual(organization.organizationIndustries, [])
      assert.isTrue(Option.isNone(Option.getOrThrow(event.sender).profilePicture))
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("decodes transactions in any case, and without a transaction or a sender", () =>
    Effect.gen(function* () {
      const { transaction, ...rest } = printedTransaction("organizationTransaction")
      const loud = { ...rest, sender: null, transaction: { ...transaction, status: "PENDING_QUEUE", type: "Retire" } }
      const event = yield* verify(delivery(loud))
      if (event._tag !== "OrganizationTransaction") return assert.fail(event._tag)
      const decoded = Option.getOrThrow(event.transaction)
      assert.deepStrictEqual(
        [decoded.status, decoded.type, decoded.amount],
        [Option.some("pending_queue"), Option.some("retire"), Option.some(1.5)]
      )
      assert.isTrue(Option.isNone(event.sender))
      const bare = yield* verify(delivery({ ...rest, sender: undefined }))
      assert.isTrue(bare._tag === "OrganizationTransaction" && Option.isNone(bare.transaction))
      const novel = yield* verify(delivery({ ...loud, transaction: { ...transaction, status: "Frozen" } }))
      assert.isTrue(
        novel._tag === "OrganizationTransaction" &&
          Option.contains(Option.getOrThrow(novel.transaction).status.pipe(Option.map(String)), "Frozen")
      )
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("loses no event over a part it can do without", () =>
    Effect.gen(function* () {
      const whole = printedTransaction()
      const { installation } = whole
      const { organization } = installation
      const of = Effect.fnUntraced(function* (payload: object) {
        const event = yield* verify(delivery(payload))
        return event._tag === "WarehouseTransaction" ? event : yield* Effect.die(`it became ${event._tag}`)
      })
      for (const sender of ["", [], {}, 7, { id: 7 }, { id: {}, email: 1 }]) yield* of({ ...whole, sender })
      for (const transaction of ["", [], {}, { status: "processed" }]) {
        assert.isTrue(Option.isNone((yield* of({ ...whole, transaction })).transaction))
      }
      for (const more of [
        { createdAt: "" },
        { updatedAt: 7 },
        { appId: 7 },
        { appNameId: [] },
        { permissions: { organization_info: 7 } },
        { permissions: "" },
        { permissions: [] },
        { organization: "" },
        { organization: {} },
        ...[{ id: 7 }, { isPublic: "true" }, { organizationIndustries: ["x", 7, { code: 1 }] }, { type: 1 }].map(
          (more) => ({
            organization: { ...organization, ...more }
          })
        )
      ]) {
        assert.strictEqual((yield* of({ ...whole, installation: { ...installation, ...more } })).installation.id, "1")
      }
      const event = yield* of({
        ...whole,
        sender: { id: 7, email: 1 },
        installation: { ...installation, id: 12, appId: 8, organization: { ...organization, id: 9, isPublic: "true" } },
        transaction: { ...whole.transaction, id: 10, amount: "1.5", status: 1 }
      })
      assert.strictEqual(event.installation.id, "12")
      assert.deepStrictEqual(event.installation.appId, Option.some("8"))
      const kept = yield* Effect.fromOption(event.installation.organization)
      assert.deepStrictEqual([kept.id, kept.isPublic, kept.displayName], ["9", Option.none(), "Organization 1"])
      const { amount, id, status } = yield* Effect.fromOption(event.transaction)
      assert.deepStrictEqual([id, amount, status], ["10", Option.some(1.5), Option.none()])
      const { email, id: by } = yield* Effect.fromOption(event.sender)
      assert.deepStrictEqual([by, email], [Option.some("7"), Option.none()])
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("keeps an event it does not know as it came", () =>
    Effect.gen(function* () {
      const payload = { event: "creditsFrozen", installation: 7, extra: { deep: [1, null] } }
      const event = yield* verify(delivery(payload))
      assert.strictEqual(event._tag, "Unknown")
      assert.deepStrictEqual(event._tag === "Unknown" && event.payload, payload)
    }).pipe(Effect.provide(receiver()))
  )

  it.effect("reads the signed text and nothing else of the body", () =>
    Effect.gen(function* () {
      const given = delivery(printed("suspended"), { outer: { ...printed("installed"), event: "installed" } })
      assert.strictEqual(yield* outcome(given), "suspended")
      const bytes = new TextEncoder().encode(given.body)
      assert.strictEqual(yield* outcome({ ...given, body: bytes }), "suspended")
      // Nothing but `signedData` is needed.
      assert.strictEqual(
        yield* outcome({ ...given, body: JSON.stringify({ signedData: given.signedData }) }),
        "suspended"
      )
    }).pipe(Effect.provide(receiver()))
  )

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

  it.effect("says where a signed event is wrong, without its values", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(verify(delivery({ event: "installed", installation: { id: "hidden/value" } })))
      assert.include(error.message, "installation.id")
      assert.notInclude(error.message, "hidden/value")
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

  it.effect("is not built without a secret, or with an empty one", () =>
    Effect.gen(function* () {
      const good = Redacted.make("good")
      for (const secret of [[], Redacted.make(""), Redacted.make(" \n"), [good, Redacted.make("")]]) {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(receiver({ secret }))))
        assert.strictEqual(error.reason._tag, "Configuration")
        assert.match(error.message, /^secret: /)
      }
    })
  )

  const inEnv = { ICR_WEBHOOK_SECRET: "from the environment", MY_SECRET: "of another name" }
  for (const [name, layer, key] of [
    ["layer", Webhook.layer, "from the environment"],
    ["layerWith, where no secret is given", Webhook.layerWith({ maxBodyBytes: 10_000 }), "from the environment"],
    ["layerWith", Webhook.layerWith({ secret: Redacted.make("given") }), "given"],
    ["layerConfig", Webhook.layerConfig({ secret: Config.Redacted("MY_SECRET") }), "of another name"],
    ["layerConfig, where no secret is given", Webhook.layerConfig({}), "from the environment"]
  ] as const) {
    it.effect(`takes no other secret than its own: Webhook.${name}`, () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* outcome(delivery(printed(), { key })), "installed")
        assert.strictEqual(yield* outcome(delivery(printed(), { key: "another" })), "signatureMismatch")
      }).pipe(Effect.provide(inEnvironment(layer, inEnv)))
    )
  }

  it.effect("takes its secret and the one before it from the environment, which need not know the app", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* outcome(delivery(printed(), { key: "new" })), "installed")
      assert.strictEqual(yield* outcome(delivery(printed(), { key: "old" })), "installed")
      assert.strictEqual(yield* outcome(delivery(printed(), { key: "older" })), "signatureMismatch")
    }).pipe(
      Effect.provide(inEnvironment(Webhook.layer, { ICR_WEBHOOK_SECRET: "new", ICR_WEBHOOK_SECRET_PREVIOUS: "old" }))
    )
  )

  for (const [name, env, variable] of [
    ["no secret", {}, "ICR_WEBHOOK_SECRET"],
    ["a secret of no text", { ICR_WEBHOOK_SECRET: "" }, "ICR_WEBHOOK_SECRET"],
    ["a blank secret", { ICR_WEBHOOK_SECRET: " " }, "ICR_WEBHOOK_SECRET"],
    [
      "a blank previous secret",
      { ICR_WEBHOOK_SECRET: "the-secret", ICR_WEBHOOK_SECRET_PREVIOUS: " " },
      "ICR_WEBHOOK_SECRET_PREVIOUS"
    ],
    ["a previous secret alone", { ICR_WEBHOOK_SECRET_PREVIOUS: "the-secret" }, "ICR_WEBHOOK_SECRET_PREVIOUS"]
  ] as const) {
    it.effect(`is not built over ${name} in the environment: the error names ${variable} and shows no secret`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(inEnvironment(Webhook.layer, env))))
        assert.strictEqual(error.reason._tag, "Configuration")
        assert.isTrue(error.message.startsWith(`${variable}: `), error.message)
        assert.notInclude(error.message, "the-secret")
      })
    )
  }
})
