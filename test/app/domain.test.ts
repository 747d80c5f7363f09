import {
  AppAccessToken,
  AppId,
  Installation,
  InstallationAccessToken,
  InstallationId,
  InstallationPage,
  Organization,
  OrganizationId,
  Permissions,
  WebhookEvents
} from "@effect-icr/app"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Option, Redacted, Result, Schema } from "effect"
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import { inspect } from "node:util"
import * as documents from "../support/documents.ts"

const seeds = fileURLToPath(new URL("../../../shared/seeds", import.meta.url))

/** The JSON objects printed in the documents, in their order. */
const printed = fs.existsSync(seeds)
  ? fs
      .readdirSync(seeds)
      .flatMap((name) => Array.from(fs.readFileSync(`${seeds}/${name}`, "utf8").matchAll(/^\{$[\s\S]*?^\}$/gm)))
      .map(([text]): unknown => JSON.parse(text))
  : []

describe("the documents' examples", () => {
  if (printed.length === 0) {
    process.stderr.write(`\nSKIPPED the comparison with the documents themselves: none in ${seeds}\n`)
  }
  it.skipIf(printed.length === 0)("are the ones this suite decodes", () => {
    assert.deepStrictEqual(printed, [
      documents.appAccessToken,
      documents.installationAccessToken,
      documents.installationPage,
      documents.installation
    ])
  })

  it.effect("an app access token decodes, its text redacted, its dates as DateTime", () =>
    Effect.gen(function* () {
      const token = yield* Schema.decodeUnknownEffect(AppAccessToken)(documents.appAccessToken)
      assert.strictEqual(Redacted.value(token.token), documents.appAccessToken.token)
      assert.strictEqual(DateTime.formatIso(token.expiresAt), "2022-02-01T00:00:00.000Z")
      assert.strictEqual(token.permissions.organization_inventory, "REQUEST")
      for (const shown of [String(token), JSON.stringify(token), inspect(token, { depth: 10 })]) {
        assert.notInclude(shown, documents.appAccessToken.token)
      }
    })
  )

  it.effect("an installation access token decodes and encodes back", () =>
    Effect.gen(function* () {
      const token = yield* Schema.decodeUnknownEffect(InstallationAccessToken)(documents.installationAccessToken)
      assert.strictEqual(token.installationId, documents.installation.id)
      const back = yield* Schema.encodeEffect(InstallationAccessToken)(token)
      assert.strictEqual(back.token, documents.installationAccessToken.token)
    })
  )

  it.effect("a page of installations decodes", () =>
    Effect.gen(function* () {
      const page = yield* Schema.decodeUnknownEffect(InstallationPage)(documents.installationPage)
      assert.deepStrictEqual(page.pagination.total, Option.some(100))
      const [first] = page.installations
      assert.strictEqual(first?.organization.displayName, "Organization 1")
      assert.deepStrictEqual(first?.organization.city, Option.some("New York"))
    })
  )
})

describe("generous decoding", () => {
  const decode = Schema.decodeUnknownEffect(Organization)

  it.effect("null, absent and empty text are all None", () =>
    Effect.gen(function* () {
      const { zip: _zip, ...without } = documents.organization
      const organization = yield* decode({ ...without, city: "", website: null })
      assert.isTrue(Option.isNone(organization.city))
      assert.isTrue(Option.isNone(organization.website))
      assert.isTrue(Option.isNone(organization.zip))
    })
  )

  it.effect("industries may be an object, a list, null or absent", () =>
    Effect.gen(function* () {
      const { organizationIndustries, ...without } = documents.organization
      const count = (value: object) => Effect.map(decode(value), (_) => _.organizationIndustries.length)
      assert.strictEqual(yield* count(documents.organization), 1)
      assert.strictEqual(
        yield* count({ ...without, organizationIndustries: [organizationIndustries, organizationIndustries] }),
        2
      )
      assert.strictEqual(yield* count({ ...without, organizationIndustries: null }), 0)
      assert.strictEqual(yield* count(without), 0)
    })
  )

  it.effect("unknown fields, types and URLs of no use are no obstacle", () =>
    Effect.gen(function* () {
      const organization = yield* decode({
        ...documents.organization,
        type: "somethingNew",
        url: "undefined/organizations/1",
        addedLater: { deep: true }
      })
      assert.deepStrictEqual(organization.type, Option.some("somethingNew"))
      assert.deepStrictEqual(organization.url, Option.some("undefined/organizations/1"))
    })
  )

  it.effect("counters and flags may be null, and a blank name gives way to the id", () =>
    Effect.gen(function* () {
      const page = yield* Schema.decodeUnknownEffect(InstallationPage)({
        pagination: { total: null, currentPage: 1, pageCount: null, nextPage: null },
        installations: []
      })
      assert.isTrue(Option.isNone(page.pagination.nextPage))
      assert.isTrue(Option.isNone(page.pagination.prevPage))
      const organization = yield* decode({ ...documents.organization, isPublic: null, fullName: "  " })
      assert.isTrue(Option.isNone(organization.isPublic))
      assert.strictEqual(organization.displayName, documents.organization.id)
    })
  )

  it.effect("permissions are a partial map that keeps what it does not know", () =>
    Effect.gen(function* () {
      const permissions = yield* Schema.decodeUnknownEffect(Permissions)({
        organization_info: "VIEW",
        organization_moon: "ORBIT",
        organization_members: null,
        organization_projects: { level: "VIEW" }
      })
      assert.deepStrictEqual(permissions, { organization_info: "VIEW", organization_moon: "ORBIT" })
    })
  )

  it.effect("a missing field that matters fails by its path, without the value", () =>
    Effect.gen(function* () {
      const { id: _id, ...organization } = documents.organization
      const error = yield* Effect.flip(
        Schema.decodeUnknownEffect(Installation)({ ...documents.installation, organization })
      )
      assert.include(String(error), "organization")
      assert.include(String(error), "id")
    })
  )

  // The classes read what is as expected in a quicker way than the schemas of their fields do. It must not show.
  const { WebhookInstallation, WebhookOrganization, WebhookSender, WebhookTransaction } = WebhookEvents
  const sender = { id: 7, email: "a@example.com", fullName: "A", profilePicture: "", url: null }
  const transaction = { id: "1", status: "PROCESSED", type: "retire", amount: "1.5", creditId: null }
  const classes = [
    { whole: Organization, fields: Organization.fields, document: documents.organization },
    { whole: Installation, fields: Installation.fields, document: documents.installation },
    { whole: AppAccessToken, fields: AppAccessToken.fields, document: documents.appAccessToken },
    {
      whole: InstallationAccessToken,
      fields: InstallationAccessToken.fields,
      document: documents.installationAccessToken
    },
    { whole: WebhookOrganization, fields: WebhookOrganization.fields, document: documents.organization },
    { whole: WebhookInstallation, fields: WebhookInstallation.fields, document: documents.installation },
    { whole: WebhookSender, fields: WebhookSender.fields, document: sender },
    { whole: WebhookTransaction, fields: WebhookTransaction.fields, document: transaction }
  ]
  const odd = [
    undefined,
    null,
    "",
    " ",
    "text",
    "../up",
    0,
    7,
    true,
    [],
    {},
    [null],
    [[]],
    { code: 5 },
    { level: null }
  ]
  const nearly = ["2022-01-01T00:00:00.5+01:00", "2022-13-01T00:00:00Z", { code: null }, [{ name: "" }, { code: "a" }]]
  const given = [...odd, ...nearly, JSON.parse('{"__proto__": "VIEW", "a": "b"}')]
  for (const { document, fields, whole } of classes) {
    it(`${whole.identifier} says of any value what the schemas of its fields say`, () => {
      const options = [{}, { errors: "all" }, { onExcessProperty: "error" }, { disableChecks: true }] as const
      const decode = Schema.decodeUnknownResult<Schema.Decoder<object>>(whole)
      const decodeFields = Schema.decodeUnknownResult<Schema.Decoder<object>>(Schema.Struct(fields))
      const agree = (value: unknown) => {
        for (const option of options) {
          const said = decode(value, option)
          if (Result.isSuccess(said)) assert.isTrue(said.success instanceof whole)
          assert.deepStrictEqual(
            Result.mapBoth(said, { onSuccess: (known) => ({ ...known }), onFailure: String }),
            Result.mapBoth(decodeFields(value, option), { onSuccess: (known) => ({ ...known }), onFailure: String })
          )
        }
      }
      agree(document)
      for (const value of given) {
        agree(value)
        agree({ ...document, addedLater: value })
        for (const name of Object.keys(fields)) agree({ ...document, [name]: value })
      }
      for (const name of Object.keys(fields))
        agree(Object.fromEntries(Object.entries(document).filter(([key]) => key !== name)))
    })
  }

  it.effect("a date that is no ISO date-time is refused, although the date parser would take it", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        Schema.decodeUnknownEffect(Organization)({ ...documents.organization, createdAt: "0" })
      )
      assert.strictEqual(exit._tag, "Failure")
    })
  )
})

describe("ids", () => {
  const refused = [
    "",
    ".",
    "..",
    "a/b",
    "a?b",
    "a#b",
    "a%2fb",
    "a b",
    "a\n",
    "a\\b",
    "undefined",
    "null",
    "NaN",
    "é",
    "x".repeat(201)
  ]
  const schemas: ReadonlyArray<readonly [string, Schema.Decoder<string>]> = [
    ["AppId", AppId],
    ["InstallationId", InstallationId],
    ["OrganizationId", OrganizationId]
  ]
  for (const [name, schema] of schemas) {
    it.effect(`${name} is an opaque text that is safe as a path segment`, () =>
      Effect.gen(function* () {
        const decode = Schema.decodeUnknownOption(schema)
        for (const id of ["67890", "1", documents.installation.id, "app_1.x~y"])
          assert.isTrue(Option.isSome(decode(id)))
        for (const id of refused) assert.isTrue(Option.isNone(decode(id)), JSON.stringify(id))
      })
    )
  }
})
