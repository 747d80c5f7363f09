import {
  AppAccessToken,
  AppId,
  Installation,
  InstallationAccessToken,
  InstallationId,
  InstallationPage,
  Organization,
  OrganizationId,
  Permissions
} from "@effect-icr/app"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Option, Redacted, Schema } from "effect"
import * as fs from "node:fs"
import { inspect } from "node:util"
import * as documents from "../support/documents.ts"

/** The answers printed in the documents, by endpoint. */
const answers = JSON.parse(fs.readFileSync(new URL("../documents/answers.json", import.meta.url), "utf8"))

describe("the documents' examples", () => {
  it("are the ones this suite decodes", () => {
    assert.deepStrictEqual(answers, {
      "POST /app/accessTokens": documents.appAccessToken,
      "POST /app/installations/{installationId}/accessTokens": documents.installationAccessToken,
      "DELETE /app/installations/token": true,
      "GET /app/installations": documents.installationPage,
      "GET /app/installations/{installationId}": documents.installation
    })
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
      for (const bad of [5, "x", true, [[]]]) {
        assert.strictEqual(yield* count({ ...without, organizationIndustries: bad }), 0, JSON.stringify(bad))
      }
      assert.strictEqual(
        yield* count({ ...without, organizationIndustries: [5, organizationIndustries, null, "x"] }),
        1
      )
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

  it.effect("counters of a wrong type are None, and a number in words is a number", () =>
    Effect.gen(function* () {
      const { pagination } = yield* Schema.decodeUnknownEffect(InstallationPage)({
        pagination: { total: "100", currentPage: {}, pageCount: [1], nextPage: "soon", prevPage: "x" },
        installations: []
      })
      assert.deepStrictEqual(
        { ...pagination },
        {
          total: Option.some(100),
          currentPage: Option.none(),
          pageCount: Option.none(),
          nextPage: Option.none(),
          prevPage: Option.none()
        }
      )
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

  it.effect("an optional field of a wrong type is None and costs nothing else", () =>
    Effect.gen(function* () {
      const organization = yield* decode({ ...documents.organization, zip: 10_001, isPublic: "yes", logo: {} })
      assert.deepStrictEqual(
        [organization.zip, organization.isPublic, organization.logo],
        [Option.none(), Option.none(), Option.none()]
      )
      assert.deepStrictEqual(organization.city, Option.some("New York"))
    })
  )

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
