/**
 * What an organization lets an app do there: a partial map from permission name to level.
 *
 * A permission that was not granted has no key. Names and levels are open sets, since the registry counts new enum
 * values as compatible (`API Versions`): the known ones are typed, the others are kept as they came.
 *
 * @module
 */
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Rec from "effect/Record"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

// Marked as pure: a program that does not use the two schemas bundles neither.

/**
 * The permission names of `Permissions` (Registering an ICR app).
 *
 * @category schemas
 * @since 0.1.0
 */
export const PermissionName = /* @__PURE__ */ Schema.Literals([
  "organization_info",
  "organization_members",
  "organization_projects",
  "organization_inventory",
  "organization_warehouse",
  "examiner"
])
/**
 * The permission names of `Permissions` (Registering an ICR app).
 *
 * @category models
 * @since 0.1.0
 */
export type PermissionName = typeof PermissionName.Type

/** One level is a single text on the wire, so each has to include the ones before it (`Permissions`). */
const levels = ["VIEW", "REQUEST", "WRITE"] as const

/**
 * The levels seen on the wire. `REQUEST` and `WRITE` include reading.
 *
 * @category schemas
 * @since 0.1.0
 */
export const PermissionLevel = /* @__PURE__ */ Schema.Literals(levels)
/**
 * The levels seen on the wire. `REQUEST` and `WRITE` include reading.
 *
 * @category models
 * @since 0.1.0
 */
export type PermissionLevel = typeof PermissionLevel.Type

/**
 * `(string & {})` keeps completion for the known levels while any other string is still welcome.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyPermissionLevel = PermissionLevel | (string & {})

/**
 * Name → level, only for what was granted.
 *
 * @category models
 * @since 0.1.0
 */
export type Permissions = { readonly [Name in PermissionName]?: AnyPermissionLevel } & {
  readonly [name: string]: AnyPermissionLevel
}

/**
 * Name → level, only for what was granted: a level that is no text, such as null, is the same as no key.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Permissions: Schema.Codec<Permissions, { readonly [name: string]: unknown }> = Schema.Record(
  Schema.String,
  Schema.Unknown
).pipe(
  Schema.decodeTo(Schema.Record(Schema.String, Schema.String), {
    decode: SchemaGetter.transform((levels) => Rec.filter(levels, Predicate.isString)),
    encode: SchemaGetter.passthroughSubtype()
  })
)

/**
 * A permission that was not granted, or at too low a level.
 *
 * @category models
 * @since 0.1.0
 */
export interface MissingPermission {
  readonly name: string
  readonly required: AnyPermissionLevel
  readonly granted: Option.Option<AnyPermissionLevel>
}

const order: ReadonlyArray<AnyPermissionLevel> = levels

/** Whether a granted level includes the required one. An unknown level includes only itself. */
const suffices = (granted: AnyPermissionLevel, required: AnyPermissionLevel) =>
  granted === required || (order.includes(required) && order.indexOf(granted) > order.indexOf(required))

/**
 * What `required` asks for beyond what was granted; empty when all is granted.
 *
 * ```ts
 * import { missingPermissions } from "@effect-icr/app/domain/Permissions"
 * import * as assert from "node:assert"
 *
 * const granted = { organization_info: "VIEW", organization_warehouse: "WRITE" }
 * assert.deepStrictEqual(missingPermissions({ organization_warehouse: "VIEW" }, granted), []) // WRITE includes VIEW
 * const [missing] = missingPermissions({ organization_inventory: "REQUEST" }, granted)
 * assert.strictEqual(missing?.name, "organization_inventory")
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const missingPermissions = (required: Permissions, granted: Permissions): ReadonlyArray<MissingPermission> =>
  Object.entries(required)
    .map(([name, level]) => ({
      name,
      required: level,
      granted: Object.hasOwn(granted, name) ? Option.fromUndefinedOr(granted[name]) : Option.none()
    }))
    .filter(({ granted, required }) => !Option.exists(granted, (level) => suffices(level, required)))
