/** Calls about one organization: with its installation's token, and only where it granted what they need. */
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type { InstallationAccessToken } from "@effect-icr/app/domain/AccessToken"
import type { InstallationId } from "@effect-icr/app/domain/Ids"
import type { Service as App } from "@effect-icr/app/IcrApp"
import type { IcrError } from "@effect-icr/app/IcrError"
import type { Guarded, Permission, Permissions } from "../../permissions/internal/permissions.ts"

/** Sends requests and fails with `IcrError`. */
export type Client = HttpClient.HttpClient.With<IcrError>

/** Decodes an answer. */
export type Decode<A> = (response: HttpClientResponse.HttpClientResponse) => Effect.Effect<A, IcrError>

/** A call that the organization allows. */
export interface Allowed {
  readonly client: Client
  readonly token: InstallationAccessToken
  /** The organization's path, such as `/organizations/123`. */
  readonly root: string
}

/** A read of something below the organization's path. */
export interface Read {
  readonly operation: string
  readonly permission: Permission
  /** Below the organization's path, such as `/inventory`. */
  readonly path: string
  readonly query?: { readonly [name: string]: string | number } | undefined
}

/** Calls about one organization. */
export interface OrganizationCalls {
  readonly installation: InstallationId
  /** The client and the token of a call, once the permission is known to be there. */
  readonly allowed: (call: Guarded) => Effect.Effect<Allowed, IcrError>
  readonly get: <A>(read: Read, decode: Decode<A>) => Effect.Effect<A, IcrError>
}

/** Calls with the token of an installation. */
export const makeOrganizationCalls = (
  app: App,
  permissions: Permissions,
  installation: InstallationId
): OrganizationCalls => {
  const allowed: OrganizationCalls["allowed"] = (call) =>
    Effect.map(permissions.installation(installation, call), (token) => ({
      client: app.installationClientWith(installation, { operation: call.operation }),
      token,
      root: `/organizations/${token.organizationId}`
    }))
  return {
    installation,
    allowed,
    get: ({ operation, path, permission, query = {} }, decode) =>
      allowed({ operation, method: "GET", path: `/organizations/{id}${path}`, permission }).pipe(
        Effect.flatMap(({ client, root }) => client.get(root + path, { urlParams: query })),
        Effect.flatMap(decode)
      )
  }
}
