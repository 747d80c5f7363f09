/**
 * Shapes of the registry's JSON, taken from its documents alone.
 *
 * The client library describes the same objects on its own. The two descriptions are separate on purpose: a wrong field
 * name in one of them makes a test fail instead of passing as agreement.
 *
 * @module
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * ISO-8601 date-time. Real answers carry milliseconds (Apps, v0.5).
 *
 * @since 0.1.0
 * @category schemas
 */
export const Timestamp = Schema.String.annotate({ identifier: "Timestamp", description: "ISO-8601 date-time" })

/**
 * Levels by permission name. A permission that is not granted has no key (Apps, v0.5; Permissions).
 *
 * @since 0.1.0
 * @category schemas
 */
export const Permissions = Schema.Record(Schema.String, Schema.String).annotate({ identifier: "Permissions" })

/**
 * Levels by permission name.
 *
 * @since 0.1.0
 * @category models
 */
export type Permissions = typeof Permissions.Type

/**
 * Answer of `POST /app/accessTokens` (Apps, v0.5).
 *
 * @since 0.1.0
 * @category schemas
 */
export const AppAccessToken = Schema.Struct({
  id: Schema.String,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  token: Schema.String,
  expiresAt: Timestamp,
  isActive: Schema.Boolean,
  permissions: Permissions,
  appId: Schema.String
}).annotate({ identifier: "AppAccessToken" })

/**
 * An app access token.
 *
 * @since 0.1.0
 * @category models
 */
export type AppAccessToken = typeof AppAccessToken.Type

/**
 * Answer of `POST /app/installations/{installationId}/accessTokens` (Apps, v0.5).
 *
 * @since 0.1.0
 * @category schemas
 */
export const InstallationAccessToken = Schema.Struct({
  ...AppAccessToken.fields,
  installationId: Schema.String,
  organizationId: Schema.String
}).annotate({ identifier: "InstallationAccessToken" })

/**
 * An installation access token.
 *
 * @since 0.1.0
 * @category models
 */
export type InstallationAccessToken = typeof InstallationAccessToken.Type

/**
 * Counters of a page. Requests count from 0, these from 1 (Apps, v0.5: `page=0` is answered with `currentPage: 1`).
 *
 * @since 0.1.0
 * @category schemas
 */
export const Pagination = Schema.Struct({
  total: Schema.Int,
  currentPage: Schema.Int,
  pageCount: Schema.Int,
  nextPage: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  prevPage: Schema.optionalKey(Schema.NullOr(Schema.Int))
}).annotate({ identifier: "Pagination" })

/**
 * Counters of a page.
 *
 * @since 0.1.0
 * @category models
 */
export type Pagination = typeof Pagination.Type

/**
 * An industry that an organization works in.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Industry = Schema.Struct({ code: Schema.String, name: Schema.String })

/**
 * Values seen in the field `type` of an organization.
 *
 * ```ts
 * import { organizationTypes } from "@effect-icr/simulator/Wire"
 * import { Simulator } from "@effect-icr/simulator/Simulator"
 * import { Effect } from "effect"
 *
 * // One organization of each type
 * const one = Effect.flatMap(Simulator, ({ control }) =>
 *   Effect.forEach(organizationTypes, (organizationType) => control.install({ organizationType }))
 * )
 * await Effect.runPromise(Effect.provide(one, Simulator.layer))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const organizationTypes = [
  "projectProponent",
  "projectDeveloper",
  "marketParticipant",
  "other",
  "validationBody"
] as const

/**
 * The field `type` of an organization.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OrganizationType = Schema.Literals(organizationTypes)

/**
 * The field `type` of an organization.
 *
 * @since 0.1.0
 * @category models
 */
export type OrganizationType = typeof OrganizationType.Type

/**
 * An organization as the Apps and Organizations pages print it (v0.5).
 *
 * @since 0.1.0
 * @category schemas
 */
export const Organization = Schema.Struct({
  id: Schema.String,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  fullName: Schema.String,
  countryCode: Schema.NullOr(Schema.String),
  city: Schema.optionalKey(Schema.String),
  zip: Schema.optionalKey(Schema.String),
  physicalAddress: Schema.optionalKey(Schema.String),
  registrationNumber: Schema.optionalKey(Schema.String),
  website: Schema.optionalKey(Schema.String),
  logo: Schema.String,
  organizationIndustries: Schema.NullOr(Industry),
  type: OrganizationType,
  isPublic: Schema.Boolean,
  url: Schema.String
}).annotate({ identifier: "Organization" })

/**
 * An organization.
 *
 * @since 0.1.0
 * @category models
 */
export type Organization = typeof Organization.Type

/**
 * The installation of one app on one organization (Apps, v0.5).
 *
 * @since 0.1.0
 * @category schemas
 */
export const Installation = Schema.Struct({
  id: Schema.String,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  organization: Organization,
  permissions: Permissions,
  appNameId: Schema.String,
  appId: Schema.String,
  accessTokensUrl: Schema.String
}).annotate({ identifier: "Installation" })

/**
 * The installation of one app on one organization.
 *
 * @since 0.1.0
 * @category models
 */
export type Installation = typeof Installation.Type

/**
 * Answer of `GET /app/installations`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const InstallationPage = Schema.Struct({
  pagination: Pagination,
  installations: Schema.Array(Installation)
}).annotate({ identifier: "InstallationPage" })

/**
 * Body of `POST /app/create/user/organization` (older Apps page; the registry's own demo app).
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreateUserOrganization = Schema.Struct({
  user: Schema.Struct({
    email: Schema.String.check(Schema.isPattern(/^[^@\s]+@[^@\s]+$/)),
    fullName: Schema.optionalKey(Schema.String),
    profilePicture: Schema.optionalKey(Schema.String)
  }),
  organization: Schema.Struct({
    fullName: Schema.NonEmptyString,
    type: OrganizationType,
    countryCode: Schema.optionalKey(Schema.String)
  })
}).annotate({ identifier: "CreateUserOrganization" })

/**
 * Answer of `POST /app/create/user/organization`, of which only `installation.id` is known.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreatedUserOrganization = Schema.Struct({ installation: Installation })

/**
 * A public project, limited to the fields that the Projects page shows (v0.5).
 *
 * @since 0.1.0
 * @category schemas
 */
export const Project = Schema.Struct({
  id: Schema.String,
  num: Schema.String,
  fullName: Schema.String,
  description: Schema.String,
  shortDescription: Schema.String,
  city: Schema.String,
  state: Schema.String,
  countryCode: Schema.String,
  sector: Schema.Struct({ id: Schema.String, title: Schema.String }),
  type: Schema.Struct({ id: Schema.String, title: Schema.String, description: Schema.String }),
  methodology: Schema.Struct({ id: Schema.String, title: Schema.String }),
  thumbnail: Schema.String,
  proponents: Schema.Array(
    Schema.Struct({ id: Schema.String, fullName: Schema.String, logo: Schema.String, publicUrl: Schema.String })
  ),
  publicUrl: Schema.String,
  registry: Schema.String,
  status: Schema.String,
  startDate: Timestamp,
  creditingPeriodStartDate: Timestamp,
  estimatedAnnualMitigations: Schema.Array(Schema.NullOr(Schema.Finite)),
  location: Schema.Struct({ lat: Schema.Finite, lng: Schema.Finite })
}).annotate({ identifier: "Project" })

/**
 * A public project.
 *
 * @since 0.1.0
 * @category models
 */
export type Project = typeof Project.Type

/**
 * Answer of `GET /projects`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ProjectPage = Schema.Struct({
  pagination: Pagination,
  projects: Schema.Array(Project)
}).annotate({ identifier: "ProjectPage" })
