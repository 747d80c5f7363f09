/**
 * Projects, the source of all credits.
 *
 * @module
 */
import * as Schema from "effect/Schema"
import { OrganizationId } from "@effect-icr/app/domain/Ids"
import { Pagination } from "@effect-icr/app/domain/Pagination"
import { lenient, lenientText } from "@effect-icr/app/extension"
import { lenientLabel, lenientList, lenientTimestamp } from "./lenient.ts"
import { ProjectId } from "./Ids.ts"

/**
 * A project as other resources refer to it (`Inventory`, v0.5).
 *
 * @category schemas
 * @since 0.1.0
 */
export class ProjectRef extends Schema.Class<ProjectRef>("@effect-icr/registry/ProjectRef")({
  id: ProjectId,
  fullName: lenientText,
  url: lenientText,
  /** Where people read about it. Take it as it is: its form has changed over the years. */
  publicUrl: lenientText,
  num: lenientLabel
}) {}

/**
 * An organization as other resources refer to it (`Projects`, v0.5).
 *
 * @category schemas
 * @since 0.1.0
 */
export class OrganizationRef extends Schema.Class<OrganizationRef>("@effect-icr/registry/OrganizationRef")({
  id: OrganizationId,
  fullName: lenientText,
  logo: lenientText,
  publicUrl: lenientText
}) {}

/**
 * One of a project's classifications: its sector, its type, its methodology.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Classification extends Schema.Class<Classification>("@effect-icr/registry/Classification")({
  id: lenientLabel,
  title: lenientText,
  description: lenientText
}) {}

/**
 * A benefit of a project beyond the climate.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Benefit extends Schema.Class<Benefit>("@effect-icr/registry/Benefit")({
  id: lenientLabel,
  title: lenientText,
  checked: lenient(Schema.Boolean),
  description: lenientText
}) {}

/**
 * Where a project is.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Location extends Schema.Class<Location>("@effect-icr/registry/Location")({
  lat: Schema.Finite,
  lng: Schema.Finite
}) {}

/**
 * A file that belongs to a project.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ProjectFile extends Schema.Class<ProjectFile>("@effect-icr/registry/ProjectFile")({
  id: lenientText,
  uri: lenientText,
  type: lenientText,
  name: lenientText,
  isPublic: lenient(Schema.Boolean)
}) {}

/**
 * A climate project (`Projects`, v0.5). Only the id and the name must be there.
 *
 * The documents' example ends after `validators`; fields beyond it are not known.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Project extends Schema.Class<Project>("@effect-icr/registry/Project")({
  id: ProjectId,
  fullName: Schema.String,
  num: lenientLabel,
  description: lenientText,
  shortDescription: lenientText,
  city: lenientText,
  state: lenientText,
  countryCode: lenientText,
  sector: lenient(Classification),
  type: lenient(Classification),
  methodology: lenient(Classification),
  otherBenefits: lenientList(Benefit),
  thumbnail: lenientText,
  proponents: lenientList(OrganizationRef),
  publicUrl: lenientText,
  registry: lenientText,
  /** An open set; `validated` and `under development` have been seen. */
  status: lenientText,
  startDate: lenientTimestamp,
  creditingPeriodStartDate: lenientTimestamp,
  /** The documents show only `[null]`. */
  estimatedAnnualMitigations: lenientList(Schema.Json),
  location: lenient(Location),
  kmlFile: lenient(ProjectFile),
  validators: lenientList(OrganizationRef)
}) {}

/**
 * One page of projects.
 *
 * @category schemas
 * @since 0.1.0
 */
export class ProjectPage extends Schema.Class<ProjectPage>("@effect-icr/registry/ProjectPage")({
  pagination: Pagination,
  projects: Schema.Array(Project)
}) {}
