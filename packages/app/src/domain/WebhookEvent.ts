/**
 * What the registry tells an app about (`Webhook actions and payloads`).
 *
 * The printed payload and the ones that were really sent differ: the organization is `{ id, name, url }` or in full with
 * `fullName`, `sender` and `transaction` may be absent or null, texts may be empty. Both decode here, and only what an
 * event is useless without is demanded: its name and the installation's id. The registry announces more events; unknown
 * ones are kept as they came.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as Struct from "effect/Struct"
import { lenientText } from "../internal/lenient.ts"
import { InstallationId } from "./Ids.ts"
import { Organization } from "./Organization.ts"
import { Permissions } from "./Permissions.ts"
import { Timestamp } from "./Timestamp.ts"

const lenientTimestamp = Schema.OptionFromOptionalNullOr(Timestamp)

/** The organization of an event: printed as `{ id, name, url }`, seen in full. */
export class WebhookOrganization extends Schema.Class<WebhookOrganization>("@effect-icr/app/WebhookOrganization")({
  ...Struct.omit(Organization.fields, ["createdAt", "updatedAt", "fullName"]),
  createdAt: lenientTimestamp,
  updatedAt: lenientTimestamp,
  name: lenientText,
  fullName: lenientText
}) {
  /** Whichever name there is, or the id. */
  get displayName(): string {
    return Option.getOrElse(
      Option.orElse(this.fullName, () => this.name),
      () => this.id
    )
  }
}

/** The installation of an event. */
export class WebhookInstallation extends Schema.Class<WebhookInstallation>("@effect-icr/app/WebhookInstallation")({
  id: InstallationId,
  createdAt: lenientTimestamp,
  updatedAt: lenientTimestamp,
  organization: Schema.OptionFromOptionalNullOr(WebhookOrganization),
  permissions: Schema.OptionFromOptionalNullOr(Permissions),
  appNameId: lenientText,
  appId: lenientText,
  /** Informative only: it has been seen to begin with the text `undefined/`. */
  accessTokensUrl: lenientText
}) {}

/** The person whose action caused the event. */
export class WebhookSender extends Schema.Class<WebhookSender>("@effect-icr/app/WebhookSender")({
  id: lenientText,
  email: lenientText,
  fullName: lenientText,
  profilePicture: lenientText,
  url: lenientText
}) {}

/** Known values in the documents' spelling, whatever the case they came in; others as they came. */
const inAnyCase = <const L extends string>(known: ReadonlyArray<L>) => {
  type Open = L | (string & {})
  const Text: Schema.Codec<Open, string> = Schema.String
  return Schema.OptionFromOptionalNullOr(
    Schema.String.pipe(
      Schema.decodeTo(Text, {
        decode: SchemaGetter.transform((value) => known.find((one) => one === value.toLowerCase()) ?? value),
        encode: SchemaGetter.transform((value) => value)
      })
    )
  )
}

/** A movement of credits in a warehouse or an inventory. */
export class WebhookTransaction extends Schema.Class<WebhookTransaction>("@effect-icr/app/WebhookTransaction")({
  id: Schema.String,
  createdAt: lenientTimestamp,
  updatedAt: lenientTimestamp,
  status: inAnyCase(["processed", "failed", "pending_queue"]),
  type: inAnyCase(["transfer", "transfer_retire", "retire"]),
  /** In tonnes of CO2 equivalent; may have decimals. */
  amount: Schema.OptionFromOptionalNullOr(Schema.Finite),
  creditId: lenientText
}) {}

const common = {
  installation: WebhookInstallation,
  sender: Schema.OptionFromOptionalNullOr(WebhookSender)
}

const transaction = { transaction: Schema.OptionFromOptionalNullOr(WebhookTransaction) }

/** The app was installed on an organization. */
export class Installed extends Schema.Class<Installed>("@effect-icr/app/Installed")({
  _tag: Schema.tagDefaultOmit("Installed"),
  event: Schema.Literal("installed"),
  ...common
}) {}

/** The app was removed from an organization, for good. */
export class Uninstalled extends Schema.Class<Uninstalled>("@effect-icr/app/Uninstalled")({
  _tag: Schema.tagDefaultOmit("Uninstalled"),
  event: Schema.Literal("uninstalled"),
  ...common
}) {}

/** An admin paused the app (`Review installations`). */
export class Suspended extends Schema.Class<Suspended>("@effect-icr/app/Suspended")({
  _tag: Schema.tagDefaultOmit("Suspended"),
  event: Schema.Literal("suspended"),
  ...common
}) {}

/** An admin resumed the app. */
export class Unsuspended extends Schema.Class<Unsuspended>("@effect-icr/app/Unsuspended")({
  _tag: Schema.tagDefaultOmit("Unsuspended"),
  event: Schema.Literal("unsuspended"),
  ...common
}) {}

/** An admin accepted changed permissions. There is no event for a rejection (`Approve new permissions`). */
export class NewPermissionsAccepted extends Schema.Class<NewPermissionsAccepted>(
  "@effect-icr/app/NewPermissionsAccepted"
)({
  _tag: Schema.tagDefaultOmit("NewPermissionsAccepted"),
  event: Schema.Literal("newPermissionsAccepted"),
  ...common
}) {}

/** A warehouse transaction changed. */
export class WarehouseTransaction extends Schema.Class<WarehouseTransaction>("@effect-icr/app/WarehouseTransaction")({
  _tag: Schema.tagDefaultOmit("WarehouseTransaction"),
  event: Schema.Literal("warehouseTransaction"),
  ...common,
  ...transaction
}) {}

/** An inventory transaction changed. */
export class OrganizationTransaction extends Schema.Class<OrganizationTransaction>(
  "@effect-icr/app/OrganizationTransaction"
)({
  _tag: Schema.tagDefaultOmit("OrganizationTransaction"),
  event: Schema.Literal("organizationTransaction"),
  ...common,
  ...transaction
}) {}

const known = new Set<unknown>([
  "installed",
  "uninstalled",
  "suspended",
  "unsuspended",
  "newPermissionsAccepted",
  "warehouseTransaction",
  "organizationTransaction"
])

const Payload = Schema.Record(Schema.String, Schema.Unknown)

/** An event this version does not know, as it came. */
export class UnknownEvent extends Schema.Class<UnknownEvent>("@effect-icr/app/UnknownEvent")({
  _tag: Schema.tagDefaultOmit("Unknown"),
  event: Schema.String,
  payload: Payload
}) {}

// A known event in a bad shape must not pass for an unknown one: hence the check on the name.
const Unknown = Schema.Struct({
  event: Schema.NonEmptyString.check(Schema.makeFilter((event) => !known.has(event)))
}).pipe(
  (Named) => Schema.StructWithRest(Named, [Payload]),
  Schema.decodeTo(UnknownEvent, {
    decode: SchemaGetter.transform((payload) => ({ event: payload.event, payload })),
    encode: SchemaGetter.transform(({ event, payload }) => ({ ...payload, event }))
  })
)

/** Whatever the registry tells, as one union to match on by `_tag`. */
export const WebhookEvent = Schema.Union([
  Installed,
  Uninstalled,
  Suspended,
  Unsuspended,
  NewPermissionsAccepted,
  WarehouseTransaction,
  OrganizationTransaction,
  Unknown
])
/** Whatever the registry tells, as one union to match on by `_tag`. */
export type WebhookEvent = typeof WebhookEvent.Type
