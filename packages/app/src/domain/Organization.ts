/**
 * Organizations, as an installation shows them.
 *
 * @module
 */
import * as Schema from "effect/Schema"
import { lenient, lenientList, lenientText } from "./lenient.ts"
import { OrganizationId } from "./Ids.ts"
import { Timestamp } from "./Timestamp.ts"

/**
 * A line of business, as `{ code, name }` (`Get an installation`, Apps v0.5).
 *
 * @category schemas
 * @since 0.1.0
 */
export class Industry extends Schema.Class<Industry>("@effect-icr/app/Industry")({
  code: lenientText,
  name: lenientText
}) {}

/**
 * What kind of account it is. New kinds are kept as they come.
 *
 * @category models
 * @since 0.1.0
 */
export type OrganizationType =
  | "projectProponent"
  | "projectDeveloper"
  | "marketParticipant"
  | "validationBody"
  | "other"
  | (string & {})

const OrganizationType: Schema.Codec<OrganizationType> = Schema.String

/**
 * An organization on the registry (`Organizations`, v0.5; `Get an installation`, Apps v0.5).
 *
 * Only the id, the name and the timestamps must be there. The registry sends `""`, `null` or nothing for what it does
 * not know, and sometimes a URL that starts with the text `undefined/`: the first three become `None`, URLs stay text.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Organization extends Schema.Class<Organization>("@effect-icr/app/Organization")({
  id: OrganizationId,
  createdAt: Timestamp,
  updatedAt: Timestamp,
  fullName: Schema.String,
  type: lenient(OrganizationType),
  countryCode: lenientText,
  city: lenientText,
  zip: lenientText,
  physicalAddress: lenientText,
  registrationNumber: lenientText,
  website: lenientText,
  logo: lenientText,
  url: lenientText,
  isPublic: lenient(Schema.Boolean),
  /** The reference prints one object under the plural name; real payloads carry null. */
  organizationIndustries: lenientList(Industry)
}) {
  /** The name, or the id where the name is blank. */
  get displayName(): string {
    return this.fullName.trim() === "" ? this.id : this.fullName
  }
}
