import * as Effect from "effect/Effect"
import type { Behaviour } from "../Behaviour.ts"
import { forbidden, type Permissions } from "../Wire.ts"
import type { TokenRecord } from "./Tables.ts"

/** What an endpoint asks for, as the endpoint pages write it. */
export type Scope =
  | "organization_info:read"
  | "organization_inventory:read"
  | "organization_inventory:request"
  | "organization_warehouse:read"
  | "examiner:read"

/** There is one level for each permission, so every level includes reading and `WRITE` includes the rest (Permissions). */
const allows = (granted: Permissions, scope: Scope): boolean => {
  const [name = "", wanted] = scope.split(":")
  const level = granted[name]
  return level !== undefined && (wanted === "read" || level === "WRITE" || level.toLowerCase() === wanted)
}

/** 403 with the missing permission's name, unless the token has it. */
export const demand = (scope: Scope, { installation, permissions }: TokenRecord, behaviour: Behaviour) => {
  const current = behaviour.tokenPermissions === "current" && installation !== undefined
  return allows(current ? installation.permissions : permissions, scope)
    ? Effect.void
    : Effect.fail(forbidden(`Permission ${scope} is required`))
}
