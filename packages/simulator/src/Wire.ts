/**
 * What travels on the wire, written down from the registry's documents alone.
 *
 * The client library has its own description of the same objects. The two are kept apart on purpose: a field name that
 * is wrong in one of them shows up as a failing test instead of as silent agreement.
 */
import * as Schema from "effect/Schema"

/** ISO-8601 date-time; real answers carry milliseconds (Apps, v0.5). */
export const Timestamp = Schema.String.annotate({ identifier: "Timestamp", description: "ISO-8601 date-time" })

/** Permission name to level. A permission that was not granted has no key at all (Apps, v0.5; Permissions). */
export const Permissions = Schema.Record(Schema.String, Schema.String).annotate({ identifier: "Permissions" })
export type Permissions = typeof Permissions.Type

/** What `POST /app/accessTokens` answers with (Apps, v0.5). */
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
export type AppAccessToken = typeof AppAccessToken.Type

/** What `POST /app/installations/{installationId}/accessTokens` answers with (Apps, v0.5). */
export const InstallationAccessToken = Schema.Struct({
  ...AppAccessToken.fields,
  installationId: Schema.String,
  organizationId: Schema.String
}).annotate({ identifier: "InstallationAccessToken" })
export type InstallationAccessToken = typeof InstallationAccessToken.Type

/** Counters of a page. Requests count from 0, these from 1 (Apps, v0.5: `page=0` is answered with `currentPage: 1`). */
export const Pagination = Schema.Struct({
  total: Schema.Int,
  currentPage: Schema.Int,
  pageCount: Schema.Int,
  nextPage: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  prevPage: Schema.optionalKey(Schema.NullOr(Schema.Int))
}).annotate({ identifier: "Pagination" })
export type Pagination = typeof Pagination.Type

export const Industry = Schema.Struct({ code: Schema.String, name: Schema.String })

/** The values seen in the field `type` of an organization. */
export const organizationTypes = [
  "projectProponent",
  "projectDeveloper",
  "marketParticipant",
  "other",
  "validationBody"
] as const
export const OrganizationType = Schema.Literals(organizationTypes)
export type OrganizationType = typeof OrganizationType.Type

/** An organization as the Apps and Organizations pages print it (v0.5). */
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
export type Organization = typeof Organization.Type

/** The grant of one app on one organization (Apps, v0.5). */
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
export type Installation = typeof Installation.Type

export const InstallationPage = Schema.Struct({
  pagination: Pagination,
  installations: Schema.Array(Installation)
}).annotate({ identifier: "InstallationPage" })

/** Body of `POST /app/create/user/organization` (older Apps page; the registry's own demo app). */
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

/** Only `installation.id` of the answer is known. */
export const CreatedUserOrganization = Schema.Struct({ installation: Installation })

/** A public project, the part of it the Projects page shows (v0.5). */
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
export type Project = typeof Project.Type

export const ProjectPage = Schema.Struct({
  pagination: Pagination,
  projects: Schema.Array(Project)
}).annotate({ identifier: "ProjectPage" })

/**
 * The registry's error body: what its own demo app reads (`statusCode`, `message` as text or as a list, `error`), which is
 * the default error body of NestJS.
 */
const body = { statusCode: Schema.Int, message: Schema.Union([Schema.String, Schema.Array(Schema.String)]) }

export class BadRequest extends Schema.Error<BadRequest>("BadRequest")(
  { _tag: Schema.tagDefaultOmit("BadRequest"), ...body, error: Schema.String },
  { httpApiStatus: 400 }
) {}

export class Unauthorized extends Schema.Error<Unauthorized>("Unauthorized")(
  { _tag: Schema.tagDefaultOmit("Unauthorized"), ...body, error: Schema.String },
  { httpApiStatus: 401 }
) {}

export class Forbidden extends Schema.Error<Forbidden>("Forbidden")(
  { _tag: Schema.tagDefaultOmit("Forbidden"), ...body, error: Schema.String },
  { httpApiStatus: 403 }
) {}

export class NotFound extends Schema.Error<NotFound>("NotFound")(
  { _tag: Schema.tagDefaultOmit("NotFound"), ...body, error: Schema.String },
  { httpApiStatus: 404 }
) {}

export const badRequest = (message: string | ReadonlyArray<string>) =>
  new BadRequest({ statusCode: 400, message, error: "Bad Request" })
export const unauthorized = (message: string) => new Unauthorized({ statusCode: 401, message, error: "Unauthorized" })
export const forbidden = (message: string) => new Forbidden({ statusCode: 403, message, error: "Forbidden" })
export const notFound = (message: string) => new NotFound({ statusCode: 404, message, error: "Not Found" })
