/**
 * What an organization granted the app, looked at before each call, so that a call that must fail costs no request.
 *
 * A token carries the permissions of the time it was made. Where one is missing, a new token is asked for once; its
 * answer holds for 5 minutes, or until the token is replaced: a `newPermissionsAccepted` delivery and
 * `invalidateInstallationToken` replace it.
 */
import * as Cache from "effect/Cache"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { AppAccessToken, InstallationAccessToken } from "@effect-icr/app/domain/AccessToken"
import type { InstallationId } from "@effect-icr/app/domain/Ids"
import {
  missingPermissions,
  type PermissionLevel,
  type PermissionName,
  type Permissions as Granted
} from "@effect-icr/app/domain/Permissions"
import type { Service as App } from "@effect-icr/app/IcrApp"
import { IcrError } from "@effect-icr/app/IcrError"
import { Forbidden } from "@effect-icr/app/IcrReason"

/** What a call needs. Of `examiner` no level is known, so any will do. */
export interface Permission {
  readonly name: PermissionName
  readonly level: PermissionLevel | "any"
}

/** A call that needs a permission. */
export interface Guarded {
  readonly operation: string
  readonly method: "GET" | "POST" | "DELETE"
  /** The path template, for errors. */
  readonly path: string
  readonly permission: Permission
}

/** Permissions of the app and of its installations. */
export interface Permissions {
  /** The installation's token, if it allows the call. */
  readonly installation: (id: InstallationId, call: Guarded) => Effect.Effect<InstallationAccessToken, IcrError>
  /** Whether the app's token allows the call. */
  readonly app: (call: Guarded) => Effect.Effect<AppAccessToken, IcrError>
}

/** How long what a new token grants is not asked for again. */
const lookEvery = Duration.minutes(5)
const capacity = 10_000

/** As the reference names it: `organization_warehouse:write`. */
const words: { readonly [L in Permission["level"]]: string } = {
  VIEW: "read",
  REQUEST: "request",
  WRITE: "write",
  any: "read"
}
const nameOf = ({ level, name }: Permission) => `${name}:${words[level]}`

const isGranted = ({ level, name }: Permission, { permissions }: { readonly permissions: Granted }) =>
  level === "any" ? Object.hasOwn(permissions, name) : missingPermissions({ [name]: level }, permissions).length === 0

const forbidden = ({ method, operation, path, permission }: Guarded) =>
  new IcrError({
    reason: new Forbidden({
      operation,
      method,
      path,
      idempotent: method === "GET",
      attempts: 0,
      elapsed: Duration.zero,
      registryMessage: [],
      permission: Option.some(nameOf(permission)),
      tried: "newToken"
    })
  })

const makeGuard = Effect.fnUntraced(function* <Id, T extends { readonly permissions: Granted }>(
  tokenOf: (id: Id) => Effect.Effect<T, IcrError>,
  freshTokenOf: (id: Id) => Effect.Effect<T, IcrError>
) {
  const looks = yield* Cache.makeWith(freshTokenOf, {
    capacity,
    timeToLive: Exit.match({ onSuccess: () => lookEvery, onFailure: () => Duration.zero })
  })
  const look = Effect.fnUntraced(function* (id: Id) {
    const last = yield* Cache.get(looks, id)
    if ((yield* tokenOf(id)) === last) return last
    // The token has been replaced since the last look, so its permissions may have changed.
    yield* Cache.invalidateWhen(looks, id, (token) => token === last)
    return yield* Cache.get(looks, id)
  })
  return Effect.fnUntraced(function* (id: Id, call: Guarded) {
    const held = yield* tokenOf(id)
    if (isGranted(call.permission, held)) return held
    const fresh = yield* look(id)
    return isGranted(call.permission, fresh) ? fresh : yield* forbidden(call)
  })
})

/** Makes the checks, over an app's tokens. */
export const makePermissions = Effect.fnUntraced(function* (app: App): Effect.fn.Return<Permissions> {
  const guardApp = yield* makeGuard(
    (_: "app") => app.appToken,
    () => app.appTokenWith({ forceRefresh: true })
  )
  return {
    installation: yield* makeGuard(app.installationToken, (id: InstallationId) =>
      app.installationTokenWith(id, { forceRefresh: true })
    ),
    app: (call) => guardApp("app", call)
  }
})
