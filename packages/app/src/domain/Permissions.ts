/**
 * What an organization lets an app do there: a partial map from permission name to level.
 *
 * A permission that was not granted has no key. Names and levels are open sets, since the registry counts new enum
 * values as compatible (`API Versions`): the known ones are typed, the others are kept as they came.
 */
import * as Predicate from "effect/Predicate"
import * as Rec from "effect/Record"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { quick } from "../internal/quick.ts"

/** The permission names of `Permissions` (Registering an ICR app). */
export const PermissionName = Schema.Literals([
  "organization_info",
  "organization_members",
  "organization_projects",
  "organization_inventory",
  "organization_warehouse",
  "examiner"
])
/** The permission names of `Permissions` (Registering an ICR app). */
export type PermissionName = typeof PermissionName.Type

/** The levels seen on the wire. `REQUEST` and `WRITE` include reading. */
export const PermissionLevel = Schema.Literals(["VIEW", "REQUEST", "WRITE"])
/** The levels seen on the wire. `REQUEST` and `WRITE` include reading. */
export type PermissionLevel = typeof PermissionLevel.Type

/** `(string & {})` keeps completion for the known levels while any other string is still welcome. */
export type AnyPermissionLevel = PermissionLevel | (string & {})

/** Name → level, only for what was granted. */
export type Permissions = { readonly [Name in PermissionName]?: AnyPermissionLevel } & {
  readonly [name: string]: AnyPermissionLevel
}

/** Name → level, only for what was granted: a level that is no text, such as null, is the same as no key. */
export const Permissions: Schema.Codec<Permissions, { readonly [name: string]: string | null }> = quick(
  Schema.Any.pipe(
    Schema.decodeTo(Schema.Record(Schema.String, Schema.String), {
      // What is no level goes before the levels are checked, so that they are walked through once.
      decode: SchemaGetter.transform((levels) =>
        Predicate.isObject(levels) && Rec.some(levels, Predicate.not(Predicate.isString))
          ? Rec.filter(levels, Predicate.isString)
          : levels
      ),
      encode: SchemaGetter.transform((levels) => levels)
    })
  ),
  (levels) => (Predicate.isObject(levels) && Rec.every(levels, Predicate.isString) ? { ...levels } : undefined)
)
