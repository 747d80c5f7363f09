/** Row 6: a webhook delivery, verified, and decoded. */
import { Webhook } from "@effect-icr/webhooks/Webhook"
import { verify as octokitVerify } from "@octokit/webhooks-methods"
import { Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { Mac, SecureRandom } from "effect/crypto"
import { type KeyObject, createHmac, createSecretKey, timingSafeEqual } from "node:crypto"
import { Webhook as StandardWebhook } from "standardwebhooks"
import { printed, secret } from "../../webhooks/support/deliveries.ts"
import type { Row } from "../rows.ts"
import { beside, type Finding } from "../support/finding.ts"
import { repeatAsync, repeatEffect, repeatSync } from "../support/loop.ts"
import { compare } from "../support/measure.ts"

/** Node's own HMAC under Effect's `Mac`, with each secret prepared once: the recipe of the package's README. */
const native = Layer.unwrap(
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

const hmac = (text: string) => createHmac("sha256", secret).update(text).digest()

/** An event whose signed text has so many bytes; what makes it longer is a field that nobody knows. */
const signedText = (bytes: number) => {
  const event = { ...printed(), note: "" }
  const room = Math.floor((bytes * 3) / 4) - JSON.stringify(event).length
  return Buffer.from(JSON.stringify({ ...event, note: "x".repeat(Math.max(0, room)) })).toString("base64")
}

/** The envelope, its signed field, and the event in it, as the protocol wants it read. */
const readByHand = (body: string): unknown => {
  const { signedData } = JSON.parse(body)
  return JSON.parse(Buffer.from(signedData, "base64").toString())
}

const must = (isSo: boolean) => {
  if (!isSo) throw new Error("a good signature was refused")
}

const receiver = (mac: typeof native | undefined) => {
  const layer = Webhook.layerVerifyOnly({ secret: Redacted.make(secret) })
  return ManagedRuntime.make(mac === undefined ? layer : Layer.provide(layer, mac)).runPromise(Webhook)
}

export const run: Row["run"] = async (effort) => {
  const findings: Array<Finding> = []
  const onNode = await receiver(native)
  const anywhere = await receiver(undefined)
  const mac = await ManagedRuntime.make(native).runPromise(Mac.Mac)
  const key = await Effect.runPromise(Mac.key(Mac.hmacSha256, new TextEncoder().encode(secret)))
  const utf8 = new TextEncoder()

  for (const [size, bytes] of [
    ["1 KiB", 1024],
    ["25 KiB", 25_600]
  ] as const) {
    const text = signedText(bytes)
    const digest = new Uint8Array(hmac(text))
    const signature = `sha256=${hmac(text).toString("hex")}`
    const body = JSON.stringify({ signedData: text })
    const standard = new StandardWebhook(secret, { format: "raw" })
    const headers = {
      "webhook-id": "msg_1",
      "webhook-timestamp": String(Math.floor(Date.now() / 1000)),
      "webhook-signature": standard.sign("msg_1", new Date(), body)
    }

    const verifying = await compare(
      [
        {
          name: "ours",
          run: (operations) =>
            Effect.runPromise(
              repeatEffect(1, operations, () => Effect.map(mac.verify(key, digest, utf8.encode(text)), must))
            )
        },
        {
          name: "a bare HMAC of node:crypto",
          run: repeatSync(() => must(timingSafeEqual(hmac(text), digest)))
        },
        {
          name: "@octokit/webhooks-methods",
          run: repeatAsync(1, async () => must(await octokitVerify(secret, text, signature)))
        }
      ],
      { ...effort, by: "processor" }
    )
    const work = `verify ${size}`
    findings.push(
      beside({ row: 6, work, target: { atMost: 1.5 } }, verifying, "ours", "a bare HMAC of node:crypto"),
      beside({ row: 6, work }, verifying, "ours", "@octokit/webhooks-methods")
    )

    const decoding = await compare(
      [
        {
          name: "ours",
          run: (operations) => Effect.runPromise(repeatEffect(1, operations, () => onNode.verify({ body, signature })))
        },
        {
          name: "ours through WebCrypto",
          run: (operations) =>
            Effect.runPromise(repeatEffect(1, operations, () => anywhere.verify({ body, signature })))
        },
        {
          name: "HMAC and `JSON.parse` by hand, no checks",
          run: repeatSync(() => {
            must(timingSafeEqual(hmac(text), Buffer.from(signature.slice(7), "hex")))
            return readByHand(body)
          })
        },
        {
          name: "@octokit/webhooks-methods and `JSON.parse`, no checks",
          run: repeatAsync(1, async () => {
            must(await octokitVerify(secret, text, signature))
            return readByHand(body)
          })
        },
        { name: "standardwebhooks, no checks", run: repeatSync(() => standard.verify(body, headers)) }
      ],
      { ...effort, by: "processor" }
    )
    const whole = `verify and decode ${size}`
    for (const peer of [...decoding.keys()].slice(2)) {
      findings.push(beside({ row: 6, work: whole }, decoding, "ours", peer))
    }
    findings.push(
      beside(
        { row: 6, work: `${whole}, ours through WebCrypto` },
        decoding,
        "ours through WebCrypto",
        "HMAC and `JSON.parse` by hand, no checks"
      )
    )
  }
  return findings
}
