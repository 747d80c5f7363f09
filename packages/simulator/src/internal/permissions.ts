/** Checks the permissions of a token. */
import * as Effect from "effect/Effect"
import type { Behaviour } from "../Behaviour.ts"
import { forbidden } from "../ErrorBody.ts"
import { type Permissions } from "../Wire.ts"
import type { TokenRecord } from "./Tables.ts"

/** A permission that an endpoint requires, as the endpoint pages write it. */
export type Scope =
  | "organization_info:read"
  | "organization_inventory:read"
  | "organization_inventory:request"
  | "organization_inventory:read_write"
  | "organization_warehouse:read"
  | "organization_warehouse:write"
  | "examiner:read"

/** A permission has one level, so every level includes reading and `WRITE` includes the rest (Permissions). */
const allows = (granted: Permissions, scope: Scope): boolean => {
  const [name = "", wanted] = scope.split(":")
  const level = granted[name]
  return level !== undefined && (wanted === "read" || level === "WRITE" || level.toLowerCase() === wanted)
}

/** Permissions that a token gives now. */
export const granted = ({ installation, permissions }: TokenRecord, { tokenPermissions }: Behaviour): Permissions =>
  tokenPermissions === "current" && installation !== undefined ? installation.permissions : permissions

/** Fails with a 403 that names the permission unless the token has it. */
export const demand = (scope: Scope, token: TokenRecord, behaviour: Behaviour) =>
  allows(granted(token, behaviour), scope) ? Effect.void : Effect.fail(forbidden(`Permission ${scope} is required`))
