/**
 * The answers of the documents (v0.5), field by field as their pages print them, read by the calls a program makes.
 * What is only known from the registry's own demo (reservations, an organization's retirements) is in its shape.
 */
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { CreditId, ProjectId, RetirementId, CreditRequestId, ReservationId } from "@effect-icr/registry"
import { Registry } from "@effect-icr/registry/Registry"
import * as Tonnes from "@effect-icr/registry/Tonnes"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Option, Stream } from "effect"
import * as fs from "node:fs"
import { creditId, type Answer, makeFake, registryLayer, seller } from "./support/fake.ts"

const documents: { readonly [endpoint: string]: unknown } = JSON.parse(
  fs.readFileSync(new URL("documents.json", import.meta.url), "utf8")
)
const id = "123e4567-e89b-12d3-a456-426614174000"

/** Answers each path with a document, once. */
const answering = (answers: { readonly [path: string]: unknown }) => {
  const fake = makeFake()
  fake.permissions = { ...fake.permissions, examiner: "any level" }
  fake.answer = ({ path }): Answer => ({ body: answers[path] ?? "nothing is printed for this path" })
  return { fake, layer: registryLayer(fake) }
}

const own = "/organizations/seller-organization"
const text = (amount: Option.Option<Tonnes.Tonnes>) => Option.getOrThrow(Option.map(amount, Tonnes.format))

describe("the documents' examples", () => {
  it.effect("projects: page, stream, one, by credit, by serial, and an examiner's", () => {
    const { layer } = answering({
      "/projects?limit=10&page=0": documents["GET /projects"],
      "/projects?limit=50&page=0": documents["GET /projects"],
      "/projects?limit=50&page=1": { projects: [], pagination: {} },
      [`/projects/${id}`]: documents["GET /projects/{id}"],
      [`/projects/internal/${id}`]: documents["GET /projects/{id}"],
      [`/projects/find/project?creditId=${creditId}`]: documents["GET /projects/{id}"],
      "/projects/find/project?serialization=ICR-ISL-354-78040-14-R-0-2021": documents["GET /projects/{id}"]
    })
    return Effect.gen(function* () {
      const { examiner, findProject, project, projectPage, projects } = (yield* Registry).public
      const { pagination, projects: onPage } = yield* projectPage({ limit: 10, page: 0 })
      assert.deepStrictEqual(pagination.total, Option.some(100))
      const [first] = onPage
      assert.strictEqual(first?.fullName, "Project 1")
      assert.deepStrictEqual(first?.status, Option.some("validated"))
      assert.deepStrictEqual(
        Option.map(first?.sector ?? Option.none(), (sector) => sector.id),
        Option.some(Option.some("13"))
      )
      assert.deepStrictEqual(first?.otherBenefits[0]?.id, Option.some("12"))
      assert.strictEqual(first?.validators[0]?.id, id)
      assert.strictEqual((yield* Stream.runCollect(projects)).length, 1)
      for (const one of [
        project(ProjectId.make(id)),
        examiner.project(ProjectId.make(id)),
        findProject({ creditId }),
        findProject({ serialization: "ICR-ISL-354-78040-14-R-0-2021" })
      ]) {
        assert.strictEqual((yield* one).id, id)
      }
    }).pipe(Effect.provide(layer))
  })

  it.effect("retirements: all by skip and first, one by a number, an organization's own", () => {
    const { fake, layer } = answering({
      "/retirements/list?skip=0&first=50": documents["GET /retirements/list"],
      "/retirements/list?skip=1&first=50": { retirements: [] },
      "/retirements?id=2": documents["GET /retirements"],
      [`${own}/retirements`]: documents["GET /organizations/{id}/retirements"]
    })
    return Effect.gen(function* () {
      const registry = yield* Registry
      const [first] = yield* Stream.runCollect(registry.public.retirements)
      assert.deepStrictEqual(first?.beneficiary, Option.some("John Doe"))
      assert.isTrue(Option.isNone(first?.organizationOwner ?? Option.none()))
      assert.strictEqual(fake.seen.length, 2)
      const one = yield* registry.public.retirement(RetirementId.make("2"))
      assert.deepStrictEqual(one.id, Option.some(RetirementId.make("2")))
      const [owned] = yield* registry.organization(seller).retirements
      assert.strictEqual(Tonnes.format(owned?.amount ?? Tonnes.zero), "0.5")
    }).pipe(Effect.provide(layer))
  })

  it.effect("credits: of a project by vintage, and of the registry's own accounts", () => {
    const { layer } = answering({
      [`/carbonCredits/projects/${id}`]: documents["GET /carbonCredits/projects/{id}"],
      "/carbonCredits/icr/inventory/buffer": documents["GET /carbonCredits/icr/inventory/buffer"]
    })
    return Effect.gen(function* () {
      const { accountCredits, projectCredits } = (yield* Registry).public
      const { project, summary, vintages } = yield* projectCredits(ProjectId.make(id))
      assert.strictEqual(text(summary.retired), "13.5")
      assert.deepStrictEqual(
        Option.map(project, ({ num }) => num),
        Option.some(Option.some("713"))
      )
      const event = vintages[0]?.events[0]
      assert.strictEqual(text(event?.amount ?? Option.none()), "100")
      assert.deepStrictEqual(event?.files[0]?.size, Option.some(1024))
      const buffer = yield* accountCredits("buffer")
      assert.strictEqual(text(buffer.summary.exAnte), "50")
    }).pipe(Effect.provide(layer))
  })

  it.effect("an organization: its id without a request, its profile, its inventory, its requests", () => {
    const { fake, layer } = answering({
      [own]: documents["GET /organizations/{id}"],
      [`${own}/inventory`]: documents["GET /organizations/{id}/inventory"],
      [`${own}/inventory?development=true`]: { credits: [] },
      [`${own}/inventory/requests?limit=50&page=0`]: documents["GET /organizations/{id}/inventory/requests"],
      [`${own}/inventory/requests/${id}`]: documents["GET /organizations/{id}/inventory/requests/{requestId}"]
    })
    return Effect.gen(function* () {
      const organization = (yield* Registry).organization(seller)
      assert.strictEqual(yield* organization.id, "seller-organization")
      assert.strictEqual(fake.seen.length, 0)
      assert.strictEqual((yield* organization.profile).displayName, "Organization 1")
      const [credit] = yield* organization.inventory.credits
      assert.strictEqual(credit?.id, CreditId.make("exPost-2-0x1234567890abcdef"))
      assert.strictEqual(text(credit?.supply ?? Option.none()), "1000")
      assert.deepStrictEqual(yield* organization.inventory.creditsWith({ development: true }), [])
      const [request] = yield* Stream.runCollect(Stream.take(organization.inventory.requests.all, 1))
      assert.isFalse(request?.isSettled)
      const one = yield* organization.inventory.requests.get(CreditRequestId.make(id))
      assert.isTrue(Option.isNone(one.txId))
      assert.strictEqual(Tonnes.format(one.amount), "1000")
    }).pipe(Effect.provide(layer))
  })

  it.effect("a warehouse: credits without a token or a vintage, reservations with an end", () => {
    const { layer } = answering({
      [`${own}/warehouse/inventory`]: documents["GET /organizations/{id}/warehouse/inventory"],
      [`${own}/warehouse/inventory/reservations`]: documents["GET /organizations/{id}/warehouse/inventory/reservations"]
    })
    return Effect.gen(function* () {
      const { warehouse } = (yield* Registry).organization(seller)
      const [credit] = yield* warehouse.credits
      assert.strictEqual(Tonnes.format(credit?.amount ?? Tonnes.zero), "7")
      assert.isTrue(Option.isNone(credit?.vintage ?? Option.none()))
      const [reservation] = yield* warehouse.reservations
      assert.strictEqual(reservation?.id, ReservationId.make(id))
      const end = reservation === undefined ? "" : DateTime.formatIso(reservation.reservedToDate)
      assert.strictEqual(end, "2024-06-18T10:10:00.000Z")
      assert.deepStrictEqual(
        Option.map(reservation?.reserver ?? Option.none(), ({ name }) => name),
        Option.some(Option.none())
      )
    }).pipe(Effect.provide(layer))
  })

  it.effect("addresses: the printed organization, and every form the prose may mean", () =>
    Effect.forEach(
      [
        [documents["GET /organizations/{id}/addresses"], [], true],
        [["0x1", "0x2"], ["0x1", "0x2"], false],
        [{ addresses: [{ address: "0x1", type: "default" }, null] }, ["0x1"], false],
        [{ accounts: [{ address: "0x1" }, { name: "no address" }] }, ["0x1"], false]
      ] as const,
      ([answer, addresses, isOrganization]) =>
        Effect.gen(function* () {
          const read = yield* (yield* Registry).organization(seller).addresses
          assert.deepStrictEqual(
            read.addresses.map(({ address }) => address),
            [...addresses]
          )
          assert.strictEqual(Option.isSome(read.organization), isOrganization)
        }).pipe(Effect.provide(answering({ [`${own}/addresses`]: answer }).layer))
    )
  )
})

describe("what the registry leaves out, or writes otherwise", () => {
  it.effect("an unclaimed retirement shows its amount and its project only", () => {
    const { layer } = answering({
      "/retirements?id=1": { amount: 2.5, project: { id }, id: null, reason: null, organizationOwner: null }
    })
    return Effect.gen(function* () {
      const retirement = yield* (yield* Registry).public.retirement(RetirementId.make("1"))
      assert.strictEqual(Tonnes.format(retirement.amount), "2.5")
      assert.isTrue(Option.isNone(retirement.id) && Option.isNone(retirement.beneficiary))
    }).pipe(Effect.provide(layer))
  })

  it.effect("a project keeps a status with a blank, numbers as texts, and lists with nulls", () => {
    const { layer } = answering({
      [`/projects/${id}`]: {
        id,
        fullName: "P",
        num: 5,
        sector: { id: 13, title: null },
        status: "under development",
        proponents: null,
        validators: [null, { id }],
        estimatedAnnualMitigations: "none",
        location: { lat: null },
        somethingNew: 1
      }
    })
    return Effect.gen(function* () {
      const project = yield* (yield* Registry).public.project(ProjectId.make(id))
      assert.deepStrictEqual(project.num, Option.some("5"))
      assert.deepStrictEqual(project.status, Option.some("under development"))
      assert.deepStrictEqual([project.proponents.length, project.validators.length], [0, 1])
      assert.isTrue(Option.isNone(project.location))
    }).pipe(Effect.provide(layer))
  })

  it.effect("a field that matters and is missing is named with its path", () => {
    const { layer } = answering({ [`${own}/warehouse/inventory`]: { credits: [{ id: "a", amount: 1 }, { id: "b" }] } })
    return Effect.gen(function* () {
      const { reason } = yield* Effect.flip((yield* Registry).organization(seller).warehouse.credits)
      assert.strictEqual(reason._tag === "DecodeFailure" && reason.at, "credits[1].amount")
      assert.strictEqual(reason._tag === "DecodeFailure" && reason.operation, "Registry.warehouse.credits")
    }).pipe(Effect.provide(layer))
  })

  it.effect("retirements go on after a short page, and a repeated one is refused", () => {
    const page = (...ids: ReadonlyArray<string>) => ({ retirements: ids.map((it) => ({ id: it, amount: 1 })) })
    const { layer } = answering({
      "/retirements/list?skip=0&first=50": page("1", "2"),
      "/retirements/list?skip=2&first=50": page("3"),
      "/retirements/list?skip=3&first=50": page("3")
    })
    return Effect.gen(function* () {
      const { retirements } = (yield* Registry).public
      assert.strictEqual((yield* Stream.runCollect(Stream.take(retirements, 3))).length, 3)
      const { reason } = yield* Effect.flip(Stream.runCollect(retirements))
      assert.strictEqual(reason._tag, "DecodeFailure")
    }).pipe(Effect.provide(layer))
  })

  it.effect("a page that cannot be is refused before anything is sent", () => {
    const { fake, layer } = answering({})
    return Effect.gen(function* () {
      for (const options of [
        { limit: 0, page: 0 },
        { limit: 1, page: -1 },
        { limit: 1.5, page: 0 }
      ]) {
        const { reason } = yield* Effect.flip((yield* Registry).public.projectPage(options))
        assert.strictEqual(reason._tag, "InvalidRequest")
      }
      assert.strictEqual(fake.seen.length, 0)
    }).pipe(Effect.provide(layer))
  })
})

describe("operations", () => {
  it.effect("are named in errors: the path, never an id", () => {
    const fake = makeFake()
    return Effect.gen(function* () {
      const registry = yield* Registry
      const { reason } = yield* Effect.flip(registry.public.project(ProjectId.make(id)))
      assert.strictEqual(reason._tag === "NotFound" && reason.operation, "Registry.public.project")
      assert.strictEqual(reason._tag === "NotFound" && reason.path, "/projects/{id}")
    }).pipe(Effect.provide(registryLayer(fake)))
  })

  it("take ids as brands only", () => {
    const program = Effect.gen(function* () {
      const registry = yield* Registry
      // @ts-expect-error a text that was not checked
      registry.organization("../admin")
      // @ts-expect-error another kind of id
      yield* registry.public.project(InstallationId.make("a"))
    })
    assert.isTrue(Effect.isEffect(program))
  })
})
