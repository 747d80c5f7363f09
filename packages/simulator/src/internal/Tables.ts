/**
 * The registry's tables: apps, installations, tokens. Plain mutable maps, changed only in synchronous steps (so no update can
 * be lost between two fibers) and held in one `Ref` by the `World`, so that a reset swaps all of them at once. Persistent
 * maps would copy for each of 100,000 installations what nobody ever reads again.
 */
import type { KeyObject } from "node:crypto"
import type * as Redacted from "effect/Redacted"
import type { WebhookTarget } from "../Webhooks.ts"
import type { OrganizationType, Permissions } from "../Wire.ts"

export interface AppRecord {
  readonly appId: string
  readonly appNameId: string
  /** Public keys by fingerprint; several, so that keys can be rotated without downtime (App private keys). */
  readonly keys: Map<string, KeyObject>
  /** Undefined: deliveries go out without a signature (Webhook actions and payloads). */
  webhookSecret: Redacted.Redacted<string> | undefined
  /** The secret before the last rotation. */
  previousSecret: Redacted.Redacted<string> | undefined
  /** The one place deliveries go to (Creating webhooks). */
  webhookTarget: WebhookTarget | undefined
  /** Where the browser may be sent after an installation, the default first (Callback URL). */
  callbackUrls: ReadonlyArray<string>
  /** What the app asks for; new installations are granted this. */
  permissions: Permissions
  /** This app's installations, oldest first, uninstalled ones gone. */
  readonly installations: Map<string, InstallationRecord>
  /** The same by organization. */
  readonly byOrganization: Map<string, InstallationRecord>
  /** The same as arrays to page over; made on demand, dropped by every change. */
  listed: Listed | undefined
}

export interface Listed {
  readonly all: ReadonlyArray<InstallationRecord>
  readonly active: ReadonlyArray<InstallationRecord>
}

export interface InstallationRecord {
  readonly id: string
  readonly appId: string
  readonly organizationId: string
  readonly createdAt: number
  updatedAt: number
  suspended: boolean
  permissions: Permissions
  /** Permissions the app asked for and nobody approved or rejected yet (Approve new permissions). */
  pending: Permissions | undefined
}

export interface OrganizationRecord {
  readonly id: string
  /** The details follow from this number and the seed. */
  readonly index: number
  readonly createdAt: number
  /** Given for organizations that were made through the API. */
  readonly given:
    | { readonly fullName: string; readonly type: OrganizationType; readonly countryCode: string | null }
    | undefined
}

export interface TokenRecord {
  readonly id: string
  readonly token: string
  /** Absent on the tokens that organizations and users make for themselves. */
  readonly appId: string | undefined
  /** Absent on app access tokens. */
  readonly installation: InstallationRecord | undefined
  /** Whose resources it opens; absent on the tokens of apps and users. */
  readonly organizationId: string | undefined
  readonly permissions: Permissions
  readonly createdAt: number
  expiresAt: number
  readonly usableFrom: number
}

export interface Tables {
  readonly apps: Map<string, AppRecord>
  readonly installations: Map<string, InstallationRecord>
  readonly organizations: Map<string, OrganizationRecord>
  /** Live tokens, oldest first. */
  readonly tokens: Map<string, TokenRecord>
  /** How many of each were made, ever: the next index for `seeded`. */
  readonly made: {
    organizations: number
    installations: number
    tokens: number
    transactions: number
    requests: number
  }
}
