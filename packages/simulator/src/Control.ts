/**
 * What a test, or a person at the plain page, can do to the registry while it runs.
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Stream from "effect/Stream"
import type { Behaviour } from "./Behaviour.ts"
import type { Fault, FaultStep } from "./Fault.ts"
import type { RegistryEvent } from "./RegistryEvent.ts"
import type { RequestEntry } from "./RequestLog.ts"
import type { Route } from "./Route.ts"
import type { SimulatorError } from "./SimulatorError.ts"
import type { Webhooks } from "./Webhooks.ts"
import type { OrganizationType, Permissions } from "./Wire.ts"

/** An installation as the registry's own dashboard sees it. */
export interface InstallationView {
  readonly id: string
  readonly appId: string
  readonly organizationId: string
  readonly status: "active" | "suspended"
  readonly permissions: Permissions
  /** Asked for by the app, not yet approved or rejected. */
  readonly pending: Permissions | undefined
}

export interface TokenView {
  readonly id: string
  /** The value, masked but for its last four characters. */
  readonly masked: string
  /** Absent on the tokens that organizations and users make for themselves. */
  readonly appId: string | undefined
  readonly installationId: string | undefined
  /** Whose resources it opens. */
  readonly organizationId: string | undefined
  /** Milliseconds since 1970 on the registry's clock. */
  readonly expiresAt: number
}

export interface AppView {
  readonly appId: string
  readonly appNameId: string
  readonly installations: number
  readonly keyFingerprints: ReadonlyArray<string>
}

/** An app together with what its owner was given once. */
export interface AppCredentials {
  readonly appId: string
  readonly appNameId: string
  /** PKCS#8 PEM. */
  readonly privateKey: Redacted.Redacted<string>
  readonly webhookSecret: Redacted.Redacted<string>
}

export interface AppKey {
  /** SHA-256 of the public key, base64. */
  readonly fingerprint: string
  /** PKCS#8 PEM. The registry keeps the public half only. */
  readonly privateKey: Redacted.Redacted<string>
}

export interface Faults {
  /** The next exchanges on `route` (or on any route, `"*"`) meet these, one step each, in order; later scripts queue up. */
  readonly script: (route: Route | "*", steps: ReadonlyArray<FaultStep>) => Effect.Effect<void, SimulatorError>
  /**
   * Every exchange on `route` meets `fault` with this probability (0…1), drawn from the world's seed, after scripts have run
   * out. Several rules add up.
   */
  readonly probability: (
    route: Route | "*",
    probability: number,
    fault: Fault | ReadonlyArray<Fault>
  ) => Effect.Effect<void, SimulatorError>
  /** Scripts and probabilities are forgotten. */
  readonly clear: Effect.Effect<void>
  /** Script steps not yet used up. */
  readonly pending: Effect.Effect<number>
}

/** Ids are the wire's; an id nobody knows fails with `SimulatorError`. `appId` left out means the first app. */
export interface Control {
  readonly apps: Effect.Effect<ReadonlyArray<AppView>>
  readonly createApp: (appNameId: string) => Effect.Effect<AppCredentials, SimulatorError>
  /** Oldest first; all of them unless `limit` is given. */
  readonly installations: (options?: {
    readonly appId?: string | undefined
    readonly limit?: number | undefined
  }) => Effect.Effect<ReadonlyArray<InstallationView>, SimulatorError>
  /** Newest first, the expired ones of the last hour among them. */
  readonly tokens: Effect.Effect<ReadonlyArray<TokenView>>
  /**
   * A token as an organization's admin makes one in the dashboard, with permissions of its own and no app involved
   * (Authenticate as an organization). Its life is the admin's choice; default 1 year.
   */
  readonly createOrganizationToken: (options: {
    readonly organizationId: string
    readonly permissions: Permissions
    readonly life?: Duration.Input | undefined
  }) => Effect.Effect<Redacted.Redacted<string>, SimulatorError>
  /** A token as a user makes one in the user settings (Authentication); default life 1 year. */
  readonly createUserToken: (options?: {
    readonly life?: Duration.Input | undefined
  }) => Effect.Effect<Redacted.Redacted<string>, SimulatorError>

  /** Installs the app on an organization, a new one unless `organizationId` is given. */
  readonly install: (options?: {
    readonly appId?: string | undefined
    readonly organizationId?: string | undefined
    readonly organizationType?: OrganizationType | undefined
    readonly fullName?: string | undefined
    readonly permissions?: Permissions | undefined
  }) => Effect.Effect<InstallationView, SimulatorError>
  /** Permanent: the installation is gone, its tokens are dead (Review installations). */
  readonly uninstall: (installationId: string) => Effect.Effect<void, SimulatorError>
  /** Temporary: no new tokens, and living ones rest until `unsuspend` (Review installations). */
  readonly suspend: (installationId: string) => Effect.Effect<void, SimulatorError>
  readonly unsuspend: (installationId: string) => Effect.Effect<void, SimulatorError>
  /** Grants exactly these permissions, at once. */
  readonly setPermissions: (installationId: string, permissions: Permissions) => Effect.Effect<void, SimulatorError>
  /** The app asks for these from now on: new installations get them, present ones wait for approval. */
  readonly requestPermissions: (permissions: Permissions, appId?: string) => Effect.Effect<void, SimulatorError>
  readonly approvePermissions: (installationId: string) => Effect.Effect<void, SimulatorError>
  /** The installation keeps what it had (Approve new permissions). */
  readonly rejectPermissions: (installationId: string) => Effect.Effect<void, SimulatorError>

  /** What apps are told about, from the moment the stream runs. Nothing is kept for later. */
  readonly events: Stream.Stream<RegistryEvent>
  /** The deliveries that tell them. */
  readonly webhooks: Webhooks
  /** Where the install page may send the browser, the default first (Callback URL). */
  readonly setCallbackUrls: (urls: ReadonlyArray<string>, appId?: string) => Effect.Effect<void, SimulatorError>

  /** Registers one more key pair. */
  readonly addKey: (appId?: string) => Effect.Effect<AppKey, SimulatorError>
  /** Registers a public key (PEM) whose private half is elsewhere, in a KMS for instance; gives its fingerprint. */
  readonly addPublicKey: (pem: string, appId?: string) => Effect.Effect<string, SimulatorError>
  /** A new key pair; every older key is revoked. */
  readonly rotateKey: (appId?: string) => Effect.Effect<AppKey, SimulatorError>
  readonly revokeKey: (fingerprint: string, appId?: string) => Effect.Effect<void, SimulatorError>
  readonly keys: (appId?: string) => Effect.Effect<ReadonlyArray<string>, SimulatorError>

  /** Ends one token: its value or its id. */
  readonly revokeToken: (token: string | Redacted.Redacted<string>) => Effect.Effect<void, SimulatorError>
  /** Every token now living has ended. */
  readonly expireAllTokens: Effect.Effect<void>
  /**
   * Puts the registry's clock this far ahead of Effect's (negative: behind). Not added to an earlier skew; at most 10
   * years.
   */
  readonly skewClock: (by: Duration.Input) => Effect.Effect<void, SimulatorError>

  readonly behaviour: Effect.Effect<Behaviour>
  readonly setBehaviour: (changes: Partial<Behaviour>) => Effect.Effect<void, SimulatorError>
  readonly faults: Faults

  /** The last requests, oldest first, without secrets. Bounded by the option `requestLogSize`. */
  readonly requestLog: Effect.Effect<ReadonlyArray<RequestEntry>>
  /** Requests since the start or the last reset: on one route, or on all of them, unknown ones included. */
  readonly requestCount: (route?: Route) => Effect.Effect<number>
  /** Back to the first state: installations, keys, clock, switches; no tokens, faults, log and counts. */
  readonly reset: Effect.Effect<void>
}
