/**
 * Switches for everything that the registry's documents leave open or contradict themselves about.
 *
 * Each switch says which evidence its default rests on; titles in parentheses name pages of the registry's
 * documentation. {@link profiles} holds three settings of all switches.
 *
 * ```ts
 * import { changeBehaviour, profiles } from "@effect-icr/simulator/Behaviour"
 * import { Simulator } from "@effect-icr/simulator/Simulator"
 * import { Duration, Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const { control } = yield* Simulator
 *   yield* control.setBehaviour({ refusedTokenStatus: 401 }) // while it runs
 *   return yield* changeBehaviour(profiles.strict, { installationTokenLife: Duration.seconds(2) })
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.provide(Simulator.layerWith({ profile: "observed" }))))
 * ```
 *
 * @module
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Life } from "./internal/bounds.ts"
import { creditSwitches, documentedCredits, strictCredits } from "./internal/credits/switches.ts"
import { SimulatorError } from "./SimulatorError.ts"

const RefusalStatus = Schema.Literals([401, 403])

/**
 * All switches. Durations lie between 0 and 10 years and are milliseconds in JSON.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Behaviour = Schema.Struct({
  /** Lifetime of an installation access token. Two hours by the prose of "Authenticate as an installation". */
  installationTokenLife: Life,
  /** Lifetime of an app access token. No page states it; the only example spans 31 days (Apps, v0.5). */
  appTokenLife: Life,
  /** How long a new token is refused, as if it had not reached every server yet. Default 0. */
  freshTokenDelay: Life,

  /** Status for a missing, unknown, expired or revoked access token. The real sandbox answered 403. */
  refusedTokenStatus: RefusalStatus,
  /** Status for a JWT that is missing, malformed, expired, over-long or wrongly signed. No page states it. */
  refusedJwtStatus: RefusalStatus,
  /** How far ahead of now `exp` may lie. 10 minutes (Generate a JWT). */
  jwtMaxLife: Life,
  /** Tolerance for the clocks of the two sides, in both directions. */
  jwtClockTolerance: Life,
  /** Start of the 10 minutes. `iat` refuses the 660 seconds that the registry's own demo app signs. */
  jwtSpanFrom: Schema.Literals(["now", "iat"]),
  /** Whether a claim `alg`, which "Generate a JWT" lists besides the header, must be `RS256` when present. */
  jwtAlgClaim: Schema.Literals(["ignored", "checked"]),
  /**
   * Whether `/projects` takes an app JWT. "Generate a JWT" sends one; the other pages keep JWTs to the app endpoints.
   */
  jwtOnProjects: Schema.Boolean,

  /** Number of the first page in requests. Every sample asks for `page=0` first. */
  firstPage: Schema.Literals([0, 1]),
  /** Largest page. The real project list returned at most 50 items. */
  pageCap: Schema.Int.check(Schema.isGreaterThan(0)),
  /** Whether a `limit` above the cap is reduced to the cap or answered with 400. */
  overPageCap: Schema.Literals(["clamp", "refuse"]),
  /**
   * What an omitted `limit` or `page` means: 10 and the first page, or 400. Both are labelled required, yet the
   * registry's own demo app sends neither.
   */
  missingPaging: Schema.Literals(["default", "refuse"]),
  /** Whether `pageCount` is the number of pages or of items on this page. The example fits both. */
  pageCount: Schema.Literals(["pages", "items"]),
  /** `nextPage` on the last page: null, omitted, or the last page's own number. Not documented. */
  nextPageAtEnd: Schema.Literals(["null", "absent", "same"]),
  /** Order of the installation list. Not documented. */
  installationOrder: Schema.Literals(["oldestFirst", "newestFirst"]),
  /** Whether the installation list, "all active installations" (Apps, v0.5), includes suspended ones. */
  listSuspended: Schema.Boolean,

  /**
   * Where a request says its version: in `x-icr-api-version` (API versions, and every endpoint page), in the path, as
   * `/v0.5/projects` (Versions, the newer page), or either. With `path`, the header is ignored, and a path without a version is
   * answered with 404, since the newer page does not say with what. Only `header` does without `/v0.5/openapi`.
   */
  versionIn: Schema.Literals(["header", "path", "both"]),
  /** Supported values of `x-icr-api-version`, oldest first (API versions). Other values are answered with 400. */
  apiVersions: Schema.NonEmptyArray(Schema.String),
  /** What an omitted version header means: the first version (Apps, v0.5), the last (API versions), or 400. */
  missingVersion: Schema.Literals(["oldest", "newest", "refuse"]),

  /** Permissions of a token: those at its creation, or the installation's at the time of the call. Not documented. */
  tokenPermissions: Schema.Literals(["issued", "current"]),
  /** Whether `DELETE /app/installations/token` also takes an app access token. Not documented. */
  revokeAppTokens: Schema.Boolean,
  /**
   * Whether `POST /app/create/user/organization` exists. Only the older Apps page has it; the registry's own demo app
   * still uses it.
   */
  createUserOrganization: Schema.Boolean,
  ...creditSwitches,
  /**
   * Shape of the data: as printed in the documents, or as in real payloads (null industries, empty strings,
   * `undefined/` addresses, partial permissions).
   */
  data: Schema.Literals(["printed", "seen"])
})

/**
 * A setting of all switches.
 *
 * @since 0.1.0
 * @category models
 */
export type Behaviour = typeof Behaviour.Type

const validate = Schema.decodeUnknownEffect(Schema.toType(Behaviour))

/**
 * Returns `base` with some switches changed. Fails when a switch does not take the given value.
 *
 * @since 0.1.0
 * @category combinators
 */
export const changeBehaviour = (
  base: Behaviour,
  changes: Partial<Behaviour>
): Effect.Effect<Behaviour, SimulatorError> =>
  validate({ ...base, ...changes }).pipe(
    Effect.mapError(({ message }) => new SimulatorError({ message: `behaviour: ${message}` }))
  )

const documented: Behaviour = {
  installationTokenLife: Duration.hours(2),
  appTokenLife: Duration.days(31),
  freshTokenDelay: Duration.zero,
  refusedTokenStatus: 403,
  refusedJwtStatus: 401,
  jwtMaxLife: Duration.minutes(10),
  jwtClockTolerance: Duration.seconds(5),
  jwtSpanFrom: "now",
  jwtAlgClaim: "ignored",
  jwtOnProjects: false,
  firstPage: 0,
  pageCap: 50,
  overPageCap: "clamp",
  missingPaging: "default",
  pageCount: "pages",
  nextPageAtEnd: "null",
  installationOrder: "oldestFirst",
  listSuspended: false,
  versionIn: "both",
  apiVersions: ["2023-06-16"],
  missingVersion: "oldest",
  tokenPermissions: "issued",
  revokeAppTokens: true,
  createUserOrganization: true,
  ...documentedCredits,
  data: "printed"
}

/**
 * Three settings of all switches:
 *
 * - `documented` (default): the pages as printed.
 * - `observed`: the same rules, with data as in real payloads and the JWT accepted on `/projects`.
 * - `strict`: refuses everything that a careful server may refuse.
 *
 * @since 0.1.0
 * @category constructors
 */
export const profiles = {
  documented,
  observed: { ...documented, data: "seen", jwtOnProjects: true, nextPageAtEnd: "absent", requestStates: "capital" },
  strict: {
    ...documented,
    ...strictCredits,
    refusedTokenStatus: 401,
    jwtClockTolerance: Duration.zero,
    jwtSpanFrom: "iat",
    jwtAlgClaim: "checked",
    overPageCap: "refuse",
    missingPaging: "refuse",
    missingVersion: "refuse",
    tokenPermissions: "current",
    revokeAppTokens: false,
    createUserOrganization: false
  }
} as const satisfies Record<string, Behaviour>

/**
 * Name of a setting in {@link profiles}.
 *
 * @since 0.1.0
 * @category models
 */
export type Profile = keyof typeof profiles
