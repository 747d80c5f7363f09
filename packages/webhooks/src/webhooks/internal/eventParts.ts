/**
 * The parts of events. Only what an event is useless without is demanded of them: an id. Every other field in an unexpected
 * shape is `None`.
 */
import { InstallationId, OrganizationId } from "@effect-icr/app/domain/Ids"
import { Industry, type OrganizationType as OrganizationKind } from "@effect-icr/app/domain/Organization"
import { Permissions } from "@effect-icr/app/domain/Permissions"
import { Timestamp } from "@effect-icr/app/domain/Timestamp"
import { lenient, lenientList, lenientText } from "@effect-icr/app/extension"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

/** Ids are texts. A number is read as its digits. */
const orDigits = <A extends string>(id: Schema.Codec<A, string>) =>
  Schema.Union([Schema.String, Schema.Int]).pipe(
    Schema.decodeTo(id, { decode: SchemaGetter.transform(String), encode: SchemaGetter.transform((text) => text) })
  )

const OrganizationType: Schema.Codec<OrganizationKind> = Schema.String

/** One industry or a list of them; those in another shape are left out. */
const Industries = lenientList(Industry)

const lenientId = lenient(orDigits(Schema.String))
const lenientTimestamp = lenient(Timestamp)

/** Known values in the documents' spelling, whatever the case they came in; others as they came. */
const inAnyCase = <const L extends string>(known: ReadonlyArray<L>) => {
  type Open = L | (string & {})
  const Text: Schema.Codec<Open, string> = Schema.String
  return lenient(
    Schema.String.pipe(
      Schema.decodeTo(Text, {
        decode: SchemaGetter.transform((value) => known.find((one) => one === value.toLowerCase()) ?? value),
        encode: SchemaGetter.transform((value) => value)
      })
    )
  )
}

/**
 * The organization of an event: printed as `{ id, name, url }`, seen in full.
 *
 * @category models
 * @since 0.1.0
 */
export class WebhookOrganization extends Schema.Class<WebhookOrganization>("@effect-icr/webhooks/WebhookOrganization")({
  id: orDigits(OrganizationId),
  createdAt: lenientTimestamp,
  updatedAt: lenientTimestamp,
  name: lenientText,
  fullName: lenientText,
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
  organizationIndustries: Industries
}) {
  /** The full name, else the name, else the id. */
  get displayName(): string {
    return Option.getOrElse(
      Option.orElse(this.fullName, () => this.name),
      () => this.id
    )
  }
}

/**
 * The installation of an event.
 *
 * @category models
 * @since 0.1.0
 */
export class WebhookInstallation extends Schema.Class<WebhookInstallation>("@effect-icr/webhooks/WebhookInstallation")({
  id: orDigits(InstallationId),
  createdAt: lenientTimestamp,
  updatedAt: lenientTimestamp,
  organization: lenient(WebhookOrganization),
  permissions: lenient(Permissions),
  appNameId: lenientText,
  appId: lenientId,
  /** Informative only: it has been seen to begin with the text `undefined/`. */
  accessTokensUrl: lenientText
}) {}

/**
 * The person whose action caused the event.
 *
 * @category models
 * @since 0.1.0
 */
export class WebhookSender extends Schema.Class<WebhookSender>("@effect-icr/webhooks/WebhookSender")({
  id: lenientId,
  email: lenientText,
  fullName: lenientText,
  profilePicture: lenientText,
  url: lenientText
}) {}

/**
 * A movement of credits in a warehouse or an inventory.
 *
 * @category models
 * @since 0.1.0
 */
export class WebhookTransaction extends Schema.Class<WebhookTransaction>("@effect-icr/webhooks/WebhookTransaction")({
  id: orDigits(Schema.String),
  createdAt: lenientTimestamp,
  updatedAt: lenientTimestamp,
  status: inAnyCase(["processed", "failed", "pending_queue"]),
  type: inAnyCase(["transfer", "transfer_retire", "retire"]),
  /** In tonnes of CO2 equivalent; may have decimals. */
  amount: lenient(Schema.Union([Schema.Finite, Schema.FiniteFromString])),
  creditId: lenientText
}) {}
