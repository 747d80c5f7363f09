/**
 * The registry's identifiers: opaque, non-empty, and safe as one path segment.
 *
 * Real ids are UUIDs, but the documents also show `67890` and `1` (`Generate an app access token`, Apps v0.5), so no
 * form is demanded beyond what a URL needs. Whatever could change a path (`..`, `/`, `?`, `#`, `%`, blanks) is refused
 * here, before any request: one integrator's missing id once became `/app/installations/undefined/accessTokens`.
 *
 * @module
 */
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"

// `undefined`, `null` and `NaN` are what a forgotten value looks like once it is text.
const form = /^(?!(?:\.{1,2}|undefined|null|NaN)$)[\w.~:@+=,-]{1,200}$/
const expected = "an id of 1 to 200 characters without '/', '?', '#', '%' or blanks, other than '.' and '..'"
/**
 * A text that is safe as one path segment: what every id of the registry is.
 *
 * @category schemas
 * @since 0.1.0
 */
export const pathSegment = Schema.String.check(Schema.isPattern(form, { expected }))

/**
 * What is wrong with an id, for plain JavaScript and for values that were cast; undefined when nothing is. `name` is what it is
 * called in the answer.
 *
 * ```ts
 * import { idProblem } from "@effect-icr/app/domain/Ids"
 * import * as assert from "node:assert"
 *
 * assert.strictEqual(idProblem("67890"), undefined)
 * assert.match(idProblem("../admin") ?? "", /must be an id of 1 to 200 characters/)
 * ```
 *
 * @category guards
 * @since 0.1.0
 */
export const idProblem = (id: unknown, name = "the id"): string | undefined =>
  Predicate.isString(id) && form.test(id) ? undefined : `${name} must be ${expected}`

/** Effect's own `make` says only that validation failed; this one says of what, and what was expected. */
const explained = <S extends Schema.Codec<string, string>>(name: string, schema: S): S => {
  const make = SchemaParser.make(schema)
  return Object.defineProperty(schema, "make", {
    enumerable: true,
    value: (...[id, options]: Parameters<typeof make>) => {
      const problem = options?.disableChecks === true ? undefined : idProblem(id, name)
      if (problem !== undefined) throw new Error(problem)
      return make(id, options)
    }
  })
}

/**
 * The app's id from the dashboard, the `iss` of its JWT (`Generate a JWT`).
 *
 * @category schemas
 * @since 0.1.0
 */
export const AppId = explained("AppId", pathSegment.pipe(Schema.brand("AppId")))
/**
 * The app's id from the dashboard, the `iss` of its JWT (`Generate a JWT`).
 *
 * @category models
 * @since 0.1.0
 */
export type AppId = typeof AppId.Type

/**
 * One app on one organization (`Get an installation`, Apps v0.5).
 *
 * ```ts
 * import { InstallationId } from "@effect-icr/app"
 * import { Config, Effect, Schema } from "effect"
 * import * as assert from "node:assert"
 *
 * // a constant, which throws where it is wrong
 * InstallationId.make("123e4567-e89b-12d3-a456-426614174000")
 * // what comes from outside
 * const decode = Schema.decodeUnknownEffect(InstallationId)
 * assert.ok(await Effect.runPromise(Effect.isFailure(decode("../admin"))))
 * // configuration
 * Config.schema(InstallationId, "MY_INSTALLATION")
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const InstallationId = explained("InstallationId", pathSegment.pipe(Schema.brand("InstallationId")))
/**
 * One app on one organization (`Get an installation`, Apps v0.5).
 *
 * @category models
 * @since 0.1.0
 */
export type InstallationId = typeof InstallationId.Type

/**
 * The account that owns projects and credits (`Organizations`, v0.5).
 *
 * @category schemas
 * @since 0.1.0
 */
export const OrganizationId = explained("OrganizationId", pathSegment.pipe(Schema.brand("OrganizationId")))
/**
 * The account that owns projects and credits (`Organizations`, v0.5).
 *
 * @category models
 * @since 0.1.0
 */
export type OrganizationId = typeof OrganizationId.Type
