/** The state of the simulated registry and its first state. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as PubSub from "effect/PubSub"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import type { KeyObject } from "node:crypto"
import type { Behaviour } from "../Behaviour.ts"
import type { RegistryEvent } from "../Control.ts"
import type { Permissions } from "../Wire.ts"
import type { WebhookTarget } from "../Webhooks.ts"
import * as Records from "./credits/records.ts"
import * as Retirements from "./credits/retirements.ts"
import * as Deliveries from "./deliveries.ts"
import { fingerprint } from "./keys.ts"
import * as Seeded from "./seeded.ts"
import type { AppRecord, InstallationRecord, OrganizationRecord, Tables } from "./Tables.ts"

/** The registry behind the routes: tables, switches, clock and deliveries. */
export class World extends Context.Service<
  World,
  {
    readonly seed: number
    readonly baseUrl: string
    /** Number of public projects. */
    readonly projects: number
    /** Largest number of tokens kept; the oldest are dropped. Bounds the memory of a server that runs for days. */
    readonly tokenCapacity: number
    readonly behaviour: Ref.Ref<Behaviour>
    readonly tables: Ref.Ref<Tables>
    /** How far the registry's clock is ahead of Effect's `Clock`, in milliseconds. */
    readonly skew: Ref.Ref<number>
    /** Milliseconds since 1970 on the registry's clock. */
    readonly now: Effect.Effect<number>
    readonly events: PubSub.PubSub<RegistryEvent>
    readonly deliveries: Deliveries.Deliveries
    /** Runs an effect in the background after some milliseconds. It ends with the registry. */
    readonly later: (millis: number, effect: Effect.Effect<void>) => void
    /** Restores the first state. Earlier tokens end, and their values are never issued again. */
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

/** The permissions in every example of the documents (Apps, v0.5). */
export const printedPermissions: Permissions = {
  organization_info: "VIEW",
  organization_members: "VIEW",
  organization_projects: "VIEW",
  organization_inventory: "REQUEST",
  organization_warehouse: "WRITE"
}

/** Partial permissions: a real payload had a single key. `organization_info` is mandatory (Permissions). */
const seenPermissions: ReadonlyArray<Permissions> = [
  { organization_info: "VIEW" },
  { organization_info: "VIEW", organization_inventory: "REQUEST" },
  printedPermissions
]

/**
 * Creation of the first installation: 2022-01-01T00:00:00Z, the documents' own date. Each next one is a minute younger.
 */
const epoch = 1_640_995_200_000
const minute = 60_000

/** Adds an app. */
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

/** Adds an organization. Without `given` its details follow from the seed. */
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

/** Adds an installation of an app on an organization. */
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
    books: Records.empty(),
    made: { organizations: 0, installations: 0, tokens: 0, transactions: 0, requests: 0, reservations: 0 }
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
  Retirements.seed(tables, options, epoch)
  return tables
}

/** Creates a world in its first state. */
export const make = Effect.fnUntraced(function* (options: WorldOptions) {
  const first = build(options)
  const tables = yield* Ref.make(first)
  const behaviour = yield* Ref.make(options.behaviour)
  const skew = yield* Ref.make(0)
  const events = yield* PubSub.unbounded<RegistryEvent>()
  const now = Effect.zipWith(Clock.currentTimeMillis, Ref.get(skew), (now, ahead) => now + ahead)
  const deliveries = yield* Deliveries.make({ seed: options.seed, baseUrl: options.baseUrl, tables, behaviour, now })
  const inBackground = yield* FiberSet.makeRuntime()
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
    later: (millis, effect) => {
      inBackground(Effect.delay(effect, millis))
    },
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
