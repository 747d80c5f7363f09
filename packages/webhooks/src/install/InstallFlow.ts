/**
 * Leads a person from "Install" in one's own product to a verified installation.
 *
 * `installUrl` makes the link to the registry's page, with a signed `state`; after installing, the registry sends the
 * browser to the app's callback URL with `installationId`, `state` and `event` (`Callback URL`). Anybody can write such a
 * URL, so `verifyCallback` believes none of it: the state has to be signed by this app, in time, of the same session and
 * unused, and the registry is asked for the installation.
 *
 * That does not prove that the person at the browser is the one who installed the app: the callback names an installation
 * that its caller may have seen elsewhere. `installedAfterLink` marks an installation made after the flow was begun, give or
 * take `clockTolerance`; before linking any other to an account, ask for further proof, and never link one that is linked
 * already.
 *
 * ```ts
 * import { InstallFlow } from "@effect-icr/webhooks/InstallFlow"
 * import * as Effect from "effect/Effect"
 *
 * // `examples/install-flow.ts` is the whole program.
 * export const link = Effect.fn("link")(function* (session: string) {
 *   return yield* (yield* InstallFlow).installUrl({ appNameId: "app1", session })
 * })
 * export const callback = Effect.fn("callback")(function* (session: string, url: string) {
 *   const { installation, missing } = yield* (yield* InstallFlow).verifyCallback(url, {
 *     session,
 *     required: { organization_warehouse: "WRITE" }
 *   })
 *   return { id: installation.id, missing }
 * })
 * ```
 *
 * @module
 */
import { makeMemory, withTimeout } from "@effect-icr/app/DeduplicationStore"
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { missingPermissions } from "@effect-icr/app/domain/Permissions"
import {
  callOptions,
  configurationError,
  invalidRequest,
  layerOptions,
  millis,
  readConfig
} from "@effect-icr/app/extension"
import { IcrApp } from "@effect-icr/app/IcrApp"
import { apiBaseUrls, type Environment } from "@effect-icr/app/IcrConfig"
import type { IcrError } from "@effect-icr/app/IcrError"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { makeKey } from "../mac/internal/hashing.ts"
import { type Purpose, readSecrets } from "../mac/internal/secrets.ts"
import { InstallError } from "./InstallError.ts"
import { InstallStates } from "./InstallStates.ts"
import { callbackOf } from "./internal/callback.ts"
import type { InstallUrlOptions, Options, Service } from "./internal/service.ts"
import {
  encodedLength,
  longestData,
  openState,
  randomId,
  sealNote,
  sessionDigest,
  sessionOf
} from "./internal/state.ts"

export type * from "./internal/service.ts"
export type { Secrets } from "../mac/internal/secrets.ts"

/**
 * The install page's address in each environment (`Authentication`; `Setting up an ICR app`).
 *
 * @category constants
 * @since 0.1.0
 */
export const uiBaseUrls: { readonly [E in Environment]: string } = {
  production: "https://app.carbonregistry.com",
  sandbox: "https://sandbox-app.carbonregistry.com"
}

const uiBaseUrlOf = (apiBaseUrl: string): string => {
  const environment = Struct.keys(apiBaseUrls).find((name) => apiBaseUrls[name] === apiBaseUrl)
  return environment === undefined ? apiBaseUrl : uiBaseUrls[environment]
}

const shortest = 32
const tooShort = `must be a random text of at least ${shortest} characters`
const stateSecret: Purpose = {
  option: "stateSecret",
  variables: ["ICR_STATE_SECRET"],
  missing: "is missing; install states are signed with it",
  emptyList: tooShort,
  shortest,
  tooShort
}

const invalid = (detail: string) => invalidRequest("InstallFlow.installUrl", detail)

/** A final refusal uses the state up: it must not serve to try one installation id after another. */
const mayWorkLater = (exit: Exit.Exit<unknown, InstallError | IcrError>) =>
  Exit.isFailure(exit) &&
  Option.match(Cause.findErrorOption(exit.cause), { onNone: () => true, onSome: (error) => error.isRetryable })

const parseUrl = Option.liftThrowable((url: string) => new URL(url))
const isHttp = (url: string) => Option.exists(parseUrl(url), ({ protocol }) => /^https?:$/.test(protocol))

const isNameId = (name: unknown) => Predicate.isString(name) && /^(?!\.{1,2}$)[\w.~-]{1,200}$/.test(name)
const decodeId = Schema.decodeEffect(InstallationId)

const make = Effect.fnUntraced(function* (given: Options) {
  const options = yield* layerOptions(given)
  const secrets = yield* readSecrets(options.stateSecret, stateSecret)
  const life = Math.round(yield* millis("stateLife", options.stateLife, "15 minutes"))
  if (!Number.isSafeInteger(life)) return yield* configurationError("stateLife", "must have an end")
  const clockTolerance = Math.round(yield* millis("clockTolerance", options.clockTolerance, "1 minute"))
  if (!Number.isSafeInteger(clockTolerance)) return yield* configurationError("clockTolerance", "must have an end")
  const app = yield* IcrApp
  const ui = String(options.uiBaseUrl ?? uiBaseUrlOf(app.baseUrl)).replace(/\/+$/, "")
  if (!isHttp(ui)) return yield* configurationError("uiBaseUrl", "must be an http or https URL")
  const provided = Option.getOrUndefined(yield* Effect.serviceOption(InstallStates))
  const states = withTimeout(provided ?? (yield* makeMemory()))
  const keys = yield* Effect.forEach(secrets, makeKey)
  const [current] = keys

  const installUrl = Effect.fn("InstallFlow.installUrl")(function* (options: InstallUrlOptions) {
    const link = yield* callOptions("InstallFlow.installUrl", options)
    const session = sessionOf(link.session)
    if (session === undefined) {
      return yield* invalid("the session is empty or undefined, which would bind the state to nobody")
    }
    if (!isNameId(link.appNameId)) return yield* invalid("appNameId must be the app's name id from the dashboard")
    if (link.state !== undefined && !(Predicate.isString(link.state) && encodedLength(link.state) <= longestData)) {
      return yield* invalid(`state must be a text of at most ${longestData} bytes, as JSON and UTF-8 write it`)
    }
    const redirectUri = link.redirectUri === undefined ? undefined : String(link.redirectUri)
    if (redirectUri !== undefined && !isHttp(redirectUri)) {
      return yield* invalid("redirectUri must be an absolute http or https URL")
    }
    const now = yield* Clock.currentTimeMillis
    const state = yield* sealNote(current, {
      v: 1,
      iat: now,
      exp: now + life,
      jti: yield* randomId,
      app: link.appNameId,
      ses: yield* sessionDigest(current, session),
      ...(link.state === undefined ? {} : { data: link.state })
    })
    const url = new URL(`${ui}/apps/${encodeURIComponent(link.appNameId)}/installations/new`)
    url.searchParams.set("state", state)
    if (redirectUri !== undefined) url.searchParams.set("redirectUri", redirectUri)
    return url
  })

  /** Claims the state for this callback. An outage or an interruption gives it back, so that a reload may work. */
  const once = <A>(jti: string, life: number, use: Effect.Effect<A, IcrError>) => {
    const key = `icr:install:${jti}`
    return Effect.acquireUseRelease(
      Effect.catch(states.claim(key, Duration.millis(life)), (error) =>
        Effect.andThen(
          Effect.logWarning("An install state could not be checked for its first use", error),
          Effect.fail(new InstallError({ kind: "stateUnchecked" }))
        )
      ),
      (first): Effect.Effect<A, InstallError | IcrError> =>
        first ? use : Effect.fail(new InstallError({ kind: "stateReplayed" })),
      (first, exit) => (first && mayWorkLater(exit) ? Effect.ignore(states.release(key)) : Effect.void)
    )
  }

  const verifyCallback: Service["verifyCallback"] = Effect.fn("InstallFlow.verifyCallback")(function* (url, options) {
    const operation = "InstallFlow.verifyCallback"
    const { required = {}, session: given } = yield* callOptions(operation, options)
    yield* callOptions(operation, required, "required")
    const session = sessionOf(given)
    if (session === undefined) return yield* new InstallError({ kind: "sessionMissing" })
    const { event, installationId, state } = yield* Effect.fromResult(callbackOf(url))
    const { key, note } = yield* openState(keys, state)
    const now = yield* Clock.currentTimeMillis
    if (now >= note.exp) return yield* new InstallError({ kind: "stateExpired" })
    if ((yield* sessionDigest(key, session)) !== note.ses) return yield* new InstallError({ kind: "stateForeign" })
    const id = yield* Effect.mapError(
      decodeId(installationId),
      () => new InstallError({ kind: "installationIdMalformed" })
    )
    // The claim outlives the state, also by the clock of another machine.
    const installation = yield* once(note.jti, note.exp - now + clockTolerance, app.installation(id))
    if (Option.exists(installation.appNameId, (name) => name !== note.app)) {
      return yield* new InstallError({ kind: "installationForeign" })
    }
    // A person who comes from the install page may have granted more, which an earlier token does not contain.
    yield* app.invalidateInstallationToken(id)
    // By now an answer has told how far the registry's clock, which stamps installations, is from this one.
    const ahead = DateTime.toEpochMillis(yield* app.registryTime) - (yield* Clock.currentTimeMillis)
    return {
      installation,
      organization: installation.organization,
      permissions: installation.permissions,
      missing: missingPermissions(required, installation.permissions),
      installedAfterLink: DateTime.toEpochMillis(installation.createdAt) >= note.iat + ahead - clockTolerance,
      state: Option.fromUndefinedOr(note.data),
      event
    }
  })

  return InstallFlow.of({ installUrl, verifyCallback })
})

/**
 * Leads a person to the install page and verifies the callback. Uses `InstallStates` where one is provided, else remembers
 * in memory which states were used.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import { InstallFlow, uiBaseUrls } from "@effect-icr/webhooks/InstallFlow"
 * import { Config, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * // Options
 * const given = InstallFlow.layerWith({ stateLife: "5 minutes", uiBaseUrl: uiBaseUrls.sandbox })
 * // A `Config` for each of them
 * const configured = InstallFlow.layerConfig({ stateSecret: Config.Redacted("MY_STATE_SECRET") })
 *
 * export const layers = [given, configured].map((flow) =>
 *   flow.pipe(Layer.provide(IcrApp.layer), Layer.provide(FetchHttpClient.layer))
 * )
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class InstallFlow extends Context.Service<InstallFlow, Service>()("@effect-icr/webhooks/InstallFlow") {
  /** With the secret from `ICR_STATE_SECRET`, and the install page of the app's environment. */
  static readonly layer: Layer.Layer<InstallFlow, IcrError, IcrApp> = Layer.effect(
    InstallFlow,
    Effect.suspend(() => make({}))
  )

  /** With options given here; a secret not given comes from the environment. */
  static readonly layerWith = (options: Options): Layer.Layer<InstallFlow, IcrError, IcrApp> =>
    Layer.effect(InstallFlow, make(options))

  /** From a `Config` for each value; a secret not given comes from the environment. */
  static readonly layerConfig = (config: Config.Wrap<Options>): Layer.Layer<InstallFlow, IcrError, IcrApp> =>
    Layer.effect(InstallFlow, Effect.flatMap(readConfig(config), make))
}
