import * as Option from "effect/Option"
import type { AnyPermissionLevel, Permissions } from "../domain/Permissions.ts"

/** A permission that was not granted, or at too low a level. */
export interface MissingPermission {
  readonly name: string
  readonly required: AnyPermissionLevel
  readonly granted: Option.Option<AnyPermissionLevel>
}

/** One level is a single text on the wire, so each has to include the ones before it (`Permissions`). */
const order: ReadonlyArray<AnyPermissionLevel> = ["VIEW", "REQUEST", "WRITE"]

/** A level nobody knows is only enough for itself. */
const suffices = (granted: AnyPermissionLevel, required: AnyPermissionLevel) =>
  granted === required || (order.includes(required) && order.indexOf(granted) > order.indexOf(required))

export const missingPermissions = (required: Permissions, granted: Permissions): ReadonlyArray<MissingPermission> =>
  Object.entries(required)
    .map(([name, level]) => ({
      name,
      required: level,
      granted: Object.hasOwn(granted, name) ? Option.fromUndefinedOr(granted[name]) : Option.none()
    }))
    .filter(({ granted, required }) => !Option.exists(granted, (level) => suffices(level, required)))
