import { TokenInvalidation } from "@effect-icr/app/TokenInvalidation"
import { type Delivery, Webhook } from "@effect-icr/webhooks/Webhook"
import { WebhookError } from "@effect-icr/webhooks/WebhookError"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Option, Redacted, Stream } from "effect"
import { runInNewContext } from "node:vm"
import { delivery, post, printed, secret } from "./support/deliveries.ts"

const receiver = Webhook.layerVerifyOnly({ secret: Redacted.make(secret), maxBodyBytes: 10_000 })
const good = delivery(printed())
const utf8 = new TextEncoder()

/** What became of a value from plain JavaScript, whatever its type: the event, the kind of the refusal, or a defect. */
const verified = Effect.fnUntraced(function* (given: unknown) {
  const { verify } = yield* Webhook
  const exit = yield* Effect.exit(verify(given as Delivery))
  if (Exit.isSuccess(exit)) return exit.value.event
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  return error instanceof WebhookError ? error.kind : `defect: ${Cause.pretty(exit.cause)}`
})

const bodies: ReadonlyArray<readonly [string, unknown, string]> = [
  ["undefined, as when it was read before", undefined, "bodyNotText"],
  ["null, as a gateway gives it for no body", null, "bodyNotText"],
  ["a number", 7, "bodyNotText"],
  ["parsed already", JSON.parse(good.body), "bodyNotText"],
  ["a Buffer that went through JSON", JSON.parse(JSON.stringify(Buffer.from(good.body))), "bodyNotText"],
  ["a promise that nobody awaited", Promise.resolve(good.body), "bodyNotText"],
  ["an ArrayBuffer", utf8.encode(good.body).buffer, "installed"],
  ["an ArrayBuffer beyond the limit", new ArrayBuffer(10_001), "bodyTooLarge"],
  [
    "bytes of another realm, as under jsdom",
    runInNewContext("Uint8Array.from(b)", { b: [...utf8.encode(good.body)] }),
    "installed"
  ],
  ["a view of wider numbers, beyond the limit", new Uint32Array(2501), "bodyTooLarge"],
  ["a Node Buffer", Buffer.from(good.body), "installed"],
  ["stringified again", JSON.stringify(JSON.parse(good.body), null, 2), "installed"],
  ["base64, as API Gateway gives it", Buffer.from(good.body).toString("base64"), "bodyBase64"],
  ["base64 in lines", Buffer.from(good.body).toString("base64").replaceAll(/.{76}/g, "$&\r\n"), "bodyBase64"],
  ["base64 as bytes", Buffer.from(Buffer.from(good.body).toString("base64")), "bodyBase64"],
  ["base64 in quotes", JSON.stringify(Buffer.from(good.body).toString("base64")), "bodyBase64"],
  ["base64 of something else", Buffer.from("installed").toString("base64"), "bodyNotJson"],
  ["a form", `payload=${encodeURIComponent(good.body)}`, "bodyNotJson"],
  ["wrapped by a gateway", JSON.stringify({ body: good.body }), "signedDataMissing"]
]

const signatures: ReadonlyArray<readonly [string, unknown, string]> = [
  ["a list of one", [good.signature], "signatureNotText"],
  ["a list of two", [good.signature, good.signature], "signatureNotText"],
  ["a number", 7, "signatureNotText"],
  ["an object", {}, "signatureNotText"],
  ["null", null, "signatureMissing"],
  ["undefined", undefined, "signatureMissing"]
]

describe("Webhook.verify, given what plain JavaScript and gateways hand over", () => {
  for (const [name, body, expected] of bodies) {
    it.effect(`a body that is ${name}: ${expected}`, () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* verified({ body, signature: good.signature }), expected)
      }).pipe(Effect.provide(receiver))
    )
  }

  for (const [name, signature, expected] of signatures) {
    it.effect(`a signature that is ${name}: ${expected}`, () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* verified({ body: good.body, signature }), expected)
      }).pipe(Effect.provide(receiver))
    )
  }

  it.effect("a delivery that is no object, or has neither a body nor a signature: signatureMissing", () =>
    Effect.gen(function* () {
      for (const given of [undefined, null, 7, "text", {}, []]) {
        assert.strictEqual(yield* verified(given), "signatureMissing")
      }
    }).pipe(Effect.provide(receiver))
  )

  it.effect("the double refuses the same bodies", () =>
    Effect.gen(function* () {
      for (const body of [undefined, null, 7, {}]) {
        assert.strictEqual(yield* verified({ body, signature: undefined }), "bodyNotText")
      }
      assert.strictEqual(yield* verified(undefined), "bodyNotText")
    }).pipe(Effect.provide(Webhook.layerTest(Stream.empty)))
  )
})

describe("Webhook.handler, given what is no good request", () => {
  const streaming = (source: UnderlyingDefaultSource<Uint8Array<ArrayBuffer>>) => {
    const headers = { "x-icr-signature-256": good.signature }
    const init = { method: "POST", headers, body: new ReadableStream(source), duplex: "half" }
    return new Request("http://receiver.test", init)
  }
  const stream = (chunk: unknown) =>
    streaming({
      start: (controller) => {
        controller.enqueue(chunk as Uint8Array<ArrayBuffer>)
        controller.close()
      }
    })
  const failing = () => streaming({ pull: (controller) => controller.error(new Error("reset")) })
  const locked = () => {
    const request = post(good)
    request.body?.getReader()
    return request
  }
  for (const [name, make, expected] of [
    ["no body", () => new Request("http://receiver.test", { method: "POST" }), [400, "bodyCut"]],
    ["an empty body", () => post({ ...good, body: "" }), [400, "bodyNotJson"]],
    ["a body in base64", () => post({ ...good, body: Buffer.from(good.body).toString("base64") }), [400, "bodyBase64"]],
    [
      "two signatures",
      () => {
        const request = post(good)
        request.headers.append("x-icr-signature-256", good.signature)
        return request
      },
      [403, "signatureJunk"]
    ],
    ["a body that fails", failing, [400, "bodyCut"]],
    ["a body that somebody else reads", locked, [400, "bodyCut"]],
    ["a body of texts", () => stream(good.body), [400, "bodyCut"]],
    ["a body of nothing", () => stream(undefined), [400, "bodyCut"]],
    [
      "a request of Node, not of the web",
      () => ({ method: "POST", url: "/", headers: { a: "b" } }),
      [400, "notRequest"]
    ],
    ["an event of Lambda", () => ({ body: good.body, isBase64Encoded: false }), [400, "notRequest"]],
    ["nothing", () => undefined, [400, "notRequest"]],
    ["null", () => null, [400, "notRequest"]]
  ] as const) {
    it.effect(`fetch answers ${name} with ${expected.join(" ")}`, () =>
      Effect.gen(function* () {
        const { fetch } = yield* (yield* Webhook).handler()
        const response = yield* Effect.promise(() => fetch(make() as Request))
        assert.deepStrictEqual([response.status, yield* Effect.promise(() => response.text())], [...expected])
      }).pipe(Effect.provide(receiver))
    )
  }

  it.effect("answers 503 when invalidating the token dies", () =>
    Effect.gen(function* () {
      const { fetch } = yield* (yield* Webhook).handler()
      const answer = yield* Effect.promise(() => fetch(post(delivery(printed("suspended")))))
      assert.strictEqual(answer.status, 503)
    }).pipe(
      Effect.provide(
        Webhook.layerWith({ secret: Redacted.make(secret) }).pipe(
          Layer.provide(
            Layer.succeed(TokenInvalidation, { invalidateInstallationToken: () => Effect.die(new Error("a bug")) })
          )
        )
      )
    )
  )
})
