/**
 * Where the registry's documents are silent or contradict each other, a simulator has to choose. Every such choice is a
 * switch here, with the default the evidence speaks for. {@link profiles} are three settings of all of them.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Life } from "./internal/bounds.ts"
import { SimulatorError } from "./SimulatorError.ts"

const RefusalStatus = Schema.Literals([401, 403])

/** All switches. Durations lie between 0 and 10 years and are given in milliseconds in JSON. */
export const Behaviour = Schema.Struct({
  /** Life of an installation access token. Two hours by the prose of "Authenticate as an installation". */
  installationTokenLife: Life,
  /** Life of an app access token. No page states it; the only example spans 31 days (Apps, v0.5). */
  appTokenLife: Life,
  /** A new token is refused for this long, as if it had not reached every server yet. Default none. */
  freshTokenDelay: Life,

  /** Status for a missing, unknown, expired or revoked access token. The sandbox was seen to answer 403. */
  refusedTokenStatus: RefusalStatus,
  /** Status for a JWT that is missing, malformed, expired, over-long or wrongly signed. No page states it. */
  refusedJwtStatus: RefusalStatus,
  /** How far ahead of now `exp` may lie. 10 minutes (Generate a JWT). */
  jwtMaxLife: Life,
  /** Tolerance for the clocks of the two sides, in both directions. */
  jwtClockTolerance: Life,
  /** Where the 10 minutes start. From `iat` refuses the 660 seconds that the registry's own demo app signs. */
  jwtSpanFrom: Schema.Literals(["now", "iat"]),
  /** The claim `alg`, which "Generate a JWT" lists beside the ordinary header: left alone, or `RS256` when present. */
  jwtAlgClaim: Schema.Literals(["ignored", "checked"]),
  /** "Generate a JWT" calls `/projects` with the app JWT; the other pages keep JWTs to the app endpoints. */
  jwtOnProjects: Schema.Boolean,

  /** Number of the first page in requests. Every sample asks for `page=0` first. */
  firstPage: Schema.Literals([0, 1]),
  /** Largest page. The project list was seen to return at most 50. */
  pageCap: Schema.Int.check(Schema.isGreaterThan(0)),
  /** A `limit` above the cap: cut down to it, or answered with 400. */
  overPageCap: Schema.Literals(["clamp", "refuse"]),
  /** `limit` or `page` omitted. Labelled required, yet the registry's own demo app sends neither: 10 and first page. */
  missingPaging: Schema.Literals(["default", "refuse"]),
  /** `pageCount`: the number of pages, or the number of items on this page. The example fits both. */
  pageCount: Schema.Literals(["pages", "items"]),
  /** `nextPage` on the last page: null, left out, or the last page's own number. No page says. */
  nextPageAtEnd: Schema.Literals(["null", "absent", "same"]),
  /** Order of the installation list. No page says. */
  installationOrder: Schema.Literals(["oldestFirst", "newestFirst"]),
  /** The list holds "all active installations" (Apps, v0.5): without or with the suspended ones. */
  listSuspended: Schema.Boolean,

  /** Supported values of `x-icr-api-version`, oldest first (API versions). Anything else is answered with 400. */
  apiVersions: Schema.NonEmptyArray(Schema.String),
  /** Header left out: the first supported version (Apps, v0.5), the last (API versions), or 400. */
  missingVersion: Schema.Literals(["oldest", "newest", "refuse"]),

  /** A live token's permissions: those at its minting, or the installation's at the time of the call. No page says. */
  tokenPermissions: Schema.Literals(["minted", "current"]),
  /** Whether `DELETE /app/installations/token` also takes an app access token. No page says. */
  revokeAppTokens: Schema.Boolean,
  /** `POST /app/create/user/organization`: on the older Apps page only, still used by the registry's own demo app. */
  createUserOrganization: Schema.Boolean,
  /** Status of a credit request that was taken. No page says; 201 is what a POST gets where nobody thought of it. */
  createdRequestStatus: Schema.Literals([200, 201]),
  /**
   * The shape of data: as printed, or as real payloads were seen (null industries, empty strings, `undefined/` addresses,
   * partial permissions).
   */
  data: Schema.Literals(["printed", "seen"])
})
export type Behaviour = typeof Behaviour.Type

const validate = Schema.decodeUnknownEffect(Schema.toType(Behaviour))

/** `base` with some switches changed; a value that no switch takes is refused. */
export const change = (base: Behaviour, changes: Partial<Behaviour>): Effect.Effect<Behaviour, SimulatorError> =>
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
  apiVersions: ["2023-06-16"],
  missingVersion: "oldest",
  tokenPermissions: "minted",
  revokeAppTokens: true,
  createUserOrganization: true,
  createdRequestStatus: 201,
  data: "printed"
}

/**
 * - `documented` (default): the pages as printed, the table of defaults above.
 * - `observed`: the same rules, with data as real payloads look and the JWT taken on `/projects`.
 * - `strict`: refuses everything that a careful server may refuse.
 */
export const profiles = {
  documented,
  observed: { ...documented, data: "seen", jwtOnProjects: true, nextPageAtEnd: "absent" },
  strict: {
    ...documented,
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

export type Profile = keyof typeof profiles
