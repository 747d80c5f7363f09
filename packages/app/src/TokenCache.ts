/**
 * Which token is good now.
 *
 * One exchange serves any number of callers; a token nearing its end is replaced behind their backs; a failing registry
 * never takes away a token that still lives; failures are not kept. The server's `expiresAt` is the truth, judged by the
 * registry's clock when the token arrives, and by time that cannot be set back afterwards. The decisions are a pure state
 * machine (`internal/slot.ts`) with one interpreter (`internal/slots.ts`).
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type Credential, fixed } from "./Credential.ts"
import { AppAccessToken, InstallationAccessToken } from "./domain/AccessToken.ts"
import type { InstallationId } from "./domain/Ids.ts"
import { IcrConfig } from "./IcrConfig.ts"
import type { IcrError } from "./IcrError.ts"
import { IcrHttp } from "./IcrHttp.ts"
import { jwtCredential } from "./internal/jwtCredential.ts"
import { countTokenUnsafe } from "./internal/metrics.ts"
import { makeMint } from "./internal/mint.ts"
import { OptionalTokenStore } from "./internal/optional.ts"
import { count, millis, validDuration } from "./internal/options.ts"
import * as Slots from "./internal/slots.ts"
import { tokenCredential } from "./internal/tokenCredential.ts"
import { ServerClock } from "./ServerClock.ts"
import { Signer } from "./Signer.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Service
// ---------------------------------------------------------------------------------------------------------------------

/** For one call. */
export interface GetOptions {
  /**
   * The token must live at least this long; else a new one is minted, and handed out as it is. Counts as no more than nine
   * tenths of a token's own life, so that asking for more than the registry gives does not mint at every call. Default 0.
   */
  readonly minimumValidity?: Duration.Input | undefined
  /** A token minted after this call, even when an exchange is under way. Default false. */
  readonly forceRefresh?: boolean | undefined
}

/** What the layer hands out. */
export interface Service {
  readonly appToken: (options?: GetOptions) => Effect.Effect<AppAccessToken, IcrError>
  readonly installationToken: (
    id: InstallationId,
    options?: GetOptions
  ) => Effect.Effect<InstallationAccessToken, IcrError>
  /** The app token for requests, with what to do when the registry refuses it. */
  readonly appCredential: Credential
  /** An installation's token for requests, with what to do when the registry refuses it. */
  readonly installationCredential: (id: InstallationId) => Credential
  /** A token of the caller's own, straight from the registry, that the cache does not keep. */
  readonly mintInstallationToken: (id: InstallationId) => Effect.Effect<InstallationAccessToken, IcrError>
  /** Empties an installation's slot and hands out what was in it; an exchange under way does not fill it again. */
  readonly takeInstallationToken: (id: InstallationId) => Effect.Effect<Option.Option<InstallationAccessToken>>
}

// ---------------------------------------------------------------------------------------------------------------------
// Options
// ---------------------------------------------------------------------------------------------------------------------

/** All have defaults. 0 is honoured; negative durations and NaN are refused when the layer is built. */
export interface Options {
  /** The last part of a token's life in which it is replaced behind the callers. Default 5 min, at most half its life. */
  readonly softWindow?: Duration.Input | undefined
  /** The last part in which callers wait for the replacement. Default 30 s, at most a quarter of its life. */
  readonly hardWindow?: Duration.Input | undefined
  /** How long refreshes rest after a first failure; doubles with each. Default 10 s. */
  readonly pause?: Duration.Input | undefined
  /** Default 2 min. */
  readonly maxPause?: Duration.Input | undefined
  /** Installations whose tokens are kept, those not read lately dropped first; 0 keeps none. Default 10,000. */
  readonly capacity?: number | undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// Constructor
// ---------------------------------------------------------------------------------------------------------------------

/** Uninstalled or suspended: the token in use is dead as well, and so is the one in a store. */
const isGone = ({ reason }: IcrError) =>
  reason._tag === "InstallationSuspended" || reason._tag === "InstallationNotFound"

const removalsPause = "10 seconds"

/** Another installation's token would be another organization's data. */
const tokenFor = (id: string) =>
  InstallationAccessToken.check(
    Schema.makeFilter(({ installationId }) =>
      installationId === id ? undefined : { path: ["installationId"], issue: "expected the installation asked for" }
    )
  )

const make = Effect.fnUntraced(function* (
  options: Options
): Effect.fn.Return<Service, IcrError, IcrConfig | IcrHttp | Signer | ServerClock | Scope.Scope> {
  const { appId, baseUrl } = yield* IcrConfig
  const http = yield* IcrHttp
  const credential = jwtCredential(yield* Signer)
  const shared = {
    scope: yield* Effect.scope,
    clock: yield* ServerClock,
    store: yield* Effect.serviceOption(OptionalTokenStore),
    windows: {
      soft: yield* millis("softWindow", options.softWindow, "5 minutes"),
      hard: yield* millis("hardWindow", options.hardWindow, "30 seconds")
    },
    pause: {
      first: yield* millis("pause", options.pause, "10 seconds"),
      longest: yield* millis("maxPause", options.maxPause, "2 minutes")
    },
    onEvent: countTokenUnsafe,
    isGone
  }

  // Stores are shared, so their keys are the whole identity. The slots are this layer's own, for this app and this
  // registry only: there the installation's id is enough, and spares every read the hashing of a long text.
  const storeKey = (key: string) => `${appId}@${baseUrl}/${key}`
  const appKey = "app"
  const installationsAt = "installations/"

  const exchangeApp = http.call({
    operation: "IcrApp.appToken",
    method: "POST",
    path: "/app/accessTokens",
    credential,
    repeatable: true,
    isExchange: true,
    success: AppAccessToken
  })

  const exchangeInstallation = (id: string) =>
    http.call({
      operation: "IcrApp.installationToken",
      method: "POST",
      path: "/app/installations/{installationId}/accessTokens",
      params: { installationId: id },
      credential,
      repeatable: true,
      isExchange: true,
      success: tokenFor(id),
      installation: id,
      notFound: id
    })

  const appMint = makeMint({
    ...shared,
    operation: "IcrApp.appToken",
    codec: () => AppAccessToken,
    storeKey,
    exchange: () => exchangeApp,
    longestLife: Infinity
  })
  const app = yield* Slots.make<AppAccessToken>({ ...shared, name: "The app token", capacity: 1, mint: appMint.mint })

  const installationMint = makeMint({
    ...shared,
    operation: "IcrApp.installationToken",
    codec: tokenFor,
    storeKey: (id) => storeKey(installationsAt + id),
    exchange: exchangeInstallation,
    // "The installation access token will expire after 2 hours" (Authenticate as an installation).
    longestLife: 2 * 60 * 60 * 1000
  })
  const installations = yield* Slots.make<InstallationAccessToken>({
    ...shared,
    name: "An installation token",
    capacity: yield* count("capacity", options.capacity, 10_000, 0),
    mint: (id, situation) =>
      Effect.tapError(installationMint.mint(id, situation), (error) =>
        isGone(error) ? installationMint.remove(id) : Effect.void
      )
  })

  const removals = Option.getOrUndefined(shared.store)?.removals
  if (removals !== undefined) {
    yield* Stream.runForEach(removals, ({ key, upTo }) => {
      const isMeant = ({ expiresAt }: AppAccessToken) => DateTime.toEpochMillis(expiresAt) <= upTo
      if (key === storeKey(appKey)) return app.outdate(appKey, isMeant)
      return key.startsWith(storeKey(installationsAt))
        ? installations.outdate(key.slice(storeKey(installationsAt).length), isMeant)
        : Effect.void
    }).pipe(
      // It is not to end, whatever the store does: without it, this process serves what others have revoked.
      Effect.exit,
      Effect.andThen(Effect.logWarning(`The token store tells no removals any more; asked again in ${removalsPause}`)),
      Effect.andThen(Effect.sleep(removalsPause)),
      Effect.forever,
      Effect.forkScoped
    )
  }

  const asked = (operation: string, { forceRefresh = false, minimumValidity = 0 }: GetOptions) =>
    Effect.map(validDuration(operation, "minimumValidity", minimumValidity), (minimumValidity) => ({
      minimumValidity,
      fresh: forceRefresh
    }))

  const installationToken: Service["installationToken"] = (id, options) =>
    options === undefined
      ? installations.get(id)
      : Effect.flatMap(asked("IcrApp.installationToken", options), (asked) => installations.get(id, asked))

  return TokenCache.of({
    appToken: (options) =>
      options === undefined
        ? app.get(appKey)
        : Effect.flatMap(asked("IcrApp.appToken", options), (asked) => app.get(appKey, asked)),
    installationToken,
    appCredential: tokenCredential(app, appKey, app.get(appKey), appMint.refuse),
    installationCredential: (id) => tokenCredential(installations, id, installationToken(id), installationMint.refuse),
    mintInstallationToken: (id) =>
      Effect.tapError(installationMint.fresh(id), (error) =>
        isGone(error) ? Effect.andThen(installations.take(id), installationMint.remove(id)) : Effect.void
      ),
    takeInstallationToken: Effect.fnUntraced(function* (id) {
      const held = yield* installations.take(id)
      if (held === undefined) return yield* installationMint.take(id)
      // Only this one is handed out: a newer one, of another process, would be lost without being revoked.
      yield* installationMint.remove(id, held)
      return Option.some(held)
    })
  })
})

// ---------------------------------------------------------------------------------------------------------------------
// Layers
// ---------------------------------------------------------------------------------------------------------------------

/** Which token is good now. */
export class TokenCache extends Context.Service<TokenCache, Service>()("@effect-icr/app/TokenCache") {
  /** With other options than the defaults. */
  static readonly layerWith = (
    options: Options
  ): Layer.Layer<TokenCache, IcrError, IcrConfig | IcrHttp | Signer | ServerClock> =>
    Layer.effect(TokenCache, make(options))

  /** With a `TokenStore` where one is provided, else for this process only. */
  static readonly layer: Layer.Layer<TokenCache, IcrError, IcrConfig | IcrHttp | Signer | ServerClock> =
    TokenCache.layerWith({})

  /** Always these tokens, for tests that are about something else. */
  static readonly layerTest = (tokens: {
    readonly app: AppAccessToken
    readonly installation: (id: InstallationId) => Effect.Effect<InstallationAccessToken, IcrError>
  }): Layer.Layer<TokenCache> =>
    Layer.succeed(TokenCache, {
      appToken: () => Effect.succeed(tokens.app),
      installationToken: tokens.installation,
      appCredential: fixed(tokens.app.token),
      installationCredential: (id) => ({
        get: Effect.map(tokens.installation(id), ({ token }) => ({ value: token })),
        onRefused: () => Effect.succeed({ again: false, tried: "" })
      }),
      mintInstallationToken: tokens.installation,
      takeInstallationToken: () => Effect.succeedNone
    })
}
