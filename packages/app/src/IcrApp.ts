/**
 * An ICR App at work: its tokens, its installations, and any endpoint of the registry with the right token.
 *
 * The service a program asks for. It stands on `Signer` (who we are), `TokenCache` (which token is good now) and
 * `IcrHttp` (the one way onto the wire), each of which can be swapped alone. Every failure is an `IcrError`.
 */
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { fixed } from "./Credential.ts"
import type { AppAccessToken, InstallationAccessToken } from "./domain/AccessToken.ts"
import type { InstallationId, OrganizationId } from "./domain/Ids.ts"
import { Installation, InstallationPage } from "./domain/Installation.ts"
import { IcrConfig, type Options as ConfigOptions } from "./IcrConfig.ts"
import { type IcrError, InvalidRequest, fail } from "./IcrError.ts"
import { IcrHttp, type Options as HttpOptions, idempotent } from "./IcrHttp.ts"
import { over } from "./internal/house.ts"
import { jwtCredential } from "./internal/jwtCredential.ts"
import { countToken } from "./internal/metrics.ts"
import { pages } from "./internal/pages.ts"
import { Signer } from "./Signer.ts"
import { type GetOptions, type Options as CacheOptions, TokenCache } from "./TokenCache.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Service
// ---------------------------------------------------------------------------------------------------------------------

/** What became of one installation of {@link Service.forEachInstallation}. */
export interface InstallationOutcome<A, E> {
  readonly installation: Installation
  readonly result: Result.Result<A, E | IcrError>
}

/** What the layer hands out. */
export interface Service {
  /** A token for public and semi-public reads (`Generate an app access token`). From the cache while it is good. */
  readonly appToken: Effect.Effect<AppAccessToken, IcrError>

  /**
   * A token for the resources of the organization behind an installation (`Authenticate as an installation`). From the
   * cache while it is good. Fails with `InstallationSuspended` or `InstallationNotFound` when the organization paused or
   * removed the app.
   */
  readonly installationToken: (
    id: InstallationId,
    options?: GetOptions
  ) => Effect.Effect<InstallationAccessToken, IcrError>

  /**
   * A token of its own, shared with nobody, revoked when the scope ends, whatever the outcome: for handing to another
   * process for the length of one job. A revocation that fails is logged and hides nothing.
   */
  readonly scopedInstallationToken: (
    id: InstallationId
  ) => Effect.Effect<InstallationAccessToken, IcrError, Scope.Scope>

  /**
   * Every active installation (`Get all installations for an app`), 50 to a request. Pages are fetched when they are
   * needed. Installations made while it runs may be missed or seen twice: the registry offers no snapshot.
   */
  readonly installations: Stream.Stream<Installation, IcrError>

  /** One page; `page` counts from 0, `limit` from 1. */
  readonly installationPage: (options: {
    readonly limit: number
    readonly page: number
  }) => Effect.Effect<InstallationPage, IcrError>

  /** One installation. Fails with `InstallationNotFound` when there is none. */
  readonly installation: (id: InstallationId) => Effect.Effect<Installation, IcrError>

  /** The installation on one organization. Fails with `InstallationNotFound` when there is none. */
  readonly organizationInstallation: (organizationId: OrganizationId) => Effect.Effect<Installation, IcrError>

  /**
   * Runs an effect for every active installation, with its client, and goes on past those that fail: one suspended
   * organization must not stop the nightly job for the others. Works on `concurrency` of them at once, default 8.
   */
  readonly forEachInstallation: <A, E, R>(
    f: (installation: Installation, client: HttpClient.HttpClient.With<IcrError>) => Effect.Effect<A, E, R>,
    options?: { readonly concurrency?: number | undefined }
  ) => Stream.Stream<InstallationOutcome<A, E>, IcrError, R>

  /**
   * Revokes the token in use (`Delete an installation access token`). The cache forgets it first, so nobody gets it any
   * more even if the call fails. A token that is not there, or that the registry does not know any more, counts as done.
   */
  readonly revokeInstallationToken: (id: InstallationId) => Effect.Effect<void, IcrError>

  /** Makes the cache forget an installation's token without telling the registry, as after an `uninstalled` event. */
  readonly forgetInstallationToken: (id: InstallationId) => Effect.Effect<void>

  /** What time the registry thinks it is, as far as its answers have told: what its timestamps are to be compared with. */
  readonly registryTime: Effect.Effect<DateTime.Utc>

  /**
   * Any endpoint with the app's token. An `HttpClient` that takes paths such as `/projects` and sends the token to the
   * configured address and nowhere else; other statuses than 2xx fail with their reason.
   */
  readonly appClient: HttpClient.HttpClient.With<IcrError>

  /** Any endpoint with an installation's token. As {@link Service.appClient}. */
  readonly installationClient: (id: InstallationId) => HttpClient.HttpClient.With<IcrError>
}

// ---------------------------------------------------------------------------------------------------------------------
// Constructor
// ---------------------------------------------------------------------------------------------------------------------

/** The largest page the registry is known to give; a larger `limit` would be cut down. */
const pageSize = 50

const make = Effect.gen(function* () {
  const http = yield* IcrHttp
  const cache = yield* TokenCache
  const jwt = jwtCredential(yield* Signer)

  const installationPage: Service["installationPage"] = ({ limit, page }) =>
    Number.isInteger(limit) && limit >= 1 && Number.isInteger(page) && page >= 0
      ? http.call({
          operation: "IcrApp.installationPage",
          method: "GET",
          path: "/app/installations",
          query: { limit, page },
          credential: jwt,
          repeatable: true,
          success: InstallationPage
        })
      : Effect.fail(
          fail(
            new InvalidRequest({
              operation: "IcrApp.installationPage",
              detail: "limit must be a whole number from 1 on and page one from 0 on"
            })
          )
        )

  const installations = pages((page) => installationPage({ limit: pageSize, page }), pageSize)

  const forget = (id: InstallationId) => Effect.asVoid(cache.takeInstallationToken(id))

  const installationClient: Service["installationClient"] = (id) =>
    http
      .client({
        operation: "IcrApp.installationClient",
        credential: cache.installationCredential(id),
        installation: id
      })
      .pipe(
        HttpClient.tapError(({ reason }) =>
          reason._tag === "InstallationSuspended" || reason._tag === "InstallationNotFound" ? forget(id) : Effect.void
        )
      )

  /** Exactly one request when the registry answers. What is dead already needs no revoking. */
  const revoke = ({ installationId, token }: InstallationAccessToken) =>
    http
      .client({
        operation: "IcrApp.revokeInstallationToken",
        credential: fixed(token),
        installation: installationId
      })
      .del("/app/installations/token")
      .pipe(
        idempotent,
        Effect.catchReasons("IcrError", {
          Unauthorized: () => Effect.void,
          NotFound: () => Effect.void,
          InstallationNotFound: () => Effect.void,
          InstallationSuspended: () => Effect.void
        }),
        Effect.andThen(countToken("revoked"))
      )

  return IcrApp.of({
    appToken: cache.appToken(),
    installationToken: cache.installationToken,
    scopedInstallationToken: (id) =>
      Effect.acquireRelease(
        cache.mintInstallationToken(id),
        (token) =>
          Effect.catch(revoke(token), (error) =>
            Effect.logWarning("A scoped installation token could not be revoked; it ends by itself", error)
          ),
        { interruptible: true }
      ),
    installations,
    installationPage,
    installation: (id) =>
      http.call({
        operation: "IcrApp.installation",
        method: "GET",
        path: "/app/installations/{installationId}",
        params: { installationId: id },
        credential: jwt,
        repeatable: true,
        success: Installation,
        installation: id,
        notFound: id
      }),
    organizationInstallation: (organizationId) =>
      http.call({
        operation: "IcrApp.organizationInstallation",
        method: "GET",
        path: "/app/organizations/{organizationId}/installation",
        params: { organizationId },
        credential: jwt,
        repeatable: true,
        success: Installation,
        notFound: organizationId
      }),
    forEachInstallation: (f, { concurrency = 8 } = {}) =>
      Stream.mapEffect(
        installations,
        (installation) =>
          Effect.map(Effect.result(f(installation, installationClient(installation.id))), (result) => ({
            installation,
            result
          })),
        { concurrency }
      ),
    revokeInstallationToken: (id) =>
      Effect.flatMap(cache.takeInstallationToken(id), Option.match({ onNone: () => Effect.void, onSome: revoke })),
    forgetInstallationToken: forget,
    registryTime: http.registryTime,
    appClient: http.client({ operation: "IcrApp.appClient", credential: cache.appCredential }),
    installationClient
  })
})

// ---------------------------------------------------------------------------------------------------------------------
// Layers
// ---------------------------------------------------------------------------------------------------------------------

/** How the services beneath are to behave, where not by default. */
export interface LayerOptions {
  readonly http?: HttpOptions | undefined
  readonly tokens?: CacheOptions | undefined
}

/**
 * An ICR App at work.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import { Console, Effect, Layer, Stream } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const program = Effect.gen(function* () {
 *   const { forEachInstallation } = yield* IcrApp
 *   yield* forEachInstallation(({ organization }, client) => client.get(`/organizations/${organization.id}`)).pipe(
 *     Stream.runForEach(({ installation, result }) => Console.log(installation.id, result._tag))
 *   )
 * })
 *
 * // ICR_APP_ID and ICR_PRIVATE_KEY from the environment
 * const AppLive = IcrApp.layerEnv.pipe(Layer.provide(FetchHttpClient.layer))
 *
 * await Effect.runPromise(Effect.provide(program, AppLive))
 * ```
 */
export class IcrApp extends Context.Service<IcrApp, Service>()("@effect-icr/app/IcrApp") {
  /** Over services of one's own composition. */
  static readonly layer: Layer.Layer<IcrApp, never, Signer | TokenCache | IcrHttp> = Layer.effect(IcrApp, make)

  /** All of it, from plain values. Needs only an `HttpClient`. */
  static readonly layerOptions = (
    config: ConfigOptions,
    options?: LayerOptions
  ): Layer.Layer<IcrApp, IcrError, HttpClient.HttpClient> => over(IcrApp.layer, IcrConfig.layer(config), options)

  /** All of it, from a `Config` for each value. Needs only an `HttpClient`. */
  static readonly layerConfig = (
    config: Config.Wrap<ConfigOptions>,
    options?: LayerOptions
  ): Layer.Layer<IcrApp, IcrError, HttpClient.HttpClient> => over(IcrApp.layer, IcrConfig.layerConfig(config), options)

  /** All of it, from the environment variables of `IcrConfig.layerEnv`. Needs only an `HttpClient`. */
  static readonly layerEnv: Layer.Layer<IcrApp, IcrError, HttpClient.HttpClient> = over(
    IcrApp.layer,
    IcrConfig.layerEnv
  )

  /** As `layerEnv`, and the key may be in the file that `ICR_PRIVATE_KEY_FILE` names. */
  static readonly layerEnvFile: Layer.Layer<IcrApp, IcrError, HttpClient.HttpClient | FileSystem.FileSystem> = over(
    IcrApp.layer,
    IcrConfig.layerEnvFile
  )
}
