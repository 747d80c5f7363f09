/** Retirements, Credits and Projects (v0.5): one test per rule. */
import {
  AccountCredits,
  OrganizationRetirements,
  ProjectCredits,
  Retirement,
  RetirementList
} from "@effect-icr/simulator/Retirements"
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { spawnSync } from "node:child_process"
import { body, call, errorOf, exchange, firstInstallation } from "./support/calls.ts"
import { ask, finishing, first, organization, reserve, token, warehouse } from "./support/credits.ts"

const simulator = Effect.provide(Simulator.layer)
const tonne = 10n ** 18n
const list = (query: string, bearer: string) =>
  Effect.map(
    Effect.flatMap(call("GET", `/retirements/list${query}`, bearer), body(RetirementList)),
    ({ retirements }) => retirements
  )

/** Retires half a tonne of the first organization's warehouse for the second one. */
const retired = Effect.gen(function* () {
  const bearer = yield* token
  const credit = first(yield* warehouse(bearer))
  const { id } = yield* reserve(bearer, credit.id, "0.5")
  const data = { reason: "Voluntary purposes", beneficiaryName: "Bjork (Ö) \\ Co", comment: "Order 7" }
  yield* finishing(bearer, id, "transfer_retire", yield* organization(1), data)
  return { bearer, credit, data }
})

/** Text of a PDF, by pdftotext. */
const textOf = (pdf: Uint8Array) => spawnSync("pdftotext", ["-", "-"], { input: pdf, encoding: "utf8" })
const withoutPdftotext = textOf(new Uint8Array()).error !== undefined

describe("Retirements", () => {
  it.effect(
    "a finished reservation becomes a retirement of its receiver",
    Effect.fnUntraced(function* () {
      const { bearer, credit, data } = yield* retired
      yield* (yield* Simulator).control.setBehaviour({ creditOrder: "newestFirst" })
      const made = first(yield* list("?first=1&skip=0", bearer))
      assert.deepInclude(made, {
        isClaimed: true,
        reason: data.reason,
        comment: data.comment,
        beneficiary: data.beneficiaryName,
        organizationId: yield* organization(1),
        amount: tonne / 2n,
        serialization: credit.serialization,
        project: credit.project
      })
      const byId = yield* Effect.flatMap(call("GET", `/retirements?id=${made.id}`, bearer), body(Retirement))
      assert.deepStrictEqual(byId, made)
      yield* (yield* Simulator).control.setBehaviour({ retirementIds: "number" })
      assert.strictEqual(first(yield* list("?first=1", bearer)).id, "13")
      assert.deepStrictEqual(yield* Effect.flatMap(call("GET", "/retirements?id=13", bearer), body(Retirement)), {
        ...made,
        id: "13"
      })
    }, simulator)
  )

  it.effect(
    "are listed by skip and first, 10 unless first says otherwise",
    Effect.fnUntraced(function* () {
      const bearer = yield* exchange()
      const all = yield* list("?first=50", bearer)
      assert.strictEqual(all.length, 12)
      assert.deepStrictEqual(yield* list("", bearer), all.slice(0, 10))
      assert.deepStrictEqual(yield* list("?skip=10&first=10", bearer), all.slice(10))
      assert.deepStrictEqual(yield* list("?skip=3&first=2", bearer), all.slice(3, 5))
      assert.deepStrictEqual(yield* list("?skip=10&first=0", bearer), [])
      for (const bad of ["?skip=-1", "?first=1.5"]) {
        assert.strictEqual((yield* call("GET", `/retirements/list${bad}`, bearer)).status, 400)
      }
      yield* (yield* Simulator).control.setBehaviour({ missingPaging: "refuse", overPageCap: "refuse" })
      for (const bad of ["", "?skip=0&first=51"]) {
        assert.strictEqual((yield* call("GET", `/retirements/list${bad}`, bearer)).status, 400)
      }
    }, simulator)
  )

  it.effect(
    "one that nobody has claimed shows its amount and its project only, and has no certificate",
    Effect.fnUntraced(function* () {
      const bearer = yield* exchange()
      const unclaimed = yield* Effect.flatMap(call("GET", "/retirements?id=4", bearer), body(Retirement))
      assert.deepStrictEqual(Object.keys(unclaimed), ["amount", "project"])
      assert.deepStrictEqual(yield* Effect.flatMap(call("GET", "/retirements/4/pdf", bearer), errorOf), {
        status: 404,
        message: "The retirement has not been claimed"
      })
      for (const path of ["/retirements?id=99", "/retirements/99/pdf"]) {
        assert.strictEqual((yield* call("GET", path, bearer)).status, 404)
      }
    }, simulator)
  )

  it.effect.skipIf(withoutPdftotext)(
    "have a certificate that pdftotext reads",
    Effect.fnUntraced(function* () {
      const { bearer, data } = yield* retired
      const response = yield* call("GET", "/retirements/13/pdf", bearer)
      assert.strictEqual(response.headers["content-type"], "application/pdf")
      assert.strictEqual(response.headers["content-disposition"], 'attachment; filename="retirement-13.pdf"')
      const { stderr, stdout } = textOf(new Uint8Array(yield* response.arrayBuffer))
      assert.strictEqual(stderr, "")
      for (const line of ["Amount: 0.5 tonnes", `Beneficiary: ${data.beneficiaryName}`, "Comment: Order 7"]) {
        assert.include(stdout, line)
      }
    }, simulator)
  )

  it.effect(
    "of an organization are listed for it alone, with their certificates",
    Effect.fnUntraced(function* () {
      const bearer = yield* token
      const own = yield* Effect.flatMap(ask("GET", "/retirements", bearer), body(OrganizationRetirements))
      assert.isAbove(own.retirements.length, 0)
      assert.isTrue(
        own.retirements.every(({ organizationId }) => organizationId === own.retirements[0]?.organizationId)
      )
      const pdf = yield* ask("GET", `/retirements/${first(own.retirements).id}/pdf`, bearer)
      assert.match(yield* pdf.text, /^%PDF-1\.4\n.*%%EOF\n$/s)
      // The second retirement belongs to the second organization.
      assert.strictEqual((yield* ask("GET", "/retirements/2/pdf", bearer)).status, 404)
      const id = yield* firstInstallation
      yield* (yield* Simulator).control.setPermissions(id, { organization_warehouse: "WRITE" })
      assert.strictEqual((yield* ask("GET", "/retirements", yield* exchange(id))).status, 403)
    }, simulator)
  )
})

describe("Credits", () => {
  it.effect(
    "of a project: a summary, each vintage with its issuance, and what was retired",
    Effect.fnUntraced(function* () {
      const { bearer, credit } = yield* retired
      const read = Effect.flatMap(
        call("GET", `/carbonCredits/projects/${credit.project.id}`, bearer),
        body(ProjectCredits)
      )
      const { project, summary, vintages } = yield* read
      assert.deepStrictEqual(project, credit.project)
      const of = first(vintages.filter(({ vintage }) => credit.serialization.endsWith(vintage)))
      assert.strictEqual(of.summary.retired, tonne / 2n)
      const [issuance] = of.events
      assert.strictEqual(of.summary.exPost, (issuance?.amount ?? 0n) - tonne / 2n)
      const sum = (name: "exPost" | "exAnte" | "retired" | "validated") =>
        vintages.reduce((total, one) => total + one.summary[name], 0n)
      for (const name of ["exPost", "exAnte", "retired", "validated"] as const) {
        assert.strictEqual(summary[name], sum(name))
      }
      assert.strictEqual((yield* call("GET", "/carbonCredits/projects/nothing", bearer)).status, 404)
    }, simulator)
  )

  it.effect(
    "of the registry's own accounts",
    Effect.fnUntraced(function* () {
      const bearer = yield* exchange()
      for (const account of ["buffer", "adjustment", "organization"]) {
        const answer = yield* call("GET", `/carbonCredits/icr/inventory/${account}`, bearer)
        assert.strictEqual((yield* body(AccountCredits)(answer)).organization.fullName, `ICR ${account}`)
      }
      assert.strictEqual((yield* call("GET", "/carbonCredits/icr/inventory/other", bearer)).status, 400)
    }, simulator)
  )
})

describe("Projects", () => {
  const Project = Schema.Struct({ id: Schema.String })

  it.effect(
    "the project of a credit is found by its serial, its id, or both",
    Effect.fnUntraced(function* () {
      const bearer = yield* token
      const { id, project, serialization } = first(yield* warehouse(bearer))
      for (const query of [
        `serialization=${serialization}`,
        `creditId=${id}`,
        `creditId=${id}&serialization=${serialization}`
      ]) {
        const found = yield* Effect.flatMap(call("GET", `/projects/find/project?${query}`, bearer), body(Project))
        assert.strictEqual(found.id, project.id)
      }
      const other = `creditId=${id}&serialization=ICR-ISL-354-1-14-R-0-2018`
      assert.strictEqual((yield* call("GET", `/projects/find/project?${other}`, bearer)).status, 404)
      assert.strictEqual((yield* call("GET", "/projects/find/project", bearer)).status, 400)
    }, simulator)
  )

  it.effect(
    "an internal project needs examiner:read",
    Effect.fnUntraced(function* () {
      const { project } = first(yield* warehouse(yield* token))
      const without = yield* exchange()
      assert.deepStrictEqual(yield* Effect.flatMap(call("GET", `/projects/internal/${project.id}`, without), errorOf), {
        status: 403,
        message: "Permission examiner:read is required"
      })
      const id = yield* firstInstallation
      yield* (yield* Simulator).control.setPermissions(id, { examiner: "VIEW" })
      const examiner = yield* exchange(id)
      const found = yield* Effect.flatMap(call("GET", `/projects/internal/${project.id}`, examiner), body(Project))
      assert.strictEqual(found.id, project.id)
      assert.strictEqual((yield* call("GET", "/projects/internal/nothing", examiner)).status, 404)
    }, simulator)
  )

  it.effect(
    "a documented route that is not simulated says so",
    Effect.fnUntraced(function* () {
      const bearer = yield* exchange()
      assert.deepStrictEqual(yield* Effect.flatMap(call("GET", "/v1/transactions?page=0", bearer), errorOf), {
        status: 404,
        message: "Cannot GET /v1/transactions (documented, but not simulated)"
      })
      assert.deepStrictEqual(yield* Effect.flatMap(call("GET", "/v10/projects", bearer), errorOf), {
        status: 404,
        message: "Cannot GET /v10/projects"
      })
    }, simulator)
  )
})
