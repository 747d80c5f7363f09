/**
 * An ICR App at work: its tokens, its installations, and any endpoint of the registry with the right token.
 *
 * The service most programs ask for. It is composed of `Signer` (signs the app JWT), `TokenCache` (keeps tokens fresh) and
 * `IcrHttp` (sends requests), each of which can be swapped alone. Every failure is an `IcrError`.
 *
 * **Gotchas**: an app is meant to be built once for a process. Providing its layer in each request handler builds a new
 * token cache, and exchanges a new token, each time.
 *
 * @module
 */
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import { fixed } from "../http/Credential.ts"
import type { AppAccessToken, InstallationAccessToken } from "../domain/AccessToken.ts"
import { type InstallationId, idProblem } from "../domain/Ids.ts"
import { IcrConfig, type Options as ConfigOptions } from "../config/IcrConfig.ts"
import { invalidRequest } from "../config/internal/validate.ts"
import type { IcrError } from "../errors/IcrError.ts"
import { type ClientOptions, IcrHttp, idempotent } from "../http/IcrHttp.ts"
import { type ServiceOptions, composeLayers } from "./internal/layers.ts"
import { type Client, clientOf, testDefaults } from "./internal/clients.ts"
import { jwtCredential } from "../tokens/internal/credentials.ts"
import { isGone } from "../tokens/internal/exchange.ts"
import { countRevoked } from "../tokens/internal/metrics.ts"
import { type Installations, makeInstallations } from "./internal/installations.ts"
import { Signer } from "../signer/Signer.ts"
import { type GetOptions, TokenCache } from "../tokens/TokenCache.ts"
import { TokenInvalidation } from "../tokens/TokenInvalidation.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * An ICR App at work.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service extends Installations {
  /** A token for public and semi-public reads (`Generate an app access token`). From the cache while it is good. */
  readonly appToken: Effect.Effect<AppAccessToken, IcrError>

  /** As {@link Service.appToken}, for a token that lives long enough, or a new one. */
  readonly appTokenWith: (options: GetOptions) => Effect.Effect<AppAccessToken, IcrError>

  /**
   * A token for the resources of the organization behind an installation (`Authenticate as an installation`). From the
   * cache while it is good. Fails with `InstallationSuspended` or `InstallationNotFound` when the organization paused or
   * removed the app.
   */
  readonly installationToken: (id: InstallationId) => Effect.Effect<InstallationAccessToken, IcrError>

  /** As {@link Service.installationToken}, for a token that lives long enough, or a new one. */
  readonly installationTokenWith: (
    id: InstallationId,
    options: GetOptions
  ) => Effect.Effect<InstallationAccessToken, IcrError>

  /**
   * A token of its own, shared with nobody, revoked when the scope ends, whatever the outcome: for handing to another
   * process for the length of one job. A revocation that fails is logged and hides nothing.
   */
  readonly scopedInstallationToken: (
    id: InstallationId
  ) => Effect.Effect<InstallationAccessToken, IcrError, Scope.Scope>

  /**
   * Revokes the token in use (`Delete an installation access token`). The cache drops it first, so nobody gets it any
   * more even if the call fails; then the same call again revokes it. Succeeds when there is no token, or when the registry
   * does not know it any more.
   */
  readonly revokeInstallationToken: (id: InstallationId) => Effect.Effect<void, IcrError>

  /** Drops an installation's token from the cache without telling the registry, as after an `uninstalled` event. */
  readonly invalidateInstallationToken: (id: InstallationId) => Effect.Effect<void>

  /** The registry's address, without a trailing slash, such as `https://api.carbonregistry.com`. */
  readonly baseUrl: string

  /** The registry's time, as far as its answers have told. Compare its timestamps with this. */
  readonly registryTime: Effect.Effect<DateTime.Utc>

  /**
   * Any endpoint with the app's token. An `HttpClient` that takes paths such as `/projects` and sends the token to the
   * configured address and nowhere else; other statuses than 2xx fail with their reason.
   */
  readonly appClient: Client

  /** As {@link Service.appClient}, with an operation name of your own for spans and errors. */
  readonly appClientWith: (options: { readonly operation: string }) => Client

  /** Any endpoint with an installation's token. As {@link Service.appClient}. */
  readonly installationClient: (id: InstallationId) => Client

  /** As {@link Service.installationClient}, with an operation name of your own for spans and errors. */
  readonly installationClientWith: (id: InstallationId, options: { readonly operation: string }) => Client
}

// ---------------------------------------------------------------------------------------------------------------------
// Constructor
// ---------------------------------------------------------------------------------------------------------------------

/** Whether the registry says that it does not know a token any more. */
const isUnknownToken = (error: IcrError) =>
  isGone(error) || error.reason._tag === "Unauthorized" || error.reason._tag === "NotFound"

const make = Effect.gen(function* () {
  const http = yield* IcrHttp
  const cache = yield* TokenCache
  const jwt = jwtCredential(yield* Signer)

  const invalidate = (id: InstallationId) => Effect.asVoid(cache.invalidateInstallationToken(id))

  /** A client with an operation name of the caller's own. Without a name, each of its requests fails. */
  const clientWith = (name: string, given: { readonly operation: string }, rest: Omit<ClientOptions, "operation">) => {
    const operation: unknown = given?.operation
    if (Predicate.isString(operation)) return http.client({ ...rest, operation })
    return clientOf(Effect.fail(invalidRequest(name, "the options must be an object with an operation")))
  }

  const appClientWith: Service["appClientWith"] = (options) =>
    clientWith("IcrApp.appClientWith", options, { credential: cache.appCredential })

  const installationClientWith: Service["installationClientWith"] = (id, options) => {
    const rest = { credential: cache.installationCredential(id), installation: id }
    return HttpClient.tapError(clientWith("IcrApp.installationClientWith", options, rest), (error) =>
      isGone(error) ? invalidate(id) : Effect.void
    )
  }

  const installationClient = (id: InstallationId) =>
    installationClientWith(id, { operation: "IcrApp.installationClient" })

  /** Sends exactly one request when the registry answers. A token that is invalid already counts as revoked. */
  const revoke = ({ installationId: installation, token }: InstallationAccessToken) =>
    http
      .client({ operation: "IcrApp.revokeInstallationToken", credential: fixed(token), installation })
      .del("/app/installations/token")
      .pipe(
        idempotent,
        Effect.catchIf(isUnknownToken, () => Effect.void),
        Effect.andThen(countRevoked)
      )

  /** Tokens that were dropped and could not be revoked, by installation. */
  const unrevoked = yield* Ref.make(HashMap.empty<InstallationId, ReadonlyArray<InstallationAccessToken>>())

  const revokeInstallationToken = Effect.fnUntraced(function* (id: InstallationId) {
    const problem = idProblem(id)
    if (problem !== undefined) return yield* invalidRequest("IcrApp.revokeInstallationToken", problem)
    const dropped = yield* cache.invalidateInstallationToken(id)
    const before = yield* Ref.modify(unrevoked, (all) => [HashMap.get(all, id), HashMap.remove(all, id)])
    const tokens = [...Option.getOrElse(before, () => []), ...Option.toArray(dropped)]
    yield* Effect.onError(Effect.forEach(tokens, revoke, { discard: true }), () =>
      Ref.update(unrevoked, (all) => HashMap.set(all, id, tokens))
    )
  })

  return IcrApp.of({
    appToken: cache.appToken,
    appTokenWith: cache.appTokenWith,
    installationToken: cache.installationToken,
    installationTokenWith: cache.installationTokenWith,
    scopedInstallationToken: (id) =>
      Effect.acquireRelease(
        cache.exchangeInstallationToken(id),
        (token) =>
          Effect.catch(revoke(token), (error) =>
            Effect.logWarning("A scoped installation token could not be revoked; it ends by itself", error)
          ),
        { interruptible: true }
      ),
    ...makeInstallations(http, jwt, installationClient),
    revokeInstallationToken,
    invalidateInstallationToken: invalidate,
    baseUrl: http.baseUrl,
    registryTime: http.registryTime,
    appClient: appClientWith({ operation: "IcrApp.appClient" }),
    appClientWith,
    installationClient,
    installationClientWith
  })
})

// ---------------------------------------------------------------------------------------------------------------------
// Options
// ---------------------------------------------------------------------------------------------------------------------

export type { InstallationOutcome, NewOrganization, PageOptions } from "./internal/installations.ts"
export type { ServiceOptions } from "./internal/layers.ts"

/**
 * The configuration of an app, and options of the services beneath it. What is not given comes from the environment
 * variables of `IcrConfig.layer`, or has a default.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends ConfigOptions, ServiceOptions {}

// ---------------------------------------------------------------------------------------------------------------------
// Layers
// ---------------------------------------------------------------------------------------------------------------------

type AppLayer<E, R> = Layer.Layer<IcrApp | TokenInvalidation, E, R>

/** Adds the part of the service that `@effect-icr/webhooks` needs, under a key of its own. */
const withInvalidation = <E, R>(app: Layer.Layer<IcrApp, E, R>): AppLayer<E, R> =>
  Layer.effect(
    TokenInvalidation,
    Effect.suspend(() => IcrApp)
  ).pipe(Layer.provideMerge(app))

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
 * const AppLive = IcrApp.layer.pipe(Layer.provide(FetchHttpClient.layer))
 *
 * await Effect.runPromise(Effect.provide(program, AppLive))
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class IcrApp extends Context.Service<IcrApp, Service>()("@effect-icr/app/IcrApp") {
  /** Over services that the program composes itself. */
  static readonly layerNoDeps: AppLayer<never, Signer | TokenCache | IcrHttp> = withInvalidation(
    Layer.effect(IcrApp, make)
  )

  /** The app and all services beneath it, from the environment variables of `IcrConfig.layer`. Needs only an `HttpClient`. */
  static readonly layer: AppLayer<IcrError, HttpClient.HttpClient> = composeLayers(IcrApp.layerNoDeps, IcrConfig.layer)

  /** As `layer`, from plain values; what is not given comes from the environment. */
  static readonly layerWith = (options: Options): AppLayer<IcrError, HttpClient.HttpClient> =>
    composeLayers(IcrApp.layerNoDeps, IcrConfig.layerWith(options), options)

  /** As `layer`, from a `Config` for each value. */
  static readonly layerConfig = (
    config: Config.Wrap<ConfigOptions>,
    options?: ServiceOptions
  ): AppLayer<IcrError, HttpClient.HttpClient> =>
    composeLayers(IcrApp.layerNoDeps, IcrConfig.layerConfig(config), options)

  /** As `layer`, and the key may be in the file that `ICR_PRIVATE_KEY_FILE` names. */
  static readonly layerKeyFile: AppLayer<IcrError, HttpClient.HttpClient | FileSystem.FileSystem> = composeLayers(
    IcrApp.layerNoDeps,
    IcrConfig.layerKeyFile
  )

  /** A double for tests: give what the test uses; anything else dies with the name of what is missing. */
  static readonly layerTest = (app: Partial<Service>): AppLayer<never, never> =>
    withInvalidation(Layer.mock(IcrApp, { ...testDefaults, ...app }))
}
