/**
 * What the registry tells an app about (`Webhook actions and payloads`).
 *
 * The printed payload and the ones that were really sent differ: the organization is `{ id, name, url }` or in full with
 * `fullName`, `sender` and `transaction` may be absent or null, texts may be empty. Both decode here, and only what an
 * event is useless without is demanded: its name and the installation's id. Any other part in a shape nobody expects is
 * `None`, since a trifle must not cost the event. The registry announces more events; unknown ones are kept as they came.
 */
import * as Arr from "effect/Array"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { missing, quick, quickStruct } from "../internal/quick.ts"
import { InstallationId, OrganizationId } from "./Ids.ts"
import { Industry, type OrganizationType as OrganizationKind } from "./Organization.ts"
import { Permissions } from "./Permissions.ts"
import { Timestamp } from "./Timestamp.ts"

/** A part the event can do without: absent, null, empty or in another shape than expected, it is `None`. */
const orNone = <A, I>(schema: Schema.Codec<A, I>) => {
  const decode = Schema.decodeUnknownOption(schema)
  const encode = Schema.encodeSync(schema)
  const read = (value: unknown) => (value === "" ? Option.none() : decode(value))
  return quick(
    Schema.optionalKey(Schema.Unknown).pipe(
      Schema.decodeTo(Schema.Option(Schema.toType(schema)), {
        decode: SchemaGetter.transformOptional((value: Option.Option<unknown>) =>
          Option.some(Option.flatMap(value, read))
        ),
        encode: SchemaGetter.transformOptional((value: Option.Option<Option.Option<A>>) =>
          Option.map(Option.flatten(value), (known): unknown => encode(known))
        )
      })
    ),
    (value) => (value === missing ? Option.none() : read(value))
  )
}

/** Ids are texts; a number is taken for its digits. */
const orDigits = <A extends string>(id: Schema.Codec<A, string>) =>
  Schema.Union([Schema.String, Schema.Int]).pipe(
    Schema.decodeTo(id, { decode: SchemaGetter.transform(String), encode: SchemaGetter.transform((text) => text) })
  )

const OrganizationType: Schema.Codec<OrganizationKind> = Schema.String

const industry = Schema.decodeUnknownOption(Industry)
const industries = (value: unknown) => Arr.getSomes(Arr.ensure(value ?? []).map((one) => industry(one)))

/** One or a list; those in another shape are left out. */
const Industries = quick(
  Schema.optionalKey(Schema.Any).pipe(
    Schema.decodeTo(Schema.Array(Schema.toType(Industry)), {
      decode: SchemaGetter.transformOptional((value) => Option.some(industries(Option.getOrNull(value)))),
      encode: SchemaGetter.transformOptional((value) => value)
    })
  ),
  (value) => industries(value === missing ? null : value)
)

const text = orNone(Schema.String)
const idText = orNone(orDigits(Schema.String))
const timestamp = orNone(Timestamp)

/** The organization of an event: printed as `{ id, name, url }`, seen in full. */
export class WebhookOrganization extends Schema.Class<WebhookOrganization>("@effect-icr/app/WebhookOrganization")(
  quickStruct({
    id: orDigits(OrganizationId),
    createdAt: timestamp,
    updatedAt: timestamp,
    name: text,
    fullName: text,
    type: orNone(OrganizationType),
    countryCode: text,
    city: text,
    zip: text,
    physicalAddress: text,
    registrationNumber: text,
    website: text,
    logo: text,
    url: text,
    isPublic: orNone(Schema.Boolean),
    organizationIndustries: Industries
  })
) {
  /** Whichever name there is, or the id. */
  get displayName(): string {
    return Option.getOrElse(
      Option.orElse(this.fullName, () => this.name),
      () => this.id
    )
  }
}

/** The installation of an event. */
export class WebhookInstallation extends Schema.Class<WebhookInstallation>("@effect-icr/app/WebhookInstallation")(
  quickStruct({
    id: orDigits(InstallationId),
    createdAt: timestamp,
    updatedAt: timestamp,
    organization: orNone(WebhookOrganization),
    permissions: orNone(Permissions),
    appNameId: text,
    appId: idText,
    /** Informative only: it has been seen to begin with the text `undefined/`. */
    accessTokensUrl: text
  })
) {}

/** The person whose action caused the event. */
export class WebhookSender extends Schema.Class<WebhookSender>("@effect-icr/app/WebhookSender")(
  quickStruct({
    id: idText,
    email: text,
    fullName: text,
    profilePicture: text,
    url: text
  })
) {}

/** Known values in the documents' spelling, whatever the case they came in; others as they came. */
const inAnyCase = <const L extends string>(known: ReadonlyArray<L>) => {
  type Open = L | (string & {})
  const Text: Schema.Codec<Open, string> = Schema.String
  return orNone(
    Schema.String.pipe(
      Schema.decodeTo(Text, {
        decode: SchemaGetter.transform((value) => known.find((one) => one === value.toLowerCase()) ?? value),
        encode: SchemaGetter.transform((value) => value)
      })
    )
  )
}

/** A movement of credits in a warehouse or an inventory. */
export class WebhookTransaction extends Schema.Class<WebhookTransaction>("@effect-icr/app/WebhookTransaction")(
  quickStruct({
    id: orDigits(Schema.String),
    createdAt: timestamp,
    updatedAt: timestamp,
    status: inAnyCase(["processed", "failed", "pending_queue"]),
    type: inAnyCase(["transfer", "transfer_retire", "retire"]),
    /** In tonnes of CO2 equivalent; may have decimals. */
    amount: orNone(Schema.Union([Schema.Finite, Schema.FiniteFromString])),
    creditId: text
  })
) {}

const common = {
  installation: WebhookInstallation,
  sender: orNone(WebhookSender)
}

const transaction = { transaction: orNone(WebhookTransaction) }

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
