/** Issues, finds and ends access tokens. */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type * as Wire from "../Wire.ts"
import type { Permissions } from "../Wire.ts"
import { iso } from "./isoTime.ts"
import * as Seeded from "./seeded.ts"
import type { AppRecord, InstallationRecord, Tables, TokenRecord } from "./Tables.ts"
import { World } from "./World.ts"

/** How long, in milliseconds, a token issued in the current request is refused. The fault `FreshToken` sets it. */
export const FreshTokenDelay = Context.Reference<number>("@effect-icr/simulator/internal/tokens/FreshTokenDelay", {
  defaultValue: () => 0
})

/** How long an expired token is kept, in milliseconds, to tell it from an unknown one. */
const retention = 3_600_000

/** Removes the oldest tokens up to the first that is kept. Insertion order is nearly the order of expiry. */
const prune = (tables: Tables, now: number, capacity: number) => {
  for (const [token, record] of tables.tokens) {
    if (tables.tokens.size < capacity && record.expiresAt + retention > now) return
    tables.tokens.delete(token)
  }
}

type Kind = Pick<TokenRecord, "appId" | "installation" | "organizationId" | "permissions">

/**
 * Adds a token that lives `life` milliseconds. The prefix of a user's token is `cru_`; that of an organization's own
 * token is not documented.
 */
const add = Effect.fnUntraced(function* (kind: Kind, life: number, prefix = "crs_") {
  const world = yield* World
  const tables = yield* Ref.get(world.tables)
  const now = yield* world.now
  const { freshTokenDelay } = yield* Ref.get(world.behaviour)
  const index = tables.made.tokens++
  const record: TokenRecord = {
    ...kind,
    id: Seeded.uuid(world.seed, Seeded.kind.tokenId, index),
    token: `${prefix}${Seeded.hex(world.seed, Seeded.kind.token, index, 6)}`,
    createdAt: now,
    expiresAt: now + life,
    usableFrom: now + Math.max(yield* FreshTokenDelay, Duration.toMillis(freshTokenDelay))
  }
  prune(tables, now, world.tokenCapacity)
  tables.tokens.set(record.token, record)
  return record
})

/** Issues a token that an administrator creates for the organization (Authenticate as an organization). */
export const forOrganization = (organizationId: string, permissions: Permissions, life: number) =>
  add({ appId: undefined, installation: undefined, organizationId, permissions }, life)

/** Issues a token that a user creates in the user settings (Authentication). */
export const forUser = (life: number) =>
  add({ appId: undefined, installation: undefined, organizationId: undefined, permissions: {} }, life, "cru_")

/** Issues an access token for an installation if one is given, otherwise for the app itself. */
export const issue = Effect.fnUntraced(function* (app: AppRecord, installation?: InstallationRecord) {
  const behaviour = yield* Ref.get((yield* World).behaviour)
  const life = installation === undefined ? behaviour.appTokenLife : behaviour.installationTokenLife
  const kind = {
    appId: app.appId,
    installation,
    organizationId: installation?.organizationId,
    permissions: installation?.permissions ?? app.permissions
  }
  return { ...(yield* add(kind, Duration.toMillis(life))), appId: app.appId }
})

/** The record of an access token, or the reason why it is refused. */
export const lookup = Effect.fnUntraced(function* (credential: string) {
  const world = yield* World
  const record = (yield* Ref.get(world.tables)).tokens.get(credential)
  const now = yield* world.now
  if (record === undefined || now < record.usableFrom) return "Access token is invalid"
  if (now >= record.expiresAt) return "Access token has expired"
  return record
})

/** A token in JSON. */
export const present = (record: TokenRecord & { readonly appId: string }): Wire.AppAccessToken => ({
  id: record.id,
  createdAt: iso(record.createdAt),
  updatedAt: iso(record.createdAt),
  token: record.token,
  expiresAt: iso(record.expiresAt),
  isActive: true,
  permissions: record.permissions,
  appId: record.appId
})

/** Ends every token that `matches` selects. */
export const remove = (tables: Tables, matches: (record: TokenRecord) => boolean) => {
  for (const [token, record] of tables.tokens) if (matches(record)) tables.tokens.delete(token)
}
