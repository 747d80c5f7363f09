/**
 * Retirements on the wire, and what projects and the registry itself hold (Retirements, Credits; v0.5).
 *
 * @module
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { ProjectReference, Tonnes } from "./Credits.ts"
import { Timestamp } from "./Wire.ts"

/**
 * An organization that another resource refers to.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OrganizationReference = Schema.Struct({
  id: Schema.String,
  fullName: Schema.String,
  logo: Schema.String,
  publicUrl: Schema.String
}).annotate({ identifier: "OrganizationReference" })

/**
 * A retirement. One that nobody has claimed shows its amount and its project only.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Retirement = Schema.Struct({
  createdAt: Schema.optionalKey(Timestamp),
  id: Schema.optionalKey(Schema.String),
  isClaimed: Schema.optionalKey(Schema.Boolean),
  reason: Schema.optionalKey(Schema.String),
  comment: Schema.optionalKey(Schema.String),
  beneficiary: Schema.optionalKey(Schema.String),
  organizationId: Schema.optionalKey(Schema.String),
  organizationOwner: Schema.optionalKey(OrganizationReference),
  serialization: Schema.optionalKey(Schema.String),
  vintage: Schema.optionalKey(Schema.String),
  amount: Tonnes,
  project: ProjectReference
}).annotate({ identifier: "Retirement" })

/**
 * A retirement.
 *
 * @since 0.1.0
 * @category models
 */
export type Retirement = typeof Retirement.Type

/**
 * Answer of `GET /retirements/list`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RetirementList = Schema.Struct({ retirements: Schema.Array(Retirement) })

/**
 * A retirement in the list of an organization, as the registry's own demo app reads it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OrganizationRetirement = Schema.Struct({
  id: Schema.String,
  reason: Schema.optionalKey(Schema.String),
  comment: Schema.optionalKey(Schema.String),
  beneficiary: Schema.optionalKey(Schema.String),
  organizationId: Schema.String,
  serialization: Schema.String,
  amount: Tonnes,
  project: Schema.Struct({ id: Schema.String, fullName: Schema.String })
}).annotate({ identifier: "OrganizationRetirement" })

/**
 * Answer of `GET /organizations/{id}/retirements`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const OrganizationRetirements = Schema.Struct({ retirements: Schema.Array(OrganizationRetirement) })

const ProjectSummary = Schema.Struct({
  exPost: Tonnes,
  exPostCancelled: Tonnes,
  exAnte: Tonnes,
  exAnteCancelled: Tonnes,
  retired: Tonnes,
  validated: Tonnes
})

const Issuance = Schema.Struct({
  id: Schema.String,
  vintage: Schema.String,
  createdAt: Timestamp,
  amount: Tonnes,
  type: Schema.String,
  creditType: Schema.String,
  monitoringPeriodStart: Timestamp,
  monitoringPeriodEnd: Timestamp,
  files: Schema.Array(
    Schema.Struct({
      fileName: Schema.String,
      id: Schema.String,
      size: Schema.Int,
      url: Schema.String,
      type: Schema.String
    })
  ),
  verificationBody: Schema.Struct({ id: Schema.String, directoryUrl: Schema.String, fullName: Schema.String })
})

/**
 * Answer of `GET /carbonCredits/projects/{id}`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ProjectCredits = Schema.Struct({
  summary: ProjectSummary,
  vintages: Schema.Array(
    Schema.Struct({ events: Schema.Array(Issuance), vintage: Schema.String, summary: ProjectSummary })
  ),
  project: ProjectReference
}).annotate({ identifier: "ProjectCredits" })

/**
 * Answer of `GET /carbonCredits/icr/inventory/…`: an account of the registry itself.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AccountCredits = Schema.Struct({
  summary: Schema.Struct({ exPost: Tonnes, exAnte: Tonnes, retired: Tonnes }),
  organization: OrganizationReference
}).annotate({ identifier: "AccountCredits" })
