import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type { KeyObject } from "node:crypto"
import type { Behaviour } from "../Behaviour.ts"
import type { RegistryEvent } from "../RegistryEvent.ts"
import type { Permissions } from "../Wire.ts"
import type { WebhookTarget } from "../Webhooks.ts"
import * as Deliveries from "./deliveries.ts"
import { fingerprint } from "./keys.ts"
import * as Seeded from "./seeded.ts"
import type { AppRecord, InstallationRecord, OrganizationRecord, Tables } from "./Tables.ts"

/** The registry behind the routes: its tables, its switches and its clock. */
export class World extends Context.Service<
  World,
  {
    readonly seed: number
    readonly baseUrl: string
    readonly projects: number
    /** Tokens kept at most; the oldest go first. Bounds the memory of a server that runs for days. */
    readonly tokenCapacity: number
    readonly behaviour: Ref.Ref<Behaviour>
    readonly tables: Ref.Ref<Tables>
    /** Milliseconds the registry's clock is ahead of Effect's `Clock`. */
    readonly skew: Ref.Ref<number>
    /** What time the registry thinks it is, in milliseconds. */
    readonly now: Effect.Effect<number>
    readonly events: PubSub.PubSub<RegistryEvent>
    readonly deliveries: Deliveries.Deliveries
    /** Back to the first state: tables and clock. Tokens from before are dead and never come again. */
    readonly reset: Effect.Effect<void>
  }
>()("@effect-icr/simulator/internal/World") {}

export interface WorldOptions {
  readonly seed: number
  readonly baseUrl: string
  readonly installations: number
  readonly projects: number
  readonly tokenCapacity: number
  readonly behaviour: Behaviour
  readonly appNameId: string
  readonly publicKey: KeyObject
  readonly webhookTarget: WebhookTarget | undefined
  readonly callbackUrls: ReadonlyArray<string>
}

/** The permissions every example in the documents shows (Apps, v0.5). */
export const printedPermissions: Permissions = {
  organization_info: "VIEW",
  organization_members: "VIEW",
  organization_projects: "VIEW",
  organization_inventory: "REQUEST",
  organization_warehouse: "WRITE"
}

/** A real payload held one key only; `organization_info` is mandatory (Permissions). */
const seenPermissions: ReadonlyArray<Permissions> = [
  { organization_info: "VIEW" },
  { organization_info: "VIEW", organization_inventory: "REQUEST" },
  printedPermissions
]

/** Installation n of the first state is n minutes younger than this: 2022-01-01T00:00:00Z, the documents' own date. */
const epoch = 1_640_995_200_000
const minute = 60_000

export const addApp = (
  tables: Tables,
  app: Pick<AppRecord, "appId" | "appNameId" | "keys" | "webhookSecret" | "permissions"> &
    Partial<Pick<AppRecord, "webhookTarget" | "callbackUrls">>
): AppRecord => {
  const record: AppRecord = {
    previousSecret: undefined,
    webhookTarget: undefined,
    callbackUrls: [],
    ...app,
    installations: new Map(),
    byOrganization: new Map(),
    listed: undefined
  }
  tables.apps.set(app.appId, record)
  return record
}

export const addOrganization = (
  tables: Tables,
  seed: number,
  createdAt: number,
  given?: OrganizationRecord["given"]
): OrganizationRecord => {
  const index = tables.made.organizations++
  const record = { id: Seeded.uuid(seed, Seeded.kind.organization, index), index, createdAt, given }
  tables.organizations.set(record.id, record)
  return record
}

export const addInstallation = (
  tables: Tables,
  seed: number,
  app: AppRecord,
  organization: OrganizationRecord,
  createdAt: number,
  permissions: Permissions = app.permissions
): InstallationRecord => {
  const record: InstallationRecord = {
    id: Seeded.uuid(seed, Seeded.kind.installation, tables.made.installations++),
    appId: app.appId,
    organizationId: organization.id,
    createdAt,
    updatedAt: createdAt,
    suspended: false,
    permissions,
    pending: undefined
  }
  tables.installations.set(record.id, record)
  app.installations.set(record.id, record)
  app.byOrganization.set(organization.id, record)
  app.listed = undefined
  return record
}

const build = (options: WorldOptions): Tables => {
  const tables: Tables = {
    apps: new Map(),
    installations: new Map(),
    organizations: new Map(),
    tokens: new Map(),
    made: { organizations: 0, installations: 0, tokens: 0, transactions: 0, requests: 0 }
  }
  const app = addApp(tables, {
    appId: Seeded.uuid(options.seed, Seeded.kind.app, 0),
    appNameId: options.appNameId,
    keys: new Map([[fingerprint(options.publicKey), options.publicKey]]),
    webhookSecret: Redacted.make(`whsec_${Seeded.hex(options.seed, Seeded.kind.secret, 0, 6)}`),
    permissions: printedPermissions,
    webhookTarget: options.webhookTarget,
    callbackUrls: options.callbackUrls
  })
  for (let index = 0; index < options.installations; index++) {
    const createdAt = epoch + index * minute
    const organization = addOrganization(tables, options.seed, createdAt)
    const permissions =
      options.behaviour.data === "seen" ? seenPermissions[index % seenPermissions.length] : printedPermissions
    addInstallation(tables, options.seed, app, organization, createdAt, permissions)
  }
  return tables
}

export const make = Effect.fnUntraced(function* (options: WorldOptions) {
  const first = build(options)
  const tables = yield* Ref.make(first)
  const behaviour = yield* Ref.make(options.behaviour)
  const skew = yield* Ref.make(0)
  const events = yield* PubSub.unbounded<RegistryEvent>()
  const now = Effect.zipWith(Clock.currentTimeMillis, Ref.get(skew), (now, ahead) => now + ahead)
  const deliveries = yield* Deliveries.make({ seed: options.seed, baseUrl: options.baseUrl, tables, behaviour, now })
  return World.of({
    seed: options.seed,
    baseUrl: options.baseUrl,
    projects: options.projects,
    tokenCapacity: options.tokenCapacity,
    behaviour,
    tables,
    skew,
    events,
    now,
    deliveries,
    reset: Effect.gen(function* () {
      yield* Ref.update(tables, ({ made }) => {
        const fresh = build(options)
        fresh.made.tokens = made.tokens
        return fresh
      })
      yield* Ref.set(behaviour, options.behaviour)
      yield* Ref.set(skew, 0)
      yield* deliveries.clear
    })
  })
})
