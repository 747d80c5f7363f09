/** The types of the `InstallFlow` service. */
import type { Installation } from "@effect-icr/app/domain/Installation"
import type { Organization } from "@effect-icr/app/domain/Organization"
import type { MissingPermission, Permissions } from "@effect-icr/app/domain/Permissions"
import type { IcrError } from "@effect-icr/app/IcrError"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type { InstallError } from "../InstallError.ts"
import type { Secrets } from "../../mac/internal/secrets.ts"

/**
 * What a link to the install page is made of.
 *
 * @category options
 * @since 0.1.0
 */
export interface InstallUrlOptions {
  /** The app's name id from the dashboard, such as `app1`. */
  readonly appNameId: string
  /** Identifies this browser session, such as its cookie's value. Only a digest of it travels. Blank or undefined is refused. */
  readonly session: string | Redacted.Redacted
  /**
   * A text that the program gets back from the callback, such as a path. The person can read it. At most 2,000 bytes, as JSON
   * and UTF-8 write it: 2,000 plain letters, 1,000 quotes, 666 letters of three bytes.
   */
  readonly state?: string | undefined
  /** Which callback URL to use. It has to be on the app's allow list: the registry ignores any other silently. */
  readonly redirectUri?: string | URL | undefined
}

/**
 * What a callback has to agree with.
 *
 * @category options
 * @since 0.1.0
 */
export interface CallbackOptions {
  /** The same as for `installUrl`. */
  readonly session: string | Redacted.Redacted
  /** The levels the program needs, such as `{ organization_inventory: "REQUEST" }`. */
  readonly required?: Permissions | undefined
}

/**
 * A callback that was verified.
 *
 * @category models
 * @since 0.1.0
 */
export interface Verified {
  readonly installation: Installation
  readonly organization: Organization
  /** What the organization granted. */
  readonly permissions: Permissions
  /** What `required` asks for beyond that; empty when all is granted. */
  readonly missing: ReadonlyArray<MissingPermission>
  /**
   * Whether the installation was made after the link: by this person, as far as a callback can tell. The clocks of the
   * registry and of this fleet may differ, so an installation made up to `clockTolerance` before the link counts too. That
   * leaves an attack open: whoever learns the id of an installation within that time after somebody else made it can begin
   * a flow of his own and call the callback with that id. Never link an installation that is linked already.
   *
   * Under a test clock that begins in 1970, such as that of `@effect/vitest`, it is always true: set the clock first.
   */
  readonly installedAfterLink: boolean
  /** What `installUrl` was given as `state`. */
  readonly state: Option.Option<string>
  /** The callback's own `event`; no page lists its values, and it is not verified. */
  readonly event: Option.Option<string>
}

/**
 * Leads a person to the install page and verifies the callback.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /**
   * The link for the button. Fails with `InvalidRequest` on a session that is blank or undefined, a bad name id, a `state`
   * that is too long or a bad `redirectUri`.
   */
  readonly installUrl: (options: InstallUrlOptions) => Effect.Effect<URL, IcrError>
  /**
   * The installation behind a callback. `url` is the request's, whole or from its path on. Fails with `InstallError` (its
   * `kind` says why), or with the reason `InstallationNotFound` when the registry does not know the installation. A state is
   * used up unless the failure is one that may pass, such as an outage.
   *
   * The installation's cached token is dropped, since the person may just have granted more than it contains. What is
   * remembered of missing permissions is dropped with it.
   */
  readonly verifyCallback: (
    url: string | URL,
    options: CallbackOptions
  ) => Effect.Effect<Verified, InstallError | IcrError>
}

/**
 * How the flow is secured, and where the install page is.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * What states are signed with: a random text of at least 32 characters, the same on every machine, known to nobody else;
   * not the webhook secret, which the registry knows. Several during a rotation, the current one first. Default: that of
   * `ICR_STATE_SECRET`.
   */
  readonly stateSecret?: Secrets | undefined
  /** How long a person may take; default 15 minutes. */
  readonly stateLife?: Duration.Input | undefined
  /**
   * How far the clocks of the registry and of the machines of this fleet may differ; default 1 minute. The smaller, the less
   * `installedAfterLink` lets pass; with 0, a fleet whose clocks differ calls some new installations old.
   */
  readonly clockTolerance?: Duration.Input | undefined
  /** Where the install page is. Default: that of the environment, else the API's address. */
  readonly uiBaseUrl?: string | URL | undefined
}
