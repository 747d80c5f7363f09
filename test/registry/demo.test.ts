/**
 * The jobs of the registry's own demo app: list, reserve, finish, request, retirements, PDF. Each test is named for a
 * defect that was seen there, or in another public program, and is not here.
 */
import { InstallationId, OrganizationId } from "@effect-icr/app/domain/Ids"
import { CreditId, CreditRequestId, type OrganizationResources, RetirementId } from "@effect-icr/registry"
import { Registry } from "@effect-icr/registry/Registry"
import * as Serial from "@effect-icr/registry/domain/Serial"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { Simulator } from "@effect-icr/simulator/Simulator"
import * as TestRegistry from "@effect-icr/testing/TestRegistry"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Schema, Stream } from "effect"
import { inspect } from "node:util"
import { addRequest, addReservation, buyer, creditId, makeFake, registryLayer, seller, sent } from "./support/fake.ts"

const retirementData = { reason: "Testing", beneficiaryName: "Jane Doe" }
const resources = Effect.map(Registry, (registry) => registry.organization(seller))
const held = { creditId, amount: "0.5" } as const

/** Each job once, for what holds of all. */
const jobs: ReadonlyArray<readonly [string, (of: OrganizationResources) => Effect.Effect<unknown, unknown>]> = [
  ["list", ({ warehouse }) => warehouse.credits],
  ["reserve", ({ warehouse }) => warehouse.reserve(held)],
  [
    "finish",
    ({ warehouse }) =>
      Effect.flatMap(warehouse.reservations, ([reservation]) =>
        reservation === undefined
          ? Effect.die("no reservation")
          : warehouse.finish("transfer_retire", reservation, { receiverId: buyer, retirementData })
      )
  ],
  ["request", ({ inventory }) => inventory.request("transfer", { creditId, amount: "1", toOrganizationId: buyer })],
  ["retirements", ({ retirements }) => retirements],
  ["PDF", ({ certificate }) => certificate(RetirementId.make("1"))]
]

describe("every job", () => {
  const other = InstallationId.make("another")

  it.effect("uses the token of its own organization, not any that is unexpired", () => {
    const fake = makeFake()
    fake.answer = () => ({ body: { credits: [] } })
    return Effect.gen(function* () {
      const registry = yield* Registry
      for (const id of [seller, other, seller]) yield* registry.organization(id).warehouse.credits
      assert.deepStrictEqual(
        fake.seen.map(({ path }) => path.split("/")[2]),
        ["seller-organization", "another-organization", "seller-organization"]
      )
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("does not make a new token for every call", () => {
    const fake = makeFake()
    addReservation(fake, { createdAt: 0 })
    fake.answer = ({ path }) => (path.endsWith("/retirements") ? { body: { retirements: [] } } : undefined)
    return Effect.gen(function* () {
      const of = yield* resources
      for (const [, job] of jobs) yield* Effect.exit(job(of))
      assert.strictEqual(fake.exchanges, 1)
      assert.isAbove(fake.seen.length, jobs.length)
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it("never asks for undefined, nor for an id of which only the length was looked at", () => {
    for (const id of ["", "undefined", "null", "a/b", "..", " ".repeat(32)]) {
      for (const schema of [InstallationId, OrganizationId, CreditId, CreditRequestId]) {
        assert.isFalse(Schema.is(schema)(id), id)
      }
    }
  })

  it.effect("does not turn a failure of the network, or an answer that is no JSON, into a TypeError", () =>
    Effect.forEach(["resetBefore", { status: 502, body: "<html>Bad gateway</html>" }] as const, (fault) => {
      const fake = makeFake()
      fake.fault = () => fault
      return Effect.gen(function* () {
        const of = yield* resources
        const { reason } = yield* Effect.flip(of.warehouse.credits)
        assert.include(["Transport", "ServerError"], reason._tag)
      }).pipe(Effect.provide(registryLayer(fake)))
    })
  )

  it.effect("does not collapse failures to one message: the registry's words stay, as one text or a list", () =>
    Effect.forEach(["not enough credits", ["amount must be positive", "creditId is unknown"]], (message) => {
      const fake = makeFake()
      fake.answer = () => ({ status: 400, body: { statusCode: 400, message, error: "Bad Request" } })
      return Effect.gen(function* () {
        const error = yield* Effect.flip((yield* resources).warehouse.reserve(held))
        assert.deepStrictEqual(
          error._tag === "IcrError" && error.reason._tag === "BadRequest" && error.reason.registryMessage,
          [message].flat()
        )
      }).pipe(Effect.provide(registryLayer(fake)))
    })
  )

  it.effect("sends the version with every request, token exchanges included", () =>
    Effect.gen(function* () {
      const { control, installationIds } = yield* Simulator
      const [id = ""] = yield* installationIds
      const of = (yield* Registry).organization(InstallationId.make(id))
      for (const [, job] of jobs) yield* Effect.exit(job(of))
      const log = yield* control.requestLog
      assert.isTrue(log.some(({ route }) => route === "POST /app/installations/{installationId}/accessTokens"))
      for (const { apiVersion, path } of log) assert.strictEqual(apiVersion, "2023-06-16", path)
    }).pipe(Effect.provide(Registry.layer.pipe(Layer.provideMerge(TestRegistry.layer))))
  )

  for (const [name, job] of jobs) {
    it.effect(`prints no token with its failure: ${name}`, () => {
      const fake = makeFake()
      addReservation(fake, { createdAt: 0 })
      fake.fault = ({ method, path }) =>
        method === "GET" && path.endsWith("reservations") ? undefined : { status: 400, body: { message: "no" } }
      return Effect.gen(function* () {
        const error = yield* Effect.flip(job(yield* resources))
        for (const text of [String(error), inspect(error, { depth: 20 }), JSON.stringify(error)]) {
          assert.notMatch(text, /crs_|[Bb]earer/)
        }
      }).pipe(Effect.provide(registryLayer(fake)))
    })
  }
})

describe("list", () => {
  it.effect("does not stop after the first page of requests, and reads states in any case", () => {
    const fake = makeFake()
    for (let index = 0; index < 51; index++) addRequest(fake, { createdAt: index, state: "Pending" })
    return Effect.gen(function* () {
      const requests = yield* Stream.runCollect((yield* resources).inventory.requests.all)
      assert.strictEqual(requests.length, 51)
      assert.deepStrictEqual(requests[0]?.state, Option.some("pending"))
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("does not break over an unknown field, nor over one that is missing", () => {
    const fake = makeFake()
    const project = { id: "p", fullName: "A project", somethingNew: { deep: [null] } }
    fake.answer = () => ({ body: { credits: [{ id: "a", amount: 1, url: null, organizationIndustries: 7, project }] } })
    return Effect.gen(function* () {
      const [credit] = yield* (yield* resources).warehouse.credits
      assert.strictEqual(credit?.id, "a")
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("does not do integer maths: amounts of 18 decimals are summed exactly", () => {
    const fake = makeFake()
    fake.answer = () => ({
      body: `{"credits":[{"id":"a","amount":0.1},{"id":"b","amount":0.2},{"id":"c","amount":123456.123456789012345678}]}`
    })
    return Effect.gen(function* () {
      const credits = yield* (yield* resources).inventory.credits
      assert.strictEqual(`${Tonnes.sumAll(credits.map(({ amount }) => amount))}`, "123456.423456789012345678 t")
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it("does not take the 4th part of a serial for certain: the parser says that it is a heuristic", () => {
    assert.strictEqual(Option.getOrUndefined(Serial.parse("ICR-ISL-354-78040-14-R-0-2021"))?.projectNumber, "78040")
    assert.isTrue(Option.isNone(Serial.parse("a-b-c-d")))
  })
})

describe("reserve", () => {
  it.effect("does not throw its answer away, and does not leave the organization's id to the caller", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const reservation = yield* (yield* resources).warehouse.reserve(held)
      assert.strictEqual(reservation.id, "r-1")
      assert.include(sent(fake)[0] ?? "", '"organizationId":"seller-organization"')
      assert.strictEqual(fake.seen.length, 1)
    }).pipe(Effect.provide(registryLayer(fake)))
  })
})

describe("finish", () => {
  it.effect("does not send a missing receiver as an empty text: it is refused before anything is sent", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const { warehouse } = yield* resources
      const reservation = yield* warehouse.reserve(held)
      for (const receiverId of ["", undefined]) {
        const given = { receiverId, retirementData } as { receiverId: OrganizationId; retirementData: never }
        const error = yield* Effect.flip(warehouse.finish("retire", reservation, given))
        assert.strictEqual(error._tag === "IcrError" && error.reason._tag, "InvalidRequest")
      }
      assert.strictEqual(fake.seen.length, 1)
      const finished = yield* warehouse.finish("transfer_retire", reservation, { receiverId: buyer, retirementData })
      assert.strictEqual(finished.knownBy, "answer")
      assert.strictEqual(fake.seen.length, 2)
    }).pipe(Effect.provide(registryLayer(fake)))
  })
})

describe("request", () => {
  it.effect("does not have to be found again by listing: the request is the answer", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const made = yield* (yield* resources).inventory.request("transfer", {
        creditId,
        amount: "1",
        toOrganizationId: buyer
      })
      assert.strictEqual(made.id, "q-1")
      assert.strictEqual(fake.seen.length, 1)
    }).pipe(Effect.provide(registryLayer(fake)))
  })
})

describe("retirements", () => {
  it.effect("are not cut off by a page size of the registry's own", () => {
    const fake = makeFake()
    const all = Array.from({ length: 33 }, (_, index) => ({ id: String(index), amount: 1 }))
    fake.answer = ({ path }) => {
      const skip = Number(/skip=(\d+)/.exec(path)?.[1] ?? 0)
      return { body: { retirements: all.slice(skip, skip + 10) } }
    }
    return Effect.gen(function* () {
      const retirements = yield* Stream.runCollect((yield* Registry).public.retirements)
      assert.strictEqual(retirements.length, 33)
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it.effect("whose answer is no success are a typed failure, not a crash over a missing list", () => {
    const fake = makeFake()
    fake.answer = () => ({ status: 404, body: { message: "nothing here" } })
    return Effect.gen(function* () {
      const { reason } = yield* Effect.flip((yield* resources).retirements)
      assert.strictEqual(reason._tag, "NotFound")
    }).pipe(Effect.provide(registryLayer(fake)))
  })
})

describe("PDF", () => {
  it.effect("does not hand a raw token to the browser: the program has the bytes, and their name", () => {
    const fake = makeFake()
    fake.answer = () => ({
      body: new TextEncoder().encode("%PDF-1.4"),
      // Splitting on `filename=` would give `"a` here.
      headers: { "content-disposition": 'attachment; note="x; filename=a"; filename="Þór; 2024.pdf"' }
    })
    return Effect.gen(function* () {
      const { content, fileName } = yield* (yield* resources).certificate(RetirementId.make("1"))
      assert.deepStrictEqual(fileName, Option.some("Þór; 2024.pdf"))
      assert.strictEqual(Buffer.concat(yield* Stream.runCollect(content)).toString(), "%PDF-1.4")
    }).pipe(Effect.provide(registryLayer(fake)))
  })
})
