/**
 * Actions that change the registry while it runs: what an administrator of the registry, an organization or bad luck
 * can do. The same actions are offered over HTTP by `ControlApi`.
 *
 * @module
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Stream from "effect/Stream"
import type { Behaviour } from "./Behaviour.ts"
import type { CreditControl } from "./CreditControl.ts"
import type { Fault, FaultStep, PlannedFaults } from "./Fault.ts"
import type { RequestEntry } from "./RequestLog.ts"
import type { Route } from "./Route.ts"
import type { SimulatorError } from "./SimulatorError.ts"
import type { Webhooks } from "./Webhooks.ts"
import type { OrganizationType, Permissions } from "./Wire.ts"

/**
 * An installation as the registry's own dashboard shows it.
 *
 * @since 0.1.0
 * @category models
 */
export interface InstallationView {
  readonly id: string
  readonly appId: string
  readonly organizationId: string
  readonly status: "active" | "suspended"
  readonly permissions: Permissions
  /** Permissions that the app requests and nobody has approved or rejected yet. */
  readonly pending: Permissions | undefined
}

/**
 * An access token as the control shows it, without its value.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenView {
  readonly id: string
  /** The value with all but its first and last four characters masked. */
  readonly masked: string
  /** Absent on the tokens that organizations and users create for themselves. */
  readonly appId: string | undefined
  readonly installationId: string | undefined
  /** The organization whose resources the token gives access to. */
  readonly organizationId: string | undefined
  /** Milliseconds since 1970 on the registry's clock. */
  readonly expiresAt: number
}

/**
 * A registered app.
 *
 * @since 0.1.0
 * @category models
 */
export interface AppView {
  readonly appId: string
  readonly appNameId: string
  readonly installations: number
  readonly keyFingerprints: ReadonlyArray<string>
}

/**
 * An app with the credentials its owner receives once, at registration.
 *
 * @since 0.1.0
 * @category models
 */
export interface AppCredentials {
  readonly appId: string
  readonly appNameId: string
  /** PKCS#8 PEM. */
  readonly privateKey: Redacted.Redacted<string>
  readonly webhookSecret: Redacted.Redacted<string>
}

/**
 * A key pair at its creation.
 *
 * @since 0.1.0
 * @category models
 */
export interface AppKey {
  /** SHA-256 of the public key, base64. */
  readonly fingerprint: string
  /** PKCS#8 PEM. The registry keeps the public half only. */
  readonly privateKey: Redacted.Redacted<string>
}

/**
 * Plans faults, by script or by probability.
 *
 * @since 0.1.0
 * @category models
 */
export interface Faults {
  /** Applies one step to each following request on `route` (`"*"`: any route), in order. Later scripts queue up. */
  readonly script: (route: Route | "*", steps: ReadonlyArray<FaultStep>) => Effect.Effect<void, SimulatorError>
  /**
   * Applies `fault` to each request on `route` with this probability (0 to 1), once the scripts have run out. The seed
   * determines the draws. Several rules are drawn independently.
   */
  readonly probability: (
    route: Route | "*",
    probability: number,
    fault: Fault | ReadonlyArray<Fault>
  ) => Effect.Effect<void, SimulatorError>
  /** Removes all scripts and probabilities. */
  readonly clear: Effect.Effect<void>
  /** Number of script steps not yet used. */
  readonly pending: Effect.Effect<number>
  /** What is planned: the scripts' steps not yet used, and the probabilities. */
  readonly planned: Effect.Effect<PlannedFaults>
}

/**
 * Something that the registry notifies an app of (Webhook actions and payloads).
 *
 * @since 0.1.0
 * @category models
 */
export interface RegistryEvent {
  readonly event: "installed" | "uninstalled" | "suspended" | "unsuspended" | "newPermissionsAccepted"
  /** Milliseconds since 1970 on the registry's clock. */
  readonly at: number
  /** The installation after the change, or its last state when it was uninstalled. */
  readonly installation: InstallationView
}

/**
 * Which installations to list.
 *
 * @since 0.1.0
 * @category options
 */
export interface InstallationsOptions {
  readonly appId?: string | undefined
  /** Largest number of installations returned. */
  readonly limit?: number | undefined
}

/**
 * Which installation to make.
 *
 * @since 0.1.0
 * @category options
 */
export interface InstallOptions {
  readonly appId?: string | undefined
  /** An existing organization. */
  readonly organizationId?: string | undefined
  /**
   * Type of a new organization. Default `marketParticipant` when `fullName` is given, else it follows from the
   * organization's number.
   */
  readonly organizationType?: OrganizationType | undefined
  /** Name of a new organization. */
  readonly fullName?: string | undefined
  /** Default: what the app requests. */
  readonly permissions?: Permissions | undefined
}

/**
 * The token of an organization.
 *
 * @since 0.1.0
 * @category options
 */
export interface OrganizationTokenOptions {
  readonly organizationId: string
  readonly permissions: Permissions
  /** Default 1 year, at most 10. */
  readonly life?: Duration.Input | undefined
}

/**
 * The token of a user.
 *
 * @since 0.1.0
 * @category options
 */
export interface UserTokenOptions {
  /** Default 1 year, at most 10. */
  readonly life?: Duration.Input | undefined
}

/**
 * All control actions. An unknown id fails with `SimulatorError`. An omitted `appId` means the first app.
 *
 * @since 0.1.0
 * @category models
 */
export interface Control {
  /** All registered apps. */
  readonly apps: Effect.Effect<ReadonlyArray<AppView>>
  /** Registers an app with a new key pair and webhook secret. */
  readonly createApp: (appNameId: string) => Effect.Effect<AppCredentials, SimulatorError>
  /** Installations of an app, oldest first; all of them unless `limit` is given. */
  readonly installations: (
    options?: InstallationsOptions
  ) => Effect.Effect<ReadonlyArray<InstallationView>, SimulatorError>
  /** Access tokens, newest first, including those that expired within the last hour. */
  readonly tokens: Effect.Effect<ReadonlyArray<TokenView>>
  /**
   * Creates a token as an organization's administrator does in the dashboard, with its own permissions and no app
   * involved (Authenticate as an organization). Default lifetime 1 year.
   */
  readonly createOrganizationToken: (
    options: OrganizationTokenOptions
  ) => Effect.Effect<Redacted.Redacted<string>, SimulatorError>
  /** Creates a token as a user does in the user settings (Authentication). Default lifetime 1 year. */
  readonly createUserToken: (options?: UserTokenOptions) => Effect.Effect<Redacted.Redacted<string>, SimulatorError>

  /** Installs the app on an organization: a new one unless `organizationId` is given. */
  readonly install: (options?: InstallOptions) => Effect.Effect<InstallationView, SimulatorError>
  /** Removes the installation for good and ends its tokens (Review installations). */
  readonly uninstall: (installationId: string) => Effect.Effect<void, SimulatorError>
  /** Refuses new tokens and pauses existing ones until `unsuspend` (Review installations). */
  readonly suspend: (installationId: string) => Effect.Effect<void, SimulatorError>
  /** Ends a suspension; existing tokens work again. */
  readonly unsuspend: (installationId: string) => Effect.Effect<void, SimulatorError>
  /** Replaces the granted permissions at once and drops a pending request. Sends no event. */
  readonly setPermissions: (installationId: string, permissions: Permissions) => Effect.Effect<void, SimulatorError>
  /** Changes what the app requests: new installations are granted it, existing ones await approval. */
  readonly requestPermissions: (permissions: Permissions, appId?: string) => Effect.Effect<void, SimulatorError>
  /** Grants the pending permissions (Approve new permissions). */
  readonly approvePermissions: (installationId: string) => Effect.Effect<void, SimulatorError>
  /** Drops the pending permissions; the granted ones stay (Approve new permissions). */
  readonly rejectPermissions: (installationId: string) => Effect.Effect<void, SimulatorError>

  /** Events as apps are notified of them, from the moment the stream runs. Earlier events are not replayed. */
  readonly events: Stream.Stream<RegistryEvent>
  /** Decides on credit requests and shows the books of all credits. */
  readonly credits: CreditControl
  /** Controls the webhook deliveries. */
  readonly webhooks: Webhooks
  /** Sets where the install page may redirect the browser; the first is the default (Callback URL). */
  readonly setCallbackUrls: (urls: ReadonlyArray<string>, appId?: string) => Effect.Effect<void, SimulatorError>

  /** Registers an additional key pair. */
  readonly addKey: (appId?: string) => Effect.Effect<AppKey, SimulatorError>
  /** Registers a public key (PEM) whose private half is elsewhere, such as in a KMS, and returns its fingerprint. */
  readonly addPublicKey: (pem: string, appId?: string) => Effect.Effect<string, SimulatorError>
  /** Registers a new key pair and revokes every older key. */
  readonly rotateKey: (appId?: string) => Effect.Effect<AppKey, SimulatorError>
  /** Revokes the key with this fingerprint. */
  readonly revokeKey: (fingerprint: string, appId?: string) => Effect.Effect<void, SimulatorError>
  /** Fingerprints of the app's keys. */
  readonly keys: (appId?: string) => Effect.Effect<ReadonlyArray<string>, SimulatorError>

  /** Ends one token, given by its value or its id. */
  readonly revokeToken: (token: string | Redacted.Redacted<string>) => Effect.Effect<void, SimulatorError>
  /** Ends every existing token. */
  readonly expireAllTokens: Effect.Effect<void>
  /**
   * Sets how far the registry's clock is ahead of Effect's `Clock` (negative: behind), at most 10 years. Replaces an
   * earlier skew.
   */
  readonly skewClock: (by: Duration.Input) => Effect.Effect<void, SimulatorError>

  /** The current setting of all switches. */
  readonly behaviour: Effect.Effect<Behaviour>
  /** Changes some switches. */
  readonly setBehaviour: (changes: Partial<Behaviour>) => Effect.Effect<void, SimulatorError>
  /** Plans faults. */
  readonly faults: Faults

  /** The last requests, oldest first, without secrets. The option `requestLogSize` bounds their number. */
  readonly requestLog: Effect.Effect<ReadonlyArray<RequestEntry>>
  /** Number of requests since the start or the last reset, on one route or in all, unknown routes included. */
  readonly requestCount: (route?: Route) => Effect.Effect<number>
  /** Restores the initial installations, keys, clock and switches; removes tokens, faults, log and counts. */
  readonly reset: Effect.Effect<void>
}
