/** Organizations, Inventory, Warehouse and Permissions (v0.5): one test per documented rule, named after it. */
import { CreditRequest, Inventory, Warehouse } from "@effect-icr/simulator/Credits"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { body, call, callAsApp, errorOf, exchange, firstInstallation } from "./support/calls.ts"

const simulator = Effect.provide(Simulator.layer)

const organization = Effect.gen(function* () {
  const [id] = yield* (yield* Simulator).organizationIds
  return id ?? (yield* Effect.die("no organization"))
})

/** A token of the first installation with just these permissions. */
const tokenWith = Effect.fnUntraced(function* (permissions: Record<string, string>) {
  const id = yield* firstInstallation
  yield* (yield* Simulator).control.setPermissions(id, permissions)
  return yield* exchange(id)
})

const ask = Effect.fnUntraced(function* (path: string, token: string, payload?: Schema.Json) {
  const id = yield* organization
  if (payload === undefined) return yield* call("GET", `/organizations/${id}${path}`, token)
  const { baseUrl } = yield* Simulator
  const client = yield* HttpClient.HttpClient
  return yield* client.execute(
    HttpClientRequest.post(`${baseUrl}/organizations/${id}${path}`).pipe(
      HttpClientRequest.bearerToken(token),
      HttpClientRequest.bodyJsonUnsafe(payload)
    )
  )
})

const firstCredit = Effect.fnUntraced(function* (token: string) {
  const [credit] = (yield* Effect.flatMap(ask("/inventory", token), body(Inventory))).credits
  return credit ?? (yield* Effect.die("no credit"))
})

describe("Permissions: a refusal names the one that is missing", () => {
  const rules = [
    ["", "organization_info:read", { organization_info: "VIEW" }],
    ["/addresses", "organization_info:read", { organization_info: "VIEW" }],
    ["/inventory", "organization_inventory:read", { organization_inventory: "VIEW" }],
    ["/inventory", "organization_inventory:read", { organization_inventory: "REQUEST" }],
    ["/inventory", "organization_inventory:read", { organization_inventory: "WRITE" }],
    ["/warehouse/inventory", "organization_warehouse:read", { organization_warehouse: "VIEW" }],
    ["/warehouse/inventory", "organization_warehouse:read", { organization_warehouse: "WRITE" }]
  ] as const
  for (const [path, scope, permissions] of rules) {
    it.effect(
      `GET /organizations/{id}${path} needs ${scope}, which ${JSON.stringify(permissions)} holds`,
      Effect.fnUntraced(function* () {
        const without = yield* tokenWith({ organization_members: "VIEW" })
        assert.deepStrictEqual(yield* Effect.flatMap(ask(path, without), (response) => response.json), {
          statusCode: 403,
          message: `Permission ${scope} is required`,
          error: "Forbidden"
        })
        assert.strictEqual((yield* ask(path, yield* tokenWith(permissions))).status, 200)
      }, simulator)
    )
  }

  it.effect(
    "POST …/inventory/requests/{action} needs the level REQUEST or WRITE; reading is not enough",
    Effect.fnUntraced(function* () {
      const reader = yield* tokenWith({ organization_inventory: "VIEW" })
      const { id: creditId } = yield* firstCredit(reader)
      const payload = { creditId, amount: 1, toAddress: "0x1234567890abcdef" }
      assert.deepStrictEqual(yield* Effect.flatMap(ask("/inventory/requests/transfer", reader, payload), errorOf), {
        status: 403,
        message: "Permission organization_inventory:request is required"
      })
      for (const level of ["REQUEST", "WRITE"]) {
        const token = yield* tokenWith({ organization_inventory: level })
        assert.strictEqual((yield* ask("/inventory/requests/transfer", token, payload)).status, 201)
      }
    }, simulator)
  )

  it.effect(
    "GET /projects/internal needs examiner:read",
    Effect.fnUntraced(function* () {
      const without = yield* tokenWith({ organization_info: "VIEW" })
      assert.deepStrictEqual(yield* Effect.flatMap(call("GET", "/projects/internal", without), errorOf), {
        status: 403,
        message: "Permission examiner:read is required"
      })
      assert.strictEqual((yield* callAsApp("GET", "/projects/internal")).status, 403)
      const examiner = yield* tokenWith({ examiner: "VIEW" })
      const Projects = Schema.Struct({ projects: Schema.Array(Schema.Struct({ num: Schema.String })) })
      const page = yield* Effect.flatMap(call("GET", "/projects/internal?limit=7&page=0", examiner), body(Projects))
      assert.strictEqual(page.projects.length, 7)
    }, simulator)
  )

  it.effect(
    "no permission opens another organization",
    Effect.fnUntraced(function* () {
      const token = yield* exchange()
      const [, other] = yield* (yield* Simulator).organizationIds
      for (const path of ["", "/addresses", "/inventory", "/warehouse/inventory"]) {
        assert.strictEqual((yield* call("GET", `/organizations/${other}${path}`, token)).status, 403)
      }
    }, simulator)
  )
})

describe("Inventory and Warehouse", () => {
  it.effect(
    "hold { credits, organizationId }, the same ones for the same seed, of projects that exist",
    Effect.fnUntraced(function* () {
      const read = Effect.fnUntraced(function* () {
        const token = yield* exchange()
        const inventory = yield* Effect.flatMap(ask("/inventory", token), body(Inventory))
        const warehouse = yield* Effect.flatMap(ask("/warehouse/inventory?development=true", token), body(Warehouse))
        assert.strictEqual(inventory.organizationId, yield* organization)
        for (const { amount, id, project, type } of [...inventory.credits, ...warehouse.credits]) {
          assert.isTrue(amount > 0n)
          assert.match(id, new RegExp(`^${type}-\\d-0x[0-9a-f]{40}$`))
          assert.strictEqual((yield* call("GET", `/projects/${project.id}`, token)).status, 200)
        }
        return { inventory, warehouse }
      })
      const first = yield* read()
      const ids = [...first.inventory.credits, ...first.warehouse.credits].map(({ id }) => id)
      assert.strictEqual(new Set(ids).size, 5)
      assert.deepStrictEqual(yield* read().pipe(Effect.provide(Simulator.layer)), first)
      assert.notDeepEqual(yield* read().pipe(Effect.provide(Simulator.layerWith({ seed: 2 }))), first)
    }, simulator)
  )

  it.effect(
    "a request comes back as a CreditRequest that waits for the organization (status by switch)",
    Effect.fnUntraced(function* () {
      const token = yield* exchange()
      const credit = yield* firstCredit(token)
      const retirementData = { reason: "Voluntary purposes", beneficiaryName: "Best buyer" }
      const payload = { creditId: credit.id, amount: 1, retirementData }
      const response = yield* ask("/inventory/requests/retire", token, payload)
      assert.strictEqual(response.status, 201)
      const made = yield* body(CreditRequest)(response)
      assert.deepInclude(made, {
        action: "retire",
        state: "pending",
        creditId: credit.id,
        amount: 10n ** 18n,
        fromOrganizationId: yield* organization,
        project: credit.project,
        retirementReason: "Voluntary purposes",
        beneficiaryName: "Best buyer"
      })
      yield* (yield* Simulator).control.setBehaviour({ createdRequestStatus: 200 })
      const again = yield* ask("/inventory/requests/retire", token, payload)
      assert.strictEqual(again.status, 200)
      assert.notStrictEqual((yield* body(CreditRequest)(again)).id, made.id)
    }, simulator)
  )

  it.effect(
    "a request outside the rules is refused: receiver, amount, credit, action",
    Effect.fnUntraced(function* () {
      const token = yield* exchange()
      const { amount, id: creditId } = yield* firstCredit(token)
      const toAddress = "0x1234567890abcdef"
      for (const [action, payload, status] of [
        ["transfer", { creditId, amount: 1 }, 400],
        ["transfer_retire", { creditId, amount: 1 }, 400],
        ["retire", { creditId, amount: 1 }, 400],
        ["transfer", { creditId, amount: 0, toAddress }, 400],
        ["transfer", { creditId, amount: Number(amount / 10n ** 18n) + 1, toAddress }, 400],
        ["transfer", { amount: 1, toAddress }, 400],
        ["transfer", { creditId: "exPost-9-0x0", amount: 1, toAddress }, 404],
        ["explode", { creditId, amount: 1, toAddress }, 400]
      ] as const) {
        const answer = yield* Effect.flatMap(ask(`/inventory/requests/${action}`, token, payload), errorOf)
        assert.strictEqual(answer.status, status, JSON.stringify([action, payload]))
      }
    }, simulator)
  )
})
