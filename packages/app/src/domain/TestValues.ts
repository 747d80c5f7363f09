/**
 * Tokens, installations and organizations for tests, with a default for every field.
 *
 * ```ts
 * import { InstallationId } from "@effect-icr/app/domain/Ids"
 * import * as TestValues from "@effect-icr/app/TestValues"
 * import { TokenCache } from "@effect-icr/app/TokenCache"
 * import { Effect } from "effect"
 *
 * TestValues.installation({
 *   id: InstallationId.make("acme"),
 *   organization: TestValues.organization({ fullName: "Acme" })
 * })
 *
 * export const tokens = TokenCache.layerTest({
 *   app: TestValues.appAccessToken(),
 *   installation: (installationId) => Effect.succeed(TestValues.installationAccessToken({ installationId }))
 * })
 * ```
 *
 * The tokens live from 1970, where Effect's `TestClock` starts, to 2100.
 *
 * @module
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { AppAccessToken, InstallationAccessToken } from "./AccessToken.ts"
import { AppId, InstallationId, OrganizationId } from "./Ids.ts"
import { Installation } from "./Installation.ts"
import { Organization } from "./Organization.ts"

type Fields<C extends abstract new (fields: never) => unknown> = Partial<ConstructorParameters<C>[0]>

const appId = AppId.make("app-1")
// `makeUnsafe` throws only for an invalid date, and these are valid.
const begin = DateTime.makeUnsafe(0)

const tokenFields = {
  id: "access-token-1",
  createdAt: begin,
  updatedAt: begin,
  expiresAt: DateTime.makeUnsafe("2100-01-01T00:00:00Z"),
  isActive: true,
  permissions: { organization_info: "VIEW" },
  appId
}

/** An organization with its mandatory fields only. */
const plainOrganization = Schema.decodeSync(Organization)({
  id: "organization-1",
  createdAt: "1970-01-01T00:00:00Z",
  updatedAt: "1970-01-01T00:00:00Z",
  fullName: "Organization 1",
  type: "projectProponent"
})

/**
 * A token of the app.
 *
 * @category constructors
 * @since 0.1.0
 */
export const appAccessToken = (fields: Fields<typeof AppAccessToken> = {}): AppAccessToken =>
  new AppAccessToken({
    ...tokenFields,
    token: Redacted.make("crs_app-token-of-a-test", { label: "access-token" }),
    ...fields
  })

/**
 * A token of an installation.
 *
 * @category constructors
 * @since 0.1.0
 */
export const installationAccessToken = (fields: Fields<typeof InstallationAccessToken> = {}): InstallationAccessToken =>
  new InstallationAccessToken({
    ...tokenFields,
    token: Redacted.make("crs_installation-token-of-a-test", { label: "access-token" }),
    installationId: InstallationId.make("installation-1"),
    organizationId: OrganizationId.make("organization-1"),
    ...fields
  })

/**
 * An organization.
 *
 * @category constructors
 * @since 0.1.0
 */
export const organization = (fields: Fields<typeof Organization> = {}): Organization =>
  new Organization({ ...plainOrganization, ...fields })

/**
 * The grant of the app on an organization.
 *
 * @category constructors
 * @since 0.1.0
 */
export const installation = (fields: Fields<typeof Installation> = {}): Installation =>
  new Installation({
    id: InstallationId.make("installation-1"),
    createdAt: begin,
    updatedAt: begin,
    organization: organization(),
    permissions: tokenFields.permissions,
    appNameId: Option.some("app1"),
    appId,
    accessTokensUrl: Option.none(),
    ...fields
  })
