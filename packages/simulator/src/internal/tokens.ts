import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type * as Wire from "../Wire.ts"
import type { Permissions } from "../Wire.ts"
import * as Seeded from "./seeded.ts"
import type { AppRecord, InstallationRecord, Tables, TokenRecord } from "./Tables.ts"
import { World } from "./World.ts"

/** For how long a token minted in the current exchange is refused; set by the fault `FreshToken`. */
export const FreshTokenDelay = Context.Reference<number>("@effect-icr/simulator/internal/tokens/FreshTokenDelay", {
  defaultValue: () => 0
})

/** Tokens stay for this long after their end, so that an expired one can be told from an unknown one. */
const retention = 3_600_000

/** Cheap because insertion order is nearly the order of expiry: looks at the oldest until one is to be kept. */
const prune = (tables: Tables, now: number, capacity: number) => {
  for (const [token, record] of tables.tokens) {
    if (tables.tokens.size < capacity && record.expiresAt + retention > now) return
    tables.tokens.delete(token)
  }
}

export const iso = (millis: number): string => DateTime.formatIso(DateTime.makeUnsafe(millis))

type Kind = Pick<TokenRecord, "appId" | "installation" | "organizationId" | "permissions">

/** Makes an access token that lives `life` ms. The prefix of organization tokens is nowhere to be seen; a user's is `cru_`. */
const issue = Effect.fnUntraced(function* (kind: Kind, life: number, prefix = "crs_") {
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

/** A token an admin makes for the organization, with permissions of its own (Authenticate as an organization). */
export const forOrganization = (organizationId: string, permissions: Permissions, life: number) =>
  issue({ appId: undefined, installation: undefined, organizationId, permissions }, life)

/** A token a user makes in the user settings (Authentication). */
export const forUser = (life: number) =>
  issue({ appId: undefined, installation: undefined, organizationId: undefined, permissions: {} }, life, "cru_")

/** Makes an access token: for an installation when one is given, else for the app itself. */
export const mint = Effect.fnUntraced(function* (app: AppRecord, installation?: InstallationRecord) {
  const behaviour = yield* Ref.get((yield* World).behaviour)
  const life = installation === undefined ? behaviour.appTokenLife : behaviour.installationTokenLife
  const kind = {
    appId: app.appId,
    installation,
    organizationId: installation?.organizationId,
    permissions: installation?.permissions ?? app.permissions
  }
  return { ...(yield* issue(kind, Duration.toMillis(life))), appId: app.appId }
})

/** Why an access token is not accepted, or the token. */
export const lookup = Effect.fnUntraced(function* (credential: string) {
  const world = yield* World
  const record = (yield* Ref.get(world.tables)).tokens.get(credential)
  const now = yield* world.now
  if (record === undefined || now < record.usableFrom) return "Access token is invalid"
  if (now >= record.expiresAt) return "Access token has expired"
  return record
})

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

/** Ends every token for which `doomed` holds. */
export const remove = (tables: Tables, doomed: (record: TokenRecord) => boolean) => {
  for (const [token, record] of tables.tokens) if (doomed(record)) tables.tokens.delete(token)
}
