/**
 * What the registry tells an app about (`Webhook actions and payloads`).
 *
 * The printed payload and the ones that were really sent differ: the organization is `{ id, name, url }` or in full with
 * `fullName`, `sender` and `transaction` may be absent or null, texts may be empty. Both decode here. An event must have its
 * name and the installation's id; any other part in an unexpected shape is `None`, since a detail must not cost the event.
 * The registry announces more events; unknown ones are kept as they came.
 *
 * @module
 */
import { lenient } from "@effect-icr/app/extension"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { WebhookInstallation, WebhookSender, WebhookTransaction } from "./internal/eventParts.ts"

export { WebhookInstallation, WebhookOrganization, WebhookSender, WebhookTransaction } from "./internal/eventParts.ts"

/** The fields of an event with a name. */
const fieldsOf = <const Tag extends string, const Name extends string>(tag: Tag, event: Name) =>
  ({
    _tag: Schema.tagDefaultOmit(tag),
    event: Schema.Literal(event),
    installation: WebhookInstallation,
    sender: lenient(WebhookSender)
  }) as const

const transaction = { transaction: lenient(WebhookTransaction) }

/**
 * The app was installed on an organization.
 *
 * @category models
 * @since 0.1.0
 */
export class Installed extends Schema.Class<Installed>("@effect-icr/webhooks/Installed")(
  fieldsOf("Installed", "installed")
) {}

/**
 * The app was removed from an organization, for good.
 *
 * @category models
 * @since 0.1.0
 */
export class Uninstalled extends Schema.Class<Uninstalled>("@effect-icr/webhooks/Uninstalled")(
  fieldsOf("Uninstalled", "uninstalled")
) {}

/**
 * An admin paused the app (`Review installations`).
 *
 * @category models
 * @since 0.1.0
 */
export class Suspended extends Schema.Class<Suspended>("@effect-icr/webhooks/Suspended")(
  fieldsOf("Suspended", "suspended")
) {}

/**
 * An admin resumed the app.
 *
 * @category models
 * @since 0.1.0
 */
export class Unsuspended extends Schema.Class<Unsuspended>("@effect-icr/webhooks/Unsuspended")(
  fieldsOf("Unsuspended", "unsuspended")
) {}

/**
 * An admin accepted changed permissions. There is no event for a rejection (`Approve new permissions`).
 *
 * @category models
 * @since 0.1.0
 */
export class NewPermissionsAccepted extends Schema.Class<NewPermissionsAccepted>(
  "@effect-icr/webhooks/NewPermissionsAccepted"
)(fieldsOf("NewPermissionsAccepted", "newPermissionsAccepted")) {}

/**
 * A warehouse transaction changed.
 *
 * @category models
 * @since 0.1.0
 */
export class WarehouseTransaction extends Schema.Class<WarehouseTransaction>(
  "@effect-icr/webhooks/WarehouseTransaction"
)({
  ...fieldsOf("WarehouseTransaction", "warehouseTransaction"),
  ...transaction
}) {}

/**
 * An inventory transaction changed.
 *
 * @category models
 * @since 0.1.0
 */
export class OrganizationTransaction extends Schema.Class<OrganizationTransaction>(
  "@effect-icr/webhooks/OrganizationTransaction"
)({
  ...fieldsOf("OrganizationTransaction", "organizationTransaction"),
  ...transaction
}) {}

const known = [
  Installed,
  Uninstalled,
  Suspended,
  Unsuspended,
  NewPermissionsAccepted,
  WarehouseTransaction,
  OrganizationTransaction
] as const

const knownNames = new Set<string>(known.map(({ fields }) => fields.event.literal))

const Payload = Schema.Record(Schema.String, Schema.Unknown)

/**
 * An event this version does not know, as it came.
 *
 * @category models
 * @since 0.1.0
 */
export class UnknownEvent extends Schema.Class<UnknownEvent>("@effect-icr/webhooks/UnknownEvent")({
  _tag: Schema.tagDefaultOmit("Unknown"),
  event: Schema.String,
  payload: Payload
}) {}

// A known event in a bad shape must not pass for an unknown one: hence the check on the name.
const Unknown = Schema.Struct({
  event: Schema.NonEmptyString.check(Schema.makeFilter((event) => !knownNames.has(event)))
}).pipe(
  (Named) => Schema.StructWithRest(Named, [Payload]),
  Schema.decodeTo(UnknownEvent, {
    decode: SchemaGetter.transform((payload) => ({ event: payload.event, payload })),
    encode: SchemaGetter.transform(({ event, payload }) => ({ ...payload, event }))
  })
)

/**
 * Every event of the registry, as one union to match on by `_tag`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const WebhookEvent = Schema.Union([...known, Unknown])

/**
 * Every event of the registry, as one union to match on by `_tag`.
 *
 * @category models
 * @since 0.1.0
 */
export type WebhookEvent = typeof WebhookEvent.Type
