import { InstallationId } from "@effect-icr/app/domain/Ids"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { IcrError } from "@effect-icr/app/IcrError"
import { CreditRequestId, type OrganizationResources, ReservationId, RetirementId } from "@effect-icr/registry"
import { Registry } from "@effect-icr/registry/Registry"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import { appLayer, buyer, creditId, type Fake, makeFake, registryLayer, seller } from "./support/fake.ts"

const organization = Effect.map(Registry, (registry) => registry.organization(seller))
const credits = Effect.flatMap(organization, ({ inventory }) => inventory.credits)

const granting = (permissions: Fake["permissions"]) => {
  const fake = makeFake()
  fake.permissions = permissions
  return fake
}

/** With the app beside the registry. */
const withApp = (fake: Fake) => Effect.provide(Registry.layer.pipe(Layer.provideMerge(appLayer(fake))))

/** The permission that a call was refused for, and the error. */
const forbidden = <A, E, R>(call: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(call), (error) => {
    const reason = error instanceof IcrError ? error.reason : undefined
    assert.strictEqual(reason?._tag, "Forbidden")
    return { permission: reason?._tag === "Forbidden" ? Option.getOrThrow(reason.permission) : "", error }
  })

describe("a call whose permission is missing", () => {
  it.effect("fails with its name, without a request, after one fresh look", () => {
    const fake = granting({})
    return Effect.gen(function* () {
      const { error, permission } = yield* forbidden(credits)
      assert.strictEqual(permission, "organization_inventory:read")
      assert.strictEqual(
        String(error),
        "@effect-icr/app/IcrError: Registry.inventory.credits (GET /organizations/{id}/inventory) sent nothing: the permission organization_inventory:read is missing (also with a new token); ask the organization to accept it."
      )
      assert.strictEqual(fake.seen.length, 0)
      assert.strictEqual(fake.exchanges, 2)
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  const calls: ReadonlyArray<readonly [string, (of: OrganizationResources) => Effect.Effect<unknown, unknown>]> = [
    ["organization_info:read", ({ profile }) => profile],
    ["organization_info:read", ({ addresses }) => addresses],
    ["organization_info:read", ({ retirements }) => retirements],
    ["organization_info:read", ({ certificate }) => certificate(RetirementId.make("1"))],
    ["organization_inventory:read", ({ inventory }) => inventory.credits],
    ["organization_inventory:read", ({ inventory }) => Stream.runCollect(inventory.requests.all)],
    ["organization_inventory:read", ({ inventory }) => inventory.requests.get(CreditRequestId.make("1"))],
    ["organization_inventory:read", ({ inventory }) => inventory.requests.settled(CreditRequestId.make("1"))],
    [
      "organization_inventory:request",
      ({ inventory }) => inventory.request("transfer", { creditId, amount: "1", toOrganizationId: buyer })
    ],
    ["organization_warehouse:read", ({ warehouse }) => warehouse.credits],
    ["organization_warehouse:read", ({ warehouse }) => warehouse.reservations],
    ["organization_warehouse:read", ({ warehouse }) => warehouse.reservation(ReservationId.make("1"))],
    ["organization_warehouse:write", ({ warehouse }) => warehouse.reserve({ creditId, amount: "1" })],
    ["organization_warehouse:write", ({ warehouse }) => warehouse.release(ReservationId.make("1"))]
  ]

  it.effect("is named by every operation, and costs two exchanges in all", () => {
    const fake = granting({})
    return Effect.gen(function* () {
      const resources = yield* organization
      for (const [name, call] of calls) assert.strictEqual((yield* forbidden(call(resources))).permission, name)
      assert.strictEqual(fake.seen.length, 0)
      assert.strictEqual(fake.exchanges, 2)
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("is an examiner's: any level of it will do", () => {
    const fake = granting({})
    return Effect.gen(function* () {
      const { examiner } = (yield* Registry).public
      const { permission } = yield* forbidden(examiner.projectPage({ limit: 1, page: 0 }))
      assert.strictEqual(permission, "examiner:read")
      yield* TestClock.adjust("5 minutes")
      fake.permissions = { examiner: "SOMETHING" }
      fake.answer = () => ({ body: { pagination: {}, projects: [] } })
      yield* examiner.projectPage({ limit: 1, page: 0 })
      assert.strictEqual(fake.seen[0]?.path, "/projects/internal?limit=1&page=0")
    }).pipe(Effect.provide(registryLayer(fake)))
  })
})

describe("levels", () => {
  it.effect("include those below", () => {
    const fake = granting({ organization_inventory: "WRITE", organization_warehouse: "WRITE" })
    return Effect.gen(function* () {
      const { inventory, warehouse } = yield* organization
      yield* inventory.request("transfer", { creditId, amount: "1", toOrganizationId: buyer })
      yield* warehouse.reservations
      assert.strictEqual(fake.exchanges, 1)
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("below what is needed are not enough", () => {
    const fake = granting({ organization_inventory: "VIEW", organization_warehouse: "VIEW" })
    return Effect.gen(function* () {
      const { inventory, warehouse } = yield* organization
      yield* warehouse.reservations
      yield* forbidden(inventory.request("transfer", { creditId, amount: "1", toOrganizationId: buyer }))
      yield* forbidden(warehouse.reserve({ creditId, amount: "1" }))
      assert.strictEqual(fake.seen.length, 1)
    }).pipe(Effect.provide(registryLayer(fake)))
  })
})

describe("the fresh look", () => {
  const accepted = { organization_inventory: "VIEW" }
  const works = (fake: Fake) => {
    fake.permissions = accepted
    fake.answer = () => ({ body: { credits: [] } })
  }

  it.effect("finds what was accepted since the token was made", () => {
    const fake = granting({})
    return Effect.gen(function* () {
      yield* Effect.flatMap(IcrApp, (app) => app.installationToken(seller))
      works(fake)
      assert.deepStrictEqual(yield* credits, [])
      assert.strictEqual(fake.exchanges, 2)
    }).pipe(withApp(fake))
  })

  it.effect("is made again after 5 minutes, and not before", () => {
    const fake = granting({})
    return Effect.gen(function* () {
      yield* forbidden(credits)
      works(fake)
      yield* TestClock.adjust("299 seconds")
      yield* forbidden(credits)
      assert.strictEqual(fake.exchanges, 2)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* credits, [])
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("is forgotten when the token is invalidated, as after newPermissionsAccepted", () => {
    const fake = granting({})
    return Effect.gen(function* () {
      yield* forbidden(credits)
      works(fake)
      yield* Effect.flatMap(IcrApp, (app) => app.invalidateInstallationToken(seller))
      assert.deepStrictEqual(yield* credits, [])
    }).pipe(withApp(fake))
  })

  it.effect(
    "looks anew once a token that was invalidated has been replaced by one that lacks the permission still",
    () => {
      const fake = granting({})
      return Effect.gen(function* () {
        yield* forbidden(credits)
        yield* Effect.flatMap(IcrApp, (app) => app.invalidateInstallationToken(seller))
        yield* forbidden(credits)
        assert.strictEqual(fake.exchanges, 4)
        yield* forbidden(credits)
        assert.strictEqual(fake.exchanges, 4)
      }).pipe(withApp(fake))
    }
  )

  it.effect("is one for a hundred calls at once", () => {
    const fake = granting({})
    return Effect.gen(function* () {
      yield* Effect.forEach(Array.from({ length: 100 }), () => forbidden(credits), { concurrency: "unbounded" })
      assert.strictEqual(fake.exchanges, 2)
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("of one installation says nothing of another", () => {
    const fake = granting({})
    return Effect.gen(function* () {
      yield* forbidden(credits)
      works(fake)
      const other = (yield* Registry).organization(InstallationId.make("another"))
      assert.deepStrictEqual(yield* other.inventory.credits, [])
    }).pipe(Effect.provide(registryLayer(fake)))
  })
})
