/**
 * What newer pages of the documents settle: a finish within 10 minutes, told by `reservedToDate` and `isComplete` and by no
 * status; any 2xx of a write; a `publicUrl` and a status that are texts and nothing more.
 */
import { CreditRequestId, ProjectId, Reservation } from "@effect-icr/registry"
import { Registry } from "@effect-icr/registry/Registry"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import { buyer, creditId, type Fake, makeFake, registryLayer, seller, sentBy, type Seen } from "./support/fake.ts"
import { exitWithin, within } from "./support/time.ts"

const retirementData = { reason: "Testing", beneficiaryName: "Jane Doe" }
const options = { receiverId: buyer, retirementData }
const organization = Effect.map(Registry, (registry) => registry.organization(seller))
const warehouse = Effect.map(organization, (resources) => resources.warehouse)
const reserve = Effect.flatMap(warehouse, (offered) => offered.reserve({ creditId, amount: "0.5" }))
const provide = (fake: Fake) => Effect.provide(registryLayer(fake, { soleProcess: true }))

const isFinish = ({ method, path }: Seen) => method === "POST" && path.endsWith("/retire")
const refused = (status: number) => ({ status, body: { statusCode: status, message: "it cannot be done", error: "" } })

/** Statuses that a registry may refuse a finish with: the documents name none. */
const statuses = [400, 403, 404, 405, 409, 410, 412, 422]

describe("a finish", () => {
  it.effect("is done in the last second of the 10 minutes, and not sent after them", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish } = yield* warehouse
      const [first, second] = [yield* reserve, yield* reserve]
      yield* TestClock.adjust("599 seconds")
      assert.strictEqual((yield* finish("retire", first, options)).knownBy, "answer")
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Effect.flip(finish("retire", second, options)))._tag, "ReservationExpired")
      assert.deepStrictEqual(fake.finished, ["r-1 retire"])
      assert.lengthOf(fake.seen.filter(isFinish), 1)
    }).pipe(provide(fake))
  })

  it.effect("has as long as `reservedToDate` says, whatever the 10 minutes of the page", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish } = yield* warehouse
      const held = yield* reserve
      yield* TestClock.adjust("1 minute")
      const shorter = new Reservation({ ...held, reservedToDate: held.createdAt })
      assert.strictEqual((yield* Effect.flip(finish("retire", shorter, options)))._tag, "ReservationExpired")
      assert.lengthOf(fake.seen.filter(isFinish), 0)
    }).pipe(provide(fake))
  })

  for (const status of statuses) {
    it.effect(
      `that is refused with ${status} was done by another where its reservation is complete, and not at all where it is not`,
      () => {
        const fake = makeFake()
        return Effect.gen(function* () {
          const { finish } = yield* warehouse
          const held = yield* reserve
          fake.fault = (request) => (isFinish(request) ? refused(status) : undefined)
          const open = yield* Effect.flip(Effect.flatten(exitWithin(finish("retire", held, options), "1 minute")))
          assert.isTrue(open._tag === "IcrError" && !open.mayHaveHappened, String(open))
          for (const reservation of fake.reservations.values()) reservation.complete = true
          const done = yield* Effect.flip(Effect.flatten(exitWithin(finish("retire", held, options), "1 minute")))
          assert.isTrue(done._tag === "ReservationComplete" && done.reservation.isComplete)
        }).pipe(provide(fake))
      }
    )
  }

  it.effect("whose permission was refused by name is not looked for", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { finish } = yield* warehouse
      const held = yield* reserve
      const named = { status: 403, body: { message: "Permission organization_warehouse:write is required" } }
      fake.fault = (request) => (isFinish(request) ? named : undefined)
      const error = yield* Effect.flip(finish("retire", held, options))
      assert.strictEqual(error._tag === "IcrError" && error.reason._tag, "Forbidden")
      assert.lengthOf(sentBy(fake, "GET"), 0)
    }).pipe(provide(fake))
  })
})

/** Any success, with and without something to read. */
const successes: ReadonlyArray<readonly [name: string, answer: { readonly status: number; readonly body?: unknown }]> =
  [
    ["200 without a body", { status: 200 }],
    ["201 without a body", { status: 201 }],
    ["202 with another body", { status: 202, body: { transactionId: "t-1", success: true } }],
    ["204", { status: 204 }],
    ["200 with true", { status: 200, body: "true" }],
    ["200 with a page of HTML", { status: 200, body: "<p>done</p>" }]
  ]

describe("a write is done by any 2xx:", () => {
  for (const [name, answer] of successes) {
    const answered = (fake: Fake) => {
      fake.fault = ({ method }) => (method === "GET" ? undefined : { done: answer })
    }

    it.effect(`${name}, for a reservation, which is then found in the list`, () => {
      const fake = makeFake()
      answered(fake)
      return Effect.gen(function* () {
        // What was reserved before the process started is nobody's.
        yield* TestClock.adjust("1 minute")
        const held = yield* within(reserve, "1 minute")
        assert.strictEqual(held.id, "r-1")
        assert.lengthOf(sentBy(fake, "POST"), 1)
      }).pipe(provide(fake))
    })

    it.effect(`${name}, for a finish and a release`, () => {
      const fake = makeFake()
      return Effect.gen(function* () {
        const { finish, release } = yield* warehouse
        const [first, second] = [yield* reserve, yield* reserve]
        answered(fake)
        assert.strictEqual((yield* finish("retire", first, options)).knownBy, "answer")
        yield* release(second.id)
        assert.deepStrictEqual([fake.finished, fake.reservations.has(second.id)], [["r-1 retire"], false])
      }).pipe(provide(fake))
    })

    it.effect(`${name}, for a credit request, which is then found in the list`, () => {
      const fake = makeFake()
      answered(fake)
      return Effect.gen(function* () {
        const { inventory } = yield* organization
        const asked = inventory.request("transfer", { creditId, amount: "0.5", toOrganizationId: buyer })
        assert.strictEqual((yield* within(asked, "1 minute")).id, CreditRequestId.make("q-1"))
        assert.lengthOf(sentBy(fake, "POST"), 1)
      }).pipe(provide(fake))
    })
  }
})

describe("a project's", () => {
  const project = (fields: object) => {
    const fake = makeFake()
    fake.answer = ({ path }) =>
      path === "/projects/p-1" ? { body: { id: "p-1", fullName: "P", ...fields } } : undefined
    return Effect.flatMap(Registry, (registry) => registry.public.project(ProjectId.make("p-1"))).pipe(provide(fake))
  }

  it.effect("publicUrl is what the registry says, in whatever form, and never made up", () =>
    Effect.gen(function* () {
      for (const publicUrl of [
        "https://www.carbonregistry.com/projects/some-project-349?tab=overview",
        "https://carbonregistry.com/explore/projects/p-1",
        "undefined/projects/p-1",
        "not an address"
      ]) {
        assert.deepStrictEqual((yield* project({ publicUrl })).publicUrl, Option.some(publicUrl))
      }
      for (const fields of [{}, { publicUrl: null }, { publicUrl: "" }, { publicUrl: 5 }]) {
        assert.isTrue(Option.isNone((yield* project(fields)).publicUrl))
      }
    })
  )

  it.effect("status is any text", () =>
    Effect.gen(function* () {
      for (const status of ["validated", "under development", "Something New"]) {
        assert.deepStrictEqual((yield* project({ status })).status, Option.some(status))
      }
    })
  )
})
