/** Inventory (v0.5): what becomes of credit requests, and what apps are told. */
import { CreditRequest, CreditRequestPage } from "@effect-icr/simulator/Credits"
import { Retirement } from "@effect-icr/simulator/Retirements"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Redacted, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { body, call, errorOf, exchange, firstInstallation } from "./support/calls.ts"
import { ask, finishing, first, inventory, organization, reserve, token, warehouse } from "./support/credits.ts"
import { receiver } from "./support/receiver.ts"

const simulator = Effect.provide(Simulator.layer)
const tonne = 10n ** 18n
const data = { reason: "Voluntary purposes", beneficiaryName: "Best buyer" }

const posting = (bearer: string, action: string, payload: { readonly [field: string]: unknown }) =>
  ask("POST", `/inventory/requests/${action}`, bearer, JSON.stringify(payload))
const request = (bearer: string, action: string, payload: { readonly [field: string]: unknown }) =>
  Effect.flatMap(posting(bearer, action, payload), body(CreditRequest))
const read = (bearer: string, id: string) =>
  Effect.flatMap(ask("GET", `/inventory/requests/${id}`, bearer), body(CreditRequest))

/** A token, the first credit of the inventory, and a request to transfer one tonne to the second organization. */
const asked = Effect.gen(function* () {
  const bearer = yield* token
  const credit = first(yield* inventory(bearer))
  const toOrganizationId = yield* organization(1)
  const made = yield* request(bearer, "transfer", { creditId: credit.id, amount: 1, toOrganizationId })
  return { bearer, credit, made, toOrganizationId }
})

/** What the second organization holds in its inventory. */
const received = Effect.gen(function* () {
  const { control } = yield* Simulator
  const organizationId = yield* organization(1)
  const permissions = { organization_inventory: "VIEW" }
  const bearer = Redacted.value(yield* control.createOrganizationToken({ organizationId, permissions }))
  const Credits = Schema.Struct({ credits: Schema.Array(Schema.Struct({ id: Schema.String, amount: Schema.Finite })) })
  return (yield* Effect.flatMap(call("GET", `/organizations/${organizationId}/inventory`, bearer), body(Credits)))
    .credits
})

describe("a credit request", () => {
  it.effect(
    "that an administrator accepts is processed after a delay and moves the credits",
    Effect.fnUntraced(function* () {
      const { bearer, credit, made } = yield* asked
      const { control } = yield* Simulator
      const before = (yield* received).find(({ id }) => id === credit.id)?.amount ?? 0
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* read(bearer, made.id), made)
      yield* control.credits.accept(made.id)
      assert.strictEqual((yield* read(bearer, made.id)).state, "pending_queue")
      yield* TestClock.adjust("4999 millis")
      assert.strictEqual((yield* read(bearer, made.id)).state, "pending_queue")
      yield* TestClock.adjust("1 millis")
      const done = yield* read(bearer, made.id)
      assert.strictEqual(done.state, "processed")
      assert.match(done.txId ?? "", /^0x[0-9a-f]{64}$/)
      assert.strictEqual(first(yield* inventory(bearer)).amount, credit.amount - tonne)
      assert.strictEqual((yield* received).find(({ id }) => id === credit.id)?.amount, before + 1)
      assert.match((yield* Effect.flip(control.credits.accept(made.id))).message, /is not pending/)
    }, simulator)
  )

  it.effect(
    "is processed by the registry's own clock",
    Effect.fnUntraced(function* () {
      const { bearer, made } = yield* asked
      const { control } = yield* Simulator
      yield* control.credits.accept(made.id)
      yield* control.skewClock("1 minute")
      assert.strictEqual((yield* read(bearer, made.id)).state, "processed")
    }, simulator)
  )

  it.effect(
    "that an administrator declines moves nothing",
    Effect.fnUntraced(function* () {
      const { bearer, credit, made } = yield* asked
      const { control } = yield* Simulator
      yield* control.credits.decline(made.id)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* read(bearer, made.id)).state, "rejected")
      assert.strictEqual(first(yield* inventory(bearer)).amount, credit.amount)
      for (const decide of [control.credits.accept(made.id), control.credits.decline(made.id)]) {
        assert.match((yield* Effect.flip(decide)).message, /is not pending/)
      }
      assert.match((yield* Effect.flip(control.credits.accept("nothing"))).message, /no credit request/)
    }, simulator)
  )

  it.effect(
    "fails when its credits are short by then",
    Effect.fnUntraced(function* () {
      const { bearer, credit, made } = yield* asked
      const { control } = yield* Simulator
      const { organizationId } = credit
      yield* control.credits.setHolding({ organizationId, place: "inventory", creditId: credit.id, amount: "0.5" })
      yield* control.credits.accept(made.id)
      yield* TestClock.adjust("5 seconds")
      const failed = yield* read(bearer, made.id)
      assert.deepStrictEqual([failed.state, failed.txId], ["failed", undefined])
      assert.strictEqual(first(yield* inventory(bearer)).amount, tonne / 2n)
      yield* control.setBehaviour({ shortRequests: "failed", processingDelay: Duration.zero })
      const short = yield* request(bearer, "cancel", { creditId: credit.id, amount: 1 })
      yield* control.credits.accept(short.id)
      assert.strictEqual((yield* read(bearer, short.id)).state, "failed")
    }, simulator)
  )

  it.effect(
    "of a token with WRITE needs no administrator, unless the switch says so",
    Effect.fnUntraced(function* () {
      const { credit } = yield* asked
      const { control } = yield* Simulator
      const id = yield* firstInstallation
      yield* control.setPermissions(id, { organization_inventory: "WRITE" })
      const writer = yield* exchange(id)
      const payload = { creditId: credit.id, amount: 1, retirementData: data }
      assert.strictEqual((yield* request(writer, "retire", payload)).state, "pending_queue")
      yield* control.setBehaviour({ writersNeedApproval: true, requestStates: "capital" })
      assert.strictEqual((yield* request(writer, "retire", payload)).state, "Pending")
      yield* control.setBehaviour({ inventoryRequestLevel: "read_write" })
      assert.strictEqual((yield* posting(writer, "retire", payload)).status, 201)
      yield* control.setPermissions(id, { organization_inventory: "REQUEST" })
      assert.deepStrictEqual(yield* Effect.flatMap(posting(yield* exchange(id), "retire", payload), errorOf), {
        status: 403,
        message: "Permission organization_inventory:read_write is required"
      })
    }, simulator)
  )

  it.effect(
    "retires, retires for a receiver, sends to an address, or cancels",
    Effect.fnUntraced(function* () {
      const { bearer, credit, toOrganizationId } = yield* asked
      const { control } = yield* Simulator
      yield* control.setBehaviour({ processingDelay: Duration.zero })
      const one = { creditId: credit.id, amount: 1 }
      const before = yield* control.credits.books
      for (const [action, payload] of [
        ["retire", { ...one, retirementData: data }],
        ["transfer_retire", { ...one, toOrganizationId, retirementData: data }],
        ["transfer_retire", { ...one, toAddress: "0x12", retirementData: data }],
        ["transfer", { ...one, toAddress: "0x12" }],
        ["cancel", one]
      ] as const) {
        yield* control.credits.accept((yield* request(bearer, action, payload)).id)
      }
      const after = yield* control.credits.books
      const change = (name: "retired" | "cancelled" | "outside") => Number(after[name]) - Number(before[name])
      assert.deepStrictEqual([change("retired"), change("outside"), change("cancelled")], [3, 1, 1])
      assert.strictEqual(after.total, before.total)
      const owners = yield* Effect.forEach([13, 14, 15], (id) =>
        Effect.map(
          Effect.flatMap(call("GET", `/retirements?id=${id}`, bearer), body(Retirement)),
          ({ organizationId }) => organizationId
        )
      )
      assert.deepStrictEqual(owners, [credit.organizationId, toOrganizationId, undefined])
    }, simulator)
  )

  it.effect(
    "is listed on pages and read by its organization alone",
    Effect.fnUntraced(function* () {
      const { bearer, credit, made } = yield* asked
      const { control } = yield* Simulator
      const second = yield* request(bearer, "cancel", { creditId: credit.id, amount: 2 })
      const page = (query: string) =>
        Effect.flatMap(ask("GET", `/inventory/requests${query}`, bearer), body(CreditRequestPage))
      assert.deepStrictEqual((yield* page("")).creditRequests, [made, second])
      const last = yield* page("?limit=1&page=1")
      assert.deepStrictEqual([last.creditRequests, last.pagination.total], [[second], 2])
      yield* control.setBehaviour({ creditOrder: "newestFirst" })
      assert.deepStrictEqual((yield* page("?limit=1&page=0")).creditRequests, [second])
      const [, other] = yield* (yield* Simulator).installationIds
      const foreign = yield* exchange(other)
      const path = `/organizations/${yield* organization(1)}/inventory/requests/${made.id}`
      assert.strictEqual((yield* call("GET", path, foreign)).status, 404)
      const payload = { creditId: credit.id, amount: 1, toOrganizationId: "nobody" }
      assert.strictEqual((yield* posting(bearer, "transfer", payload)).status, 404)
    }, simulator)
  )
})

describe("webhooks", () => {
  const Event = Schema.fromJsonString(
    Schema.Struct({
      event: Schema.String,
      transaction: Schema.Struct({
        id: Schema.String,
        status: Schema.String,
        type: Schema.String,
        creditId: Schema.String
      })
    })
  )
  const decode = Schema.decodeUnknownEffect(Event)

  it.effect(
    "organizationTransaction tells of every new state of a request, to who may read the inventory",
    Effect.fnUntraced(function* () {
      const { bearer, credit, made } = yield* asked
      const { control } = yield* Simulator
      const { receive, seen } = receiver()
      yield* control.webhooks.setTarget(receive)
      yield* control.credits.accept(made.id)
      yield* control.webhooks.settled
      // The time alone processes it: nobody asks.
      yield* TestClock.adjust("5 seconds")
      yield* control.webhooks.settled
      const events = yield* Effect.forEach(seen, ({ body }) => decode(body))
      const transaction = { id: made.id, type: "transfer", creditId: credit.id }
      assert.deepStrictEqual(events, [
        { event: "organizationTransaction", transaction: { ...transaction, status: "pending_queue" } },
        { event: "organizationTransaction", transaction: { ...transaction, status: "processed" } }
      ])
      assert.include(seen[0]?.body ?? "", '"amount":1,')
      yield* control.setBehaviour({ transactionIds: "own" })
      const other = yield* request(bearer, "cancel", { creditId: credit.id, amount: 1 })
      yield* control.credits.accept(other.id)
      yield* TestClock.adjust("5 seconds")
      yield* control.webhooks.settled
      const own = (yield* Effect.forEach(seen.slice(2), ({ body }) => decode(body))).map(
        ({ transaction }) => transaction.id
      )
      assert.deepStrictEqual([own.length, new Set(own).size, own.includes(other.id)], [2, 1, false])
      yield* control.setPermissions(yield* firstInstallation, { organization_warehouse: "WRITE" })
      yield* control.credits.accept((yield* request(bearer, "cancel", { creditId: credit.id, amount: 1 })).id)
      yield* TestClock.adjust("5 seconds")
      yield* control.webhooks.settled
      assert.strictEqual(seen.length, 4)
    }, simulator)
  )

  it.effect(
    "warehouseTransaction tells of a finished reservation, with an exact amount in either shape",
    Effect.fnUntraced(function* () {
      const bearer = yield* token
      const { control } = yield* Simulator
      const { receive, seen } = receiver()
      yield* control.webhooks.setTarget(receive)
      const { id } = first(yield* warehouse(bearer))
      for (const shape of ["printed", "seen"] as const) {
        yield* control.setBehaviour({ data: shape })
        const held = yield* reserve(bearer, id, "0.123456789012345678")
        yield* finishing(bearer, held.id, "transfer", yield* organization(1))
        yield* control.webhooks.settled
      }
      const events = yield* Effect.forEach(seen, ({ body }) => decode(body))
      for (const { event, transaction } of events) {
        assert.deepStrictEqual(
          [event, transaction.status, transaction.type],
          ["warehouseTransaction", "processed", "transfer"]
        )
      }
      assert.strictEqual(seen.length, 2)
      for (const { body } of seen) assert.include(body, '"amount":0.123456789012345678')
    }, simulator)
  )
})

describe("control over HTTP", () => {
  it.live("lists, accepts and declines, sets holdings and shows the books", () =>
    Effect.gen(function* () {
      const { baseUrl, control, controlToken } = yield* Simulator
      const send = (method: string, path: string, payload?: unknown) =>
        Effect.promise(async () => {
          const response = await fetch(`${baseUrl}/_simulator${path}`, {
            method,
            headers: { authorization: `Bearer ${Redacted.value(controlToken)}`, "content-type": "application/json" },
            ...(payload === undefined ? {} : { body: JSON.stringify(payload) })
          })
          return { status: response.status, json: await response.json() }
        })
      const { bearer, made } = yield* asked
      const declined = yield* request(bearer, "cancel", { creditId: made.creditId, amount: 0.5 })
      assert.strictEqual((yield* send("POST", `/creditRequests/${made.id}/accept`)).status, 200)
      assert.strictEqual((yield* send("POST", `/creditRequests/${declined.id}/decline`)).status, 200)
      assert.strictEqual((yield* send("POST", `/creditRequests/${declined.id}/decline`)).status, 400)
      const { creditId, fromOrganizationId: organizationId, id } = made
      const shown = { organizationId, creditId }
      assert.deepStrictEqual((yield* send("GET", "/creditRequests")).json, [
        { ...shown, id: declined.id, action: "cancel", amount: "0.5", state: "rejected" },
        { ...shown, id, action: "transfer", amount: "1", state: "pending_queue" }
      ])
      assert.strictEqual((yield* send("POST", "/creditRequests/nothing/accept")).status, 400)
      assert.deepStrictEqual((yield* send("GET", "/books")).json, yield* control.credits.books)
      const holding = { ...shown, place: "inventory", amount: "0.000000000000000001" }
      assert.strictEqual((yield* send("PUT", "/holdings", holding)).status, 200)
      assert.strictEqual(first(yield* inventory(bearer)).amount, 1n)
      assert.strictEqual((yield* send("PUT", "/holdings", { ...holding, creditId: "exPost-9-0x0" })).status, 400)
    }).pipe(Effect.provide(Layer.merge(Simulator.layerServer, FetchHttpClient.layer)))
  )
})
