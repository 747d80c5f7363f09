/**
 * The registry's tables: apps, installations, organizations, tokens and the books of credits.
 *
 * They are plain mutable maps, changed only in synchronous steps, so that no update is lost between two fibers. The
 * `World` holds them in one `Ref`, so that a reset replaces all of them at once. Persistent maps would copy data for
 * each of 100,000 installations that nobody reads again.
 */
import type { KeyObject } from "node:crypto"
import type * as Redacted from "effect/Redacted"
import type { WebhookTarget } from "../Webhooks.ts"
import type { OrganizationType, Permissions } from "../Wire.ts"
import type { Books } from "./credits/records.ts"

export interface AppRecord {
  readonly appId: string
  readonly appNameId: string
  /** Public keys by fingerprint. Several allow rotation without downtime (App private keys). */
  readonly keys: Map<string, KeyObject>
  /** Undefined when deliveries are not signed (Webhook actions and payloads). */
  webhookSecret: Redacted.Redacted<string> | undefined
  /** The secret before the last rotation. */
  previousSecret: Redacted.Redacted<string> | undefined
  /** The only target of deliveries (Creating webhooks). */
  webhookTarget: WebhookTarget | undefined
  /** Where the install page may redirect the browser; the first is the default (Callback URL). */
  callbackUrls: ReadonlyArray<string>
  /** Permissions that the app requests and new installations are granted. */
  permissions: Permissions
  /** This app's installations by id, oldest first, without uninstalled ones. */
  readonly installations: Map<string, InstallationRecord>
  /** The same installations by organization id. */
  readonly byOrganization: Map<string, InstallationRecord>
  /** The same installations as arrays for paging. Built on demand, dropped by every change. */
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
  /** Requested permissions that nobody has approved or rejected yet (Approve new permissions). */
  pending: Permissions | undefined
}

export interface OrganizationRecord {
  readonly id: string
  /** The seed and this number determine the details. */
  readonly index: number
  readonly createdAt: number
  /** Details of an organization that was created through the API. */
  readonly given:
    | { readonly fullName: string; readonly type: OrganizationType; readonly countryCode: string | null }
    | undefined
}

export interface TokenRecord {
  readonly id: string
  readonly token: string
  /** Absent on the tokens that organizations and users create for themselves. */
  readonly appId: string | undefined
  /** Absent on app access tokens. */
  readonly installation: InstallationRecord | undefined
  /** The organization whose resources the token gives access to. Absent on the tokens of apps and users. */
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
  /** Where credits are and what became of them. */
  readonly books: Books
  /** Number of records created so far, which is the next index for `seeded`. */
  readonly made: {
    organizations: number
    installations: number
    tokens: number
    transactions: number
    requests: number
    reservations: number
  }
}
