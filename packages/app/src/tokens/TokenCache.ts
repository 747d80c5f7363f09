/**
 * Caches access tokens and refreshes them before they end.
 *
 * **When to use**
 *
 * Through `IcrApp`, which provides it; directly where tokens are all that is needed, and in tests, as `TokenCache.layerTest`.
 *
 * **Details**
 *
 * One exchange serves any number of callers. A token that nears its end is refreshed in the background, a failing registry
 * never takes away a token that still lives, and failures are not cached. The server's `expiresAt` is the truth, judged by the
 * registry's clock when the token arrives and by elapsed time, which cannot be set back, afterwards.
 *
 * **Gotchas**
 *
 * A token may be refused all the same, for instance when it was revoked elsewhere. The credentials of this service know what to
 * do then, a bare token does not.
 *
 * @module
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { ServerClock } from "../clock/ServerClock.ts"
import { IcrConfig } from "../config/IcrConfig.ts"
import { callOptions, count, invalidRequest, layerOptions, millis, validDuration } from "../config/internal/validate.ts"
import { AppAccessToken, InstallationAccessToken } from "../domain/AccessToken.ts"
import type { InstallationId } from "../domain/Ids.ts"
import type { IcrError } from "../errors/IcrError.ts"
import { type Credential, giveUp } from "../http/Credential.ts"
import { IcrHttp, type Request } from "../http/IcrHttp.ts"
import { Signer } from "../signer/Signer.ts"
import { jwtCredential } from "./internal/credentials.ts"
import * as Exchange from "./internal/exchange.ts"
import * as ExchangeLimit from "./internal/exchangeLimit.ts"
import * as GuardedStore from "./internal/guardedStore.ts"
import { TokenStoreKey } from "./internal/tokenStoreKey.ts"

/**
 * Options of one call.
 *
 * @category options
 * @since 0.1.0
 */
export interface GetOptions {
  /**
   * The token must live at least this long; else there is an exchange, and its token is handed out as it is. Counts as no more
   * than nine tenths of a token's own life, so that asking for more than the registry gives does not exchange at every call.
   * Default 0.
   */
  readonly minimumValidity?: Duration.Input | undefined
  /** A token of an exchange that begins after this call, even when one is under way. Default false. */
  readonly forceRefresh?: boolean | undefined
}

/**
 * Tokens, served from memory while they live and exchanged otherwise.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** The app token. Fails with an `IcrError` when none is held and the exchange fails. */
  readonly appToken: Effect.Effect<AppAccessToken, IcrError>
  /** As {@link Service.appToken}, with options. */
  readonly appTokenWith: (options: GetOptions) => Effect.Effect<AppAccessToken, IcrError>
  /** The token of an installation. */
  readonly installationToken: (id: InstallationId) => Effect.Effect<InstallationAccessToken, IcrError>
  /** As {@link Service.installationToken}, with options. */
  readonly installationTokenWith: (
    id: InstallationId,
    options: GetOptions
  ) => Effect.Effect<InstallationAccessToken, IcrError>
  /** The app token for requests, with what to do when the registry refuses it. */
  readonly appCredential: Credential
  /** An installation's token for requests, with what to do when the registry refuses it. */
  readonly installationCredential: (id: InstallationId) => Credential
  /** A token of the caller's own from a new exchange, which the cache does not keep. */
  readonly exchangeInstallationToken: (id: InstallationId) => Effect.Effect<InstallationAccessToken, IcrError>
  /** Empties an installation's entry and returns what it held; an exchange under way does not fill it again. */
  readonly invalidateInstallationToken: (id: InstallationId) => Effect.Effect<Option.Option<InstallationAccessToken>>
}

/**
 * Options of the cache. All have defaults. 0 is honoured; negative durations and NaN are refused when the layer is built.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The last part of a token's life in which it is refreshed in the background. Default 5 min, at most half its life. */
  readonly refreshWindow?: Duration.Input | undefined
  /** The last part in which callers wait for the refresh. Default 30 s, at most a quarter of its life. */
  readonly forcedRefreshWindow?: Duration.Input | undefined
  /** How long refreshes wait after a first failure; doubles with each. Default 10 s. */
  readonly retryInterval?: Duration.Input | undefined
  /** The longest that refreshes wait after a failure. Default 2 min. */
  readonly maxRetryInterval?: Duration.Input | undefined
  /** How long before its end a token counts as ended, since calls travel: at most a hundredth of its life. Default 3 s. */
  readonly endMargin?: Duration.Input | undefined
  /**
   * How long a new token may be unknown to parts of the registry. A call that is refused meanwhile is sent again with the same
   * token, after waits of this long in all, unless the token was accepted at that path before. 0 never waits. Default 3 s.
   */
  readonly newTokenGrace?: Duration.Input | undefined
  /**
   * Exchanges that run at a time; others wait for their turn, within the deadline of a call. Fewer while the registry turns
   * exchanges down, and more again with each success. Default 64.
   */
  readonly maxConcurrentExchanges?: number | undefined
  /** Installations whose tokens are kept, those that end last; 0 keeps none. Default 10,000. */
  readonly capacity?: number | undefined
}

/**
 * The tokens of a double.
 *
 * @category models
 * @since 0.1.0
 */
export interface TestTokens {
  readonly app?: AppAccessToken | undefined
  /** Dies when not given. */
  readonly installation?: ((id: InstallationId) => Effect.Effect<InstallationAccessToken, IcrError>) | undefined
}

/** "The installation access token will expire after 2 hours" (Authenticate as an installation). */
const installationTokenLife = 2 * 60 * 60 * 1000

const removalsPause = "10 seconds"

const make = Effect.fnUntraced(function* (
  givenOptions: Options
): Effect.fn.Return<Service, IcrError, IcrConfig | IcrHttp | Signer | ServerClock | Scope.Scope> {
  const options = yield* layerOptions(givenOptions, "tokens")
  const { appId, baseUrl } = yield* IcrConfig
  const http = yield* IcrHttp
  const signer = yield* Signer
  const most = yield* count("maxConcurrentExchanges", options.maxConcurrentExchanges, 64, 1)
  const clock = yield* ServerClock
  const given = yield* Effect.serviceOption(TokenStoreKey)
  const store = Option.isSome(given) ? yield* GuardedStore.make(given.value, most) : undefined
  const shared = {
    clock,
    store,
    prepare: signer.prepare,
    endMargin: yield* millis("endMargin", options.endMargin, "3 seconds"),
    newTokenGrace: yield* millis("newTokenGrace", options.newTokenGrace, "3 seconds"),
    windows: {
      refresh: yield* millis("refreshWindow", options.refreshWindow, "5 minutes"),
      forced: yield* millis("forcedRefreshWindow", options.forcedRefreshWindow, "30 seconds")
    },
    retry: {
      first: yield* millis("retryInterval", options.retryInterval, "10 seconds"),
      longest: yield* millis("maxRetryInterval", options.maxRetryInterval, "2 minutes")
    }
  }
  const limited = yield* ExchangeLimit.make(most, jwtCredential(signer), clock.now)

  /** Asks the registry for a token, in turn. */
  const ask = <A>(request: Omit<Request<A>, "credential" | "idempotent" | "method">) =>
    limited((credential) => http.call({ ...request, method: "POST", idempotent: true, isExchange: true, credential }))

  // Stores are shared, so their keys are the whole identity. The entries belong to this layer, to one app and one registry:
  // there the installation's id is enough, and spares every read the hashing of a long text.
  const appKey = "app"
  const appStoreKey = `${appId}@${baseUrl}#app`
  const installationPrefix = `${appId}@${baseUrl}/installations/`
  // Another installation's token would be another organization's data.
  const isFor = (id: string, { installationId }: InstallationAccessToken) => installationId === id

  const app = yield* Exchange.make({
    ...shared,
    name: "The app token",
    operation: "IcrApp.appToken",
    capacity: 1,
    codec: AppAccessToken,
    isFor: () => true,
    // No id and no base address contains "#", so this is no installation's key.
    storeKey: () => appStoreKey,
    request: () => ask({ operation: "IcrApp.appToken", path: "/app/accessTokens", success: AppAccessToken }),
    longestLife: Infinity
  })

  const installations = yield* Exchange.make({
    ...shared,
    name: "An installation token",
    operation: "IcrApp.installationToken",
    capacity: yield* count("capacity", options.capacity, 10_000, 0),
    codec: InstallationAccessToken,
    isFor,
    storeKey: (id) => installationPrefix + id,
    request: (id) =>
      ask({
        operation: "IcrApp.installationToken",
        path: "/app/installations/{installationId}/accessTokens",
        params: { installationId: id },
        success: InstallationAccessToken,
        mismatch: (token) =>
          isFor(id, token) ? undefined : { at: "installationId", expected: "expected the installation asked for" },
        installation: id,
        notFound: id
      }),
    longestLife: installationTokenLife
  })

  if (store?.removals !== undefined) {
    yield* Stream.runForEach(store.removals, ({ key, upTo }) => {
      if (key === appStoreKey) return app.removed(appKey, upTo)
      return key.startsWith(installationPrefix)
        ? installations.removed(key.slice(installationPrefix.length), upTo)
        : Effect.void
    }).pipe(
      // Restart the stream whenever it ends; without it this process would serve tokens that others revoked.
      Effect.exit,
      Effect.andThen(Effect.logWarning(`The token store tells no removals any more; asked again in ${removalsPause}`)),
      Effect.andThen(Effect.sleep(removalsPause)),
      Effect.forever,
      Effect.forkScoped
    )
  }

  const required = Effect.fnUntraced(function* (operation: string, options: GetOptions) {
    const { forceRefresh = false, minimumValidity = 0 } = yield* callOptions(operation, options)
    if (!Predicate.isBoolean(forceRefresh)) return yield* invalidRequest(operation, "forceRefresh must be a boolean")
    return { minimumValidity: yield* validDuration(operation, "minimumValidity", minimumValidity), fresh: forceRefresh }
  })

  return TokenCache.of({
    appToken: app.get(appKey),
    appTokenWith: (options) =>
      Effect.flatMap(required("IcrApp.appToken", options), (required) => app.get(appKey, required)),
    installationToken: (id) => installations.get(id),
    installationTokenWith: (id, options) =>
      Effect.flatMap(required("IcrApp.installationToken", options), (required) => installations.get(id, required)),
    appCredential: app.credential(appKey),
    installationCredential: installations.credential,
    exchangeInstallationToken: installations.fresh,
    invalidateInstallationToken: installations.invalidate
  })
})

/**
 * Caches access tokens and refreshes them before they end.
 *
 * @category services
 * @since 0.1.0
 */
export class TokenCache extends Context.Service<TokenCache, Service>()("@effect-icr/app/TokenCache") {
  /** With other options than the defaults. */
  static readonly layerWith = (
    options: Options
  ): Layer.Layer<TokenCache, IcrError, IcrConfig | IcrHttp | Signer | ServerClock> =>
    Layer.effect(TokenCache, make(options))

  /** With a `TokenStore` where one is provided, else for this process only. */
  static readonly layer: Layer.Layer<TokenCache, IcrError, IcrConfig | IcrHttp | Signer | ServerClock> =
    TokenCache.layerWith({})

  /** Always these tokens, for tests that are about something else. Asking for one that is not given is a defect. */
  static readonly layerTest = (tokens: TestTokens = {}): Layer.Layer<TokenCache> => {
    const missing = (name: string) => Effect.die(new Error(`TokenCache.layerTest was given no ${name}`))
    const { installation = () => missing("installation token") } = tokens
    const app = tokens.app === undefined ? missing("app token") : Effect.succeed(tokens.app)
    const credential = (token: Effect.Effect<AppAccessToken, IcrError>): Credential => ({
      get: Effect.map(token, ({ token }) => ({ value: token })),
      onRefused: () => Effect.succeed(giveUp)
    })
    return Layer.succeed(TokenCache, {
      appToken: app,
      appTokenWith: () => app,
      installationToken: installation,
      installationTokenWith: installation,
      appCredential: credential(app),
      installationCredential: (id) => credential(installation(id)),
      exchangeInstallationToken: installation,
      invalidateInstallationToken: () => Effect.succeedNone
    })
  }
}
