import { Simulator } from "@effect-icr/simulator/Simulator"
import type { Delivery } from "@effect-icr/simulator/Webhooks"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { createHmac } from "node:crypto"
import { receiver } from "./support/receiver.ts"

const sign = (text: string, secret: Redacted.Redacted<string>) =>
  `sha256=${createHmac("sha256", Redacted.value(secret)).update(text).digest("hex")}`

const Body = Schema.fromJsonString(
  Schema.StructWithRest(Schema.Struct({ event: Schema.String, signedData: Schema.String }), [
    Schema.Record(Schema.String, Schema.Unknown)
  ])
)
const Json = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
const decodeBody = Schema.decodeEffect(Body)
const decodeSigned = (signedData: string) =>
  Schema.decodeEffect(Json)(Buffer.from(signedData, "base64").toString("utf8"))

const first = Effect.flatMap(Simulator, ({ installationIds }) => Effect.map(installationIds, ([id = ""]) => id))

describe("deliveries", () => {
  it.effect("take the status of an answer whose body breaks off, and follow no redirect", () =>
    Effect.gen(function* () {
      const { control } = yield* Simulator
      const id = yield* first
      const broken = () => new ReadableStream({ start: (controller) => controller.error(new Error("reset")) })
      yield* control.webhooks.setTarget(async () => new Response(broken(), { status: 202 }))
      assert.strictEqual((yield* control.webhooks.send(id, "installed")).status, 202)
      let calls = 0
      yield* control.webhooks.setTarget(async () => {
        calls++
        return new Response(null, { status: 307, headers: { location: "http://receiver.test/elsewhere" } })
      })
      assert.strictEqual((yield* control.webhooks.send(id, "installed")).status, 307)
      assert.strictEqual(calls, 1)
    }).pipe(Effect.provide(Simulator.layer))
  )

  it.effect("stay cleared when they were under way", () =>
    Effect.gen(function* () {
      const { control } = yield* Simulator
      const id = yield* first
      const arrived = yield* Deferred.make<void>()
      let answer = (_: Response): void => {}
      const answered = new Promise<Response>((resolve) => {
        answer = resolve
      })
      yield* control.webhooks.setTarget(() => {
        Deferred.doneUnsafe(arrived, Effect.void)
        return answered
      })
      const sending = yield* Effect.forkChild(control.webhooks.send(id, "installed"))
      yield* Deferred.await(arrived)
      yield* control.reset
      answer(new Response(null, { status: 202 }))
      assert.strictEqual((yield* Fiber.join(sending)).status, 202)
      assert.deepStrictEqual(yield* control.webhooks.deliveries, [])
    }).pipe(Effect.provide(Simulator.layer))
  )

  it.effect("tell about every control action, once, signed over the text of signedData", () =>
    Effect.gen(function* () {
      const { app, control } = yield* Simulator
      const { receive, seen } = receiver()
      yield* control.webhooks.setTarget(receive)
      const { id } = yield* control.install()
      yield* control.suspend(id)
      yield* control.suspend(id)
      yield* control.unsuspend(id)
      yield* control.requestPermissions({ organization_info: "VIEW" })
      yield* control.rejectPermissions(id)
      yield* control.requestPermissions({ organization_info: "VIEW" })
      yield* control.approvePermissions(id)
      yield* control.uninstall(id)
      yield* control.webhooks.settled
      const events: Array<string> = []
      for (const { body, signature, type } of seen) {
        const { event, signedData, ...rest } = yield* decodeBody(body)
        events.push(event)
        assert.strictEqual(type, "application/json")
        assert.strictEqual(signature, sign(signedData, app.webhookSecret))
        // The printed sample: the signed text repeats the object beside it, and has an empty `state` besides.
        assert.deepStrictEqual(yield* decodeSigned(signedData), { event, ...rest, state: "" })
        assert.deepStrictEqual(Object.keys(Object(Object(rest["installation"])["organization"])), ["id", "name", "url"])
      }
      assert.deepStrictEqual(events, ["installed", "suspended", "unsuspended", "newPermissionsAccepted", "uninstalled"])
      const kept = yield* control.webhooks.deliveries
      assert.deepStrictEqual(
        kept.map(({ event, status }) => [event, status]),
        events.map((event) => [event, 202])
      )
    }).pipe(Effect.provide(Simulator.layer))
  )

  it.effect("look as they were really seen where the simulator is told so", () =>
    Effect.gen(function* () {
      const { control } = yield* Simulator
      const { receive, seen } = receiver()
      yield* control.webhooks.setTarget(receive)
      yield* control.uninstall(yield* first)
      yield* control.webhooks.settled
      const { installation, sender, signedData } = yield* decodeBody(seen[0]?.body ?? "")
      const { organization, accessTokensUrl } = Object(installation)
      assert.match(String(accessTokensUrl), /^undefined\/app\/installations\//)
      assert.match(String(Object(organization)["url"]), /^undefined\/organizations\//)
      assert.strictEqual(Object(organization)["organizationIndustries"], null)
      assert.strictEqual(Object(organization)["city"], "")
      assert.isString(Object(organization)["fullName"])
      assert.isUndefined(Object(organization)["name"])
      assert.strictEqual(Object(sender)["profilePicture"], null)
      const lengths = Object.keys(Object(organization)).map((key) => key.length)
      assert.deepStrictEqual(
        lengths,
        lengths.toSorted((a, b) => a - b)
      )
      assert.isUndefined((yield* decodeSigned(signedData))["state"])
    }).pipe(Effect.provide(Simulator.layerWith({ profile: "observed" })))
  )

  it.effect("tell about transactions, with a sender left out", () =>
    Effect.gen(function* () {
      const { control } = yield* Simulator
      const { receive, seen } = receiver()
      yield* control.webhooks.setTarget(receive)
      const one = yield* control.webhooks.transaction(yield* first, { amount: 13.5 })
      const other = yield* control.webhooks.transaction(yield* first, { of: "organization", status: "failed" })
      assert.deepStrictEqual([one.event, other.event], ["warehouseTransaction", "organizationTransaction"])
      const bodies = yield* Effect.forEach(seen, ({ body }) => decodeBody(body))
      const transactions = bodies.map(({ transaction }) => Object(transaction))
      assert.deepStrictEqual(
        transactions.map(({ amount, status, type }) => [amount, status, type]),
        [
          [13.5, "processed", "transfer"],
          [1, "failed", "transfer"]
        ]
      )
      assert.notStrictEqual(transactions[0].id, transactions[1].id)
      assert.isFalse(bodies.some((body) => "sender" in body))
    }).pipe(Effect.provide(Simulator.layer))
  )

  it.effect("can be repeated, tampered with, signed with the old secret or not at all", () =>
    Effect.gen(function* () {
      const { app, control } = yield* Simulator
      const { receive, seen } = receiver()
      yield* control.webhooks.setTarget(receive)
      const honest = yield* control.webhooks.send(yield* first, "installed")
      const fresh = yield* control.webhooks.rotateSecret()
      const { signedData } = yield* decodeBody(honest.body)
      const again = (tampering?: Parameters<typeof control.webhooks.redeliver>[1]) =>
        control.webhooks.redeliver(honest.number, tampering)
      const dataOf = (delivery: Delivery) => Effect.map(decodeBody(delivery.body), ({ signedData }) => signedData)

      const repeated = yield* again()
      assert.strictEqual(repeated.repeats, honest.number)
      assert.strictEqual(yield* dataOf(repeated), signedData)
      assert.strictEqual(repeated.signature, sign(signedData, fresh))
      assert.strictEqual((yield* again({ secret: "previous" })).signature, sign(signedData, app.webhookSecret))
      assert.strictEqual((yield* again({ secret: "none" })).signature, null)

      const signature = yield* again({ tamper: "signature" })
      assert.notStrictEqual(signature.signature, sign(signedData, fresh))
      assert.strictEqual(signature.signature?.length, sign(signedData, fresh).length)
      const data = yield* again({ tamper: "signedData" })
      assert.notStrictEqual(yield* dataOf(data), signedData)
      assert.strictEqual(data.signature, sign(signedData, fresh))
      const outer = yield* again({ tamper: "outer" })
      assert.strictEqual((yield* decodeBody(outer.body)).event, "tampered")
      assert.strictEqual(yield* dataOf(outer), signedData)

      yield* control.webhooks.removeSecret()
      assert.strictEqual((yield* again()).signature, null)
      assert.strictEqual(seen.at(-1)?.signature, null)
      yield* Effect.flip(control.webhooks.redeliver(999))
    }).pipe(Effect.provide(Simulator.layer))
  )

  it.effect("are sent once and record what became of them", () =>
    Effect.gen(function* () {
      const { control } = yield* Simulator
      const { receive, seen } = receiver(500)
      yield* Effect.flip(control.webhooks.send(yield* first, "installed"))
      yield* control.webhooks.setTarget(receive)
      assert.strictEqual((yield* control.webhooks.send(yield* first, "installed")).status, 500)
      assert.strictEqual(seen.length, 1)
      yield* control.webhooks.setTarget(() => Promise.reject(new Error("connection refused")))
      const lost = yield* control.webhooks.send(yield* first, "installed")
      assert.isNull(lost.status)
      assert.include(lost.failure ?? "", "connection refused")
      yield* control.webhooks.setTarget(() => new Promise(() => {}))
      const waiting = yield* Effect.forkChild(control.webhooks.send(yield* first, "installed"), {
        startImmediately: true
      })
      yield* TestClock.adjust("10 seconds")
      assert.include((yield* Fiber.join(waiting)).failure ?? "", "10 seconds")
      yield* control.reset
      assert.deepStrictEqual(yield* control.webhooks.deliveries, [])
    }).pipe(Effect.provide(Simulator.layer))
  )

  it.effect("go to the app they are about", () =>
    Effect.gen(function* () {
      const { control } = yield* Simulator
      const other = yield* control.createApp("other")
      const [mine, theirs] = [receiver(), receiver()]
      yield* control.webhooks.setTarget(mine.receive)
      yield* control.webhooks.setTarget(theirs.receive, other.appId)
      yield* control.install({ appId: other.appId })
      yield* control.webhooks.settled
      assert.deepStrictEqual([mine.seen.length, theirs.seen.length], [0, 1])
      const { signedData } = yield* decodeBody(theirs.seen[0]?.body ?? "")
      assert.strictEqual(theirs.seen[0]?.signature, sign(signedData, other.webhookSecret))
      yield* Effect.flip(control.webhooks.setTarget("ftp://nowhere"))
    }).pipe(Effect.provide(Simulator.layer))
  )
})

describe("control of the deliveries over HTTP", () => {
  it.live("does what the typed control does", () =>
    Effect.gen(function* () {
      const { baseUrl, control, controlToken, ...simulator } = yield* Simulator
      const { receive, seen } = receiver()
      const call = (method: string, path: string, body?: unknown) =>
        Effect.promise(async () => {
          const response = await fetch(`${baseUrl}/_simulator${path}`, {
            method,
            headers: {
              authorization: `Bearer ${Redacted.value(controlToken)}`,
              "content-type": "application/json"
            },
            ...(body === undefined ? {} : { body: JSON.stringify(body) })
          })
          return { status: response.status, json: Object(await response.json()) }
        })
      const [id] = yield* simulator.installationIds
      assert.strictEqual((yield* call("POST", `/installations/${id}/events`, { event: "installed" })).status, 400)
      assert.strictEqual((yield* call("PUT", "/webhook", { url: "http://127.0.0.1:9/webhook" })).status, 200)
      assert.isString((yield* call("POST", `/installations/${id}/events`, { event: "installed" })).json.failure)
      yield* control.webhooks.setTarget(receive)
      assert.strictEqual((yield* call("POST", `/installations/${id}/transactions`, { amount: 2 })).json.status, 202)
      const { webhookSecret } = (yield* call("POST", "/webhook/secret/rotate", {})).json
      assert.match(webhookSecret, /^whsec_/)
      const repeated = yield* call("POST", "/deliveries/2/redeliver", { secret: "previous" })
      assert.strictEqual(repeated.json.repeats, 2)
      assert.strictEqual((yield* call("POST", "/webhook/secret/remove", {})).status, 200)
      assert.strictEqual((yield* call("PUT", "/callback-urls", { urls: ["not a url"] })).status, 400)
      assert.strictEqual((yield* call("PUT", "/callback-urls", { urls: ["https://app.example.com"] })).status, 200)
      assert.strictEqual((yield* call("GET", "/deliveries")).json.length, 3)
      assert.strictEqual(seen.length, 2)
      const anonymous = yield* Effect.promise(() => fetch(`${baseUrl}/_simulator/deliveries`))
      assert.strictEqual(anonymous.status, 401)
    }).pipe(Effect.provide(Simulator.layerServer))
  )
})
