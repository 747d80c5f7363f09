/** What plain JavaScript may hand over where the types ask for something else: a typed error each, and nothing is sent. */
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrError } from "@effect-icr/app/IcrError"
import { Finished, type OrganizationResources, type PublicResources, Reservation } from "@effect-icr/registry"
import { Registry, type Options } from "@effect-icr/registry/Registry"
import * as Serial from "@effect-icr/registry/domain/Serial"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Option, Schema } from "effect"
import { appLayer, buyer, creditId, makeFake, registryLayer, seller } from "./support/fake.ts"

const notOptions = [undefined, null, 7, "text", true, []]

// oxlint-disable-next-line typescript/no-explicit-any -- what a program without types calls
type Untyped = any

/** The reason of a typed failure; a defect says itself. */
const reasonOf = (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isSuccess(exit)) return "success"
  const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
  return error instanceof IcrError ? error.reason._tag : `defect: ${Cause.pretty(exit.cause)}`
}

const retirementData = { reason: "Testing", beneficiaryName: "Jane Doe" }
const reservation = Schema.decodeUnknownSync(Reservation)({
  id: "r-1",
  creditId,
  amount: "0.5",
  createdAt: "1970-01-01T00:00:00Z",
  reservedToDate: "1970-01-01T00:10:00Z",
  isComplete: false
})

const finished = new Finished({
  reservation,
  action: "retire",
  receiverId: buyer,
  retirementData: Option.some(retirementData),
  knownBy: "answer"
})

interface Given {
  readonly organization: OrganizationResources & Untyped
  readonly open: PublicResources & Untyped
}

/** A call with a value in place of its options. */
const calls: ReadonlyArray<readonly [string, (given: Given, value: Untyped) => Effect.Effect<unknown, unknown>]> = [
  ["public.projectPage", ({ open }, value) => open.projectPage(value)],
  ["public.examiner.projectPage", ({ open }, value) => open.examiner.projectPage(value)],
  ["public.findProject", ({ open }, value) => open.findProject(value)],
  ["inventory.creditsWith", ({ organization }, value) => organization.inventory.creditsWith(value)],
  ["inventory.request", ({ organization }, value) => organization.inventory.request("transfer", value)],
  [
    "inventory.requests.settled",
    ({ organization }, value) =>
      // Options that are not given are the defaults.
      organization.inventory.requests.settled("q-1", value === undefined ? null : value)
  ],
  ["inventory.resolve", ({ organization }, value) => organization.inventory.resolve(value)],
  ["warehouse.resolve", ({ organization }, value) => organization.warehouse.resolve(value)],
  ["warehouse.creditsWith", ({ organization }, value) => organization.warehouse.creditsWith(value)],
  ["warehouse.reserve", ({ organization }, value) => organization.warehouse.reserve(value)],
  [
    "warehouse.withReservation",
    ({ organization }, value) => organization.warehouse.withReservation(value, () => Effect.void)
  ],
  ["warehouse.finish", ({ organization }, value) => organization.warehouse.finish("transfer", reservation, value)],
  [
    "warehouse.finish, as the reservation",
    ({ organization }, value) => organization.warehouse.finish("transfer", value, { receiverId: buyer })
  ],
  ["warehouse.findRetirement", ({ organization }, value) => organization.warehouse.findRetirement(value)],
  [
    "warehouse.findRetirement, as its options",
    ({ organization }, value) => organization.warehouse.findRetirement(finished, value === undefined ? null : value)
  ]
]

/** A value in place of a field or an id, which is a text. */
const fields: typeof calls = [
  ["public.project", ({ open }, value) => open.project(value)],
  ["public.projectCredits", ({ open }, value) => open.projectCredits(value)],
  ["public.accountCredits", ({ open }, value) => open.accountCredits(value)],
  ["public.retirement", ({ open }, value) => open.retirement(value)],
  ["public.certificate", ({ open }, value) => open.certificate(value)],
  ["public.findProject by serialization", ({ open }, value) => open.findProject({ serialization: value })],
  ["public.findProject by credit", ({ open }, value) => open.findProject({ creditId: value })],
  ["certificate", ({ organization }, value) => organization.certificate(value)],
  ["inventory.requests.get", ({ organization }, value) => organization.inventory.requests.get(value)],
  ["inventory.requests.settled", ({ organization }, value) => organization.inventory.requests.settled(value)],
  [
    "inventory.request: action",
    ({ organization }, value) =>
      organization.inventory.request(value, { creditId, amount: "1", toOrganizationId: buyer, retirementData })
  ],
  [
    "inventory.request: creditId",
    ({ organization }, value) =>
      organization.inventory.request("transfer", { creditId: value, amount: "1", toOrganizationId: buyer })
  ],
  [
    "inventory.request: no receiver",
    ({ organization }, value) =>
      organization.inventory.request("transfer", { creditId, amount: "1", toOrganizationId: value })
  ],
  [
    "inventory.request: retirementData",
    ({ organization }, value) =>
      organization.inventory.request("retire", {
        creditId,
        amount: "1",
        toOrganizationId: buyer,
        retirementData: value
      })
  ],
  ["warehouse.reservation", ({ organization }, value) => organization.warehouse.reservation(value)],
  ["warehouse.release", ({ organization }, value) => organization.warehouse.release(value)],
  [
    "warehouse.reserve: creditId",
    ({ organization }, value) => organization.warehouse.reserve({ creditId: value, amount: "1" })
  ],
  [
    "warehouse.reserve: amount",
    ({ organization }, value) => organization.warehouse.reserve({ creditId, amount: value })
  ],
  [
    "warehouse.finish: action",
    ({ organization }, value) =>
      organization.warehouse.finish(value, reservation, { receiverId: buyer, retirementData })
  ],
  [
    "warehouse.finish: receiverId",
    ({ organization }, value) =>
      organization.warehouse.finish("retire", reservation, { receiverId: value, retirementData })
  ],
  [
    "warehouse.finish: retirementData",
    ({ organization }, value) =>
      organization.warehouse.finish("retire", reservation, { receiverId: buyer, retirementData: value })
  ],
  [
    "warehouse.finish: reason",
    ({ organization }, value) =>
      organization.warehouse.finish("retire", reservation, {
        receiverId: buyer,
        retirementData: { ...retirementData, reason: value }
      })
  ]
]

const table = (rows: typeof calls, values: ReadonlyArray<unknown>, what: string) => {
  for (const [name, call] of rows) {
    it.effect(`${name}, given ${what}`, () => {
      const fake = makeFake()
      fake.permissions = { ...fake.permissions, examiner: "VIEW" }
      return Effect.gen(function* () {
        const registry = yield* Registry
        const given = { organization: registry.organization(seller), open: registry.public }
        for (const value of values) {
          const exit = yield* Effect.exit(Effect.suspend(() => call(given, value)))
          assert.strictEqual(reasonOf(exit), "InvalidRequest", String(value))
        }
        assert.deepStrictEqual(fake.seen, [])
      }).pipe(Effect.provide(registryLayer(fake)))
    })
  }
}

describe("the registry fails with InvalidRequest and sends nothing:", () => {
  table(calls, notOptions, "something else than options")
  table(fields, [undefined, null, 7, {}, ""], "no text, or an empty one")
  table(
    calls.filter(([name]) => /resolve/.test(name)),
    [{}, { _tag: "RequestUncertain" }, { _tag: "ReserveUncertain", found: [] }, new Error("lost")],
    "another error"
  )
  table(
    fields.filter(([name]) => name === "public.accountCredits"),
    ["x", "Buffer", "buffer/..", "__proto__"],
    "an account that the registry has not"
  )
})

describe("the registry's layer", () => {
  it.effect("fails with Configuration, given something else than options", () =>
    Effect.gen(function* () {
      for (const value of notOptions) {
        const layer = Effect.suspend(() => Layer.build(Registry.layerWith(value as Options)))
        const exit = yield* Effect.exit(Effect.provide(layer, appLayer(makeFake())))
        assert.strictEqual(reasonOf(exit), "Configuration", String(value))
      }
    }).pipe(Effect.scoped)
  )

  it.effect("is woken by events only, and survives everything else", () =>
    Effect.gen(function* () {
      const { notify } = yield* Registry
      for (const value of [...notOptions, {}, { installation: null }]) yield* notify(value as Untyped)
    }).pipe(Effect.provide(registryLayer(makeFake())))
  )
})

describe("an app fails with InvalidRequest, given something else than options:", () => {
  const app: ReadonlyArray<readonly [string, (app: Untyped, value: unknown) => Effect.Effect<unknown, unknown>]> = [
    ["createOrganization", (app, value) => app.createOrganization(value)],
    ["createOrganization, as the user", (app, value) => app.createOrganization({ user: value, organization: {} })],
    [
      "createOrganization, as the organization",
      (app, value) => app.createOrganization({ user: {}, organization: value })
    ],
    ["installationPage", (app, value) => app.installationPage(value)],
    ["installationTokenWith", (app, value) => app.installationTokenWith(seller, value)],
    ["appTokenWith", (app, value) => app.appTokenWith(value)]
  ]
  for (const [name, call] of app) {
    it.effect(name, () => {
      const fake = makeFake()
      return Effect.gen(function* () {
        const app = yield* IcrApp
        for (const value of notOptions) {
          const exit = yield* Effect.exit(Effect.suspend(() => call(app, value)))
          assert.strictEqual(reasonOf(exit), "InvalidRequest", String(value))
        }
        assert.deepStrictEqual([fake.seen, fake.exchanges], [[], 0])
      }).pipe(Effect.provide(appLayer(fake)))
    })
  }

  it.effect("createOrganization, given what is no JSON", () =>
    Effect.gen(function* () {
      const circular: { [name: string]: unknown } = { email: "jane@example.com" }
      circular["self"] = circular
      for (const user of [circular, { email: 1n }]) {
        const exit = yield* Effect.exit(
          Effect.flatMap(IcrApp, ({ createOrganization }) => createOrganization({ user, organization: {} } as Untyped))
        )
        assert.strictEqual(reasonOf(exit), "InvalidRequest")
      }
    }).pipe(Effect.provide(appLayer(makeFake())))
  )
})

describe("pure functions", () => {
  it("find no amount and no serial in what is none", () => {
    for (const value of [undefined, null, 7, {}, [], true, Symbol("0.5")] as ReadonlyArray<Untyped>) {
      assert.isTrue(Option.isNone(Tonnes.fromInput(value)), String(value))
      assert.isTrue(Option.isNone(Tonnes.fromString(value)), String(value))
      assert.isTrue(Option.isNone(Serial.parse(value)), String(value))
    }
  })

  it("take a reservation that is a plain object, which a program may have kept", () => {
    const fake = makeFake()
    return Effect.runPromise(
      Effect.gen(function* () {
        const { warehouse } = (yield* Registry).organization(InstallationId.make("seller"))
        const held = yield* warehouse.reserve({ creditId, amount: "0.5" })
        const finished = yield* warehouse.finish("transfer", Object.assign({}, held), { receiverId: buyer })
        assert.instanceOf(finished, Finished)
      }).pipe(Effect.provide(registryLayer(fake)))
    )
  })
})
