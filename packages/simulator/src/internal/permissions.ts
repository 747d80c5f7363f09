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
  | "organization_warehouse:read"
  | "examiner:read"

/** A permission has one level, so every level includes reading and `WRITE` includes the rest (Permissions). */
const allows = (granted: Permissions, scope: Scope): boolean => {
  const [name = "", wanted] = scope.split(":")
  const level = granted[name]
  return level !== undefined && (wanted === "read" || level === "WRITE" || level.toLowerCase() === wanted)
}

/** Fails with a 403 that names the permission unless the token has it. */
export const demand = (scope: Scope, { installation, permissions }: TokenRecord, behaviour: Behaviour) => {
  const current = behaviour.tokenPermissions === "current" && installation !== undefined
  return allows(current ? installation.permissions : permissions, scope)
    ? Effect.void
    : Effect.fail(forbidden(`Permission ${scope} is required`))
}
