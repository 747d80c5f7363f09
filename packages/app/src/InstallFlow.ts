/**
 * From "Install" in one's own product to a verified installation.
 *
 * `installUrl` leads the person to the registry's page with a signed `state`; after installing, the registry sends the
 * browser to the app's callback URL with `installationId`, `state` and `event` (`Callback URL`). Anybody can write such a
 * URL, so `verifyCallback` believes none of it: the state has to be ours, in time, of the same session and unused, and the
 * installation is asked of the registry.
 *
 * What that does not prove is that the person at the browser is the one who installed it: the callback names an
 * installation that its caller may have seen elsewhere. `isFresh` tells an installation made after the flow was begun;
 * before linking any other to an account, ask for further proof, and never link one that is linked already.
 *
 * ```ts
 * import { InstallFlow } from "@effect-icr/app/InstallFlow"
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
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { makeMemory } from "./Claims.ts"
import { InstallationId } from "./domain/Ids.ts"
import type { Installation } from "./domain/Installation.ts"
import type { Organization } from "./domain/Organization.ts"
import type { Permissions } from "./domain/Permissions.ts"
import { IcrApp } from "./IcrApp.ts"
import { apiBaseUrls, type Environment, IcrConfig } from "./IcrConfig.ts"
import { Configuration, type IcrError, InvalidRequest, fail } from "./IcrError.ts"
import { InstallStates } from "./InstallStates.ts"
import { boundedClaims } from "./internal/boundedClaims.ts"
import { callbackOf } from "./internal/callback.ts"
import { open, randomId, refusal, seal, sessionDigest } from "./internal/installState.ts"
import { millis } from "./internal/options.ts"
import { type MissingPermission, missingPermissions } from "./internal/permissions.ts"
import { CurrentMac } from "./WebhookMac.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Service
// ---------------------------------------------------------------------------------------------------------------------

/** What a link to the install page is made of. */
export interface InstallUrlOptions {
  /** The app's name id from the dashboard, such as `app1`. */
  readonly appNameId: string
  /** What tells this browser session from every other, such as the session cookie's value. It does not travel. */
  readonly session: string | Redacted.Redacted
  /** The program's own, to have back from the callback, such as a path. Readable by the person; at most 2,000 characters. */
  readonly state?: string | undefined
  /** Which callback URL to use. It has to be on the app's allow list: the registry ignores any other silently. */
  readonly redirectUri?: string | URL | undefined
}

/** A callback that was verified. */
export interface Verified {
  readonly installation: Installation
  readonly organization: Organization
  /** What the organization granted. */
  readonly permissions: Permissions
  /** What `required` asks for beyond that; empty when all is there. */
  readonly missing: ReadonlyArray<MissingPermission>
  /** Whether the installation was made after the link: by this person, as far as a callback can tell. */
  readonly isFresh: boolean
  /** What `installUrl` was given as `state`. */
  readonly state: Option.Option<string>
  /** The callback's own `event`; no page lists its values, and nothing vouches for it. */
  readonly event: Option.Option<string>
}

/** What the layer hands out. */
export interface Service {
  /** The link for the button. Fails with `InvalidRequest` on an empty session, a bad name id or a bad `redirectUri`. */
  readonly installUrl: (options: InstallUrlOptions) => Effect.Effect<URL, IcrError>
  /**
   * The installation behind a callback. `url` is the request's, whole or from its path on; `session` the same as for
   * `installUrl`. Fails with `InstallRefused` (its `kind` says why), or with `InstallationNotFound` when the registry does
   * not know the installation. A state is used up unless the
   * failure is one that may pass, such as an outage.
   */
  readonly verifyCallback: (
    url: string | URL,
    options: {
      readonly session: string | Redacted.Redacted
      /** The levels the program needs, such as `{ organization_inventory: "REQUEST" }`. */
      readonly required?: Permissions | undefined
    }
  ) => Effect.Effect<Verified, IcrError>
}

/** How the flow is secured. */
export interface Options {
  /**
   * What states are signed with: a random text of at least 32 characters, the same on every machine, known to nobody else;
   * not the webhook secret, which the registry knows. Several during a rotation, the current one first.
   */
  readonly stateSecret: Redacted.Redacted | ReadonlyArray<Redacted.Redacted>
  /** How long a person may take; default 15 minutes. */
  readonly stateLife?: Duration.Input | undefined
  /** Where the install page is. Default: that of the environment, or the API's own address where that is neither. */
  readonly uiBaseUrl?: string | URL | undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// Constructor
// ---------------------------------------------------------------------------------------------------------------------

/** The install page's address in each environment (`Authentication`; `Setting up an ICR app`). */
export const uiBaseUrls: { readonly [E in Environment]: string } = {
  production: "https://app.carbonregistry.com",
  sandbox: "https://sandbox-app.carbonregistry.com"
}

const uiBaseUrlOf = (apiBaseUrl: string): string =>
  apiBaseUrl === apiBaseUrls.production
    ? uiBaseUrls.production
    : apiBaseUrl === apiBaseUrls.sandbox
      ? uiBaseUrls.sandbox
      : apiBaseUrl

const shortestSecret = 32
const longestState = 2000

const text = (value: string | Redacted.Redacted) => (Redacted.isRedacted(value) ? Redacted.value(value) : value)

const invalid = (detail: string) => fail(new InvalidRequest({ operation: "InstallFlow.installUrl", detail }))
const configuration = (variable: string, detail: string) => fail(new Configuration({ variable, detail }))

/** A refusal that stands uses the state up: it must not serve to try one installation id after another. */
const mayWorkLater = (exit: Exit.Exit<unknown, IcrError>) =>
  Exit.isFailure(exit) &&
  Option.match(Cause.findErrorOption(exit.cause), { onNone: () => true, onSome: (error) => error.isRetryable })

/** How far clocks may be from where we believe them to be: the registry's, and those of machines side by side. */
const clockTolerance = 60_000

const parseUrl = Option.liftThrowable((url: string) => new URL(url))
const isHttp = (url: string) => Option.exists(parseUrl(url), ({ protocol }) => /^https?:$/.test(protocol))

const isNameId = (name: string) => /^(?!\.{1,2}$)[\w.~-]{1,200}$/.test(name)
const decodeId = Schema.decodeEffect(InstallationId)

const make = Effect.fnUntraced(function* (options: Options) {
  const given = options.stateSecret
  const secrets = Redacted.isRedacted(given) ? [given] : given
  if (secrets.length === 0 || secrets.some((secret) => Redacted.value(secret).length < shortestSecret)) {
    return yield* configuration("stateSecret", `must be a random text of at least ${shortestSecret} characters`)
  }
  const life = Math.round(yield* millis("stateLife", options.stateLife, "15 minutes"))
  if (!Number.isSafeInteger(life)) return yield* configuration("stateLife", "must have an end")
  const ui = String(options.uiBaseUrl ?? uiBaseUrlOf((yield* IcrConfig).baseUrl)).replace(/\/+$/, "")
  if (!isHttp(ui)) return yield* configuration("uiBaseUrl", "must be an http or https URL")
  const app = yield* IcrApp
  const shared = Option.getOrUndefined(yield* Effect.serviceOption(InstallStates))
  const claims = boundedClaims(shared ?? (yield* makeMemory()))
  const mac = yield* CurrentMac
  const keys = yield* Effect.forEach(secrets, mac.key)
  const [current] = keys
  if (current === undefined) return yield* Effect.die("one secret at the least")

  const installUrl = Effect.fn("InstallFlow.installUrl")(function* (link: InstallUrlOptions) {
    const session = text(link.session)
    if (session === "") return yield* invalid("the session is empty, which would bind the state to nobody")
    if (!isNameId(link.appNameId)) return yield* invalid("appNameId must be the app's name id from the dashboard")
    if ((link.state ?? "").length > longestState) {
      return yield* invalid(`state must be at most ${longestState} characters`)
    }
    const redirectUri = link.redirectUri === undefined ? undefined : String(link.redirectUri)
    if (redirectUri !== undefined && !isHttp(redirectUri)) {
      return yield* invalid("redirectUri must be an absolute http or https URL")
    }
    const now = yield* Clock.currentTimeMillis
    const state = yield* seal(current, {
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

  /** Claims the state for this callback; an outage or a cut connection gives it back, so that a reload may work. */
  const once = <A>(jti: string, life: number, use: Effect.Effect<A, IcrError>) => {
    const key = `icr:install:${jti}`
    return Effect.acquireUseRelease(
      Effect.catch(claims.claim(key, Duration.millis(life)), (error) =>
        Effect.andThen(
          Effect.logWarning("An install state could not be checked for its first use", error),
          Effect.fail(refusal("stateUnchecked"))
        )
      ),
      (first) => (first ? use : Effect.fail(refusal("stateReplayed"))),
      (first, exit) => (first && mayWorkLater(exit) ? Effect.ignore(claims.release(key)) : Effect.void)
    )
  }

  const verifyCallback: Service["verifyCallback"] = Effect.fn("InstallFlow.verifyCallback")(function* (
    url,
    { required = {}, session }
  ) {
    const { event, installationId, state } = yield* Effect.fromResult(callbackOf(url))
    const { key, note } = yield* open(keys, state)
    const now = yield* Clock.currentTimeMillis
    if (now >= note.exp) return yield* refusal("stateExpired")
    if ((yield* sessionDigest(key, text(session))) !== note.ses) return yield* refusal("stateForeign")
    const id = yield* Effect.mapError(decodeId(installationId), () => refusal("installationIdMalformed"))
    // The claim outlives the state, also by the clock of another machine.
    const installation = yield* once(note.jti, note.exp - now + clockTolerance, app.installation(id))
    if (Option.exists(installation.appNameId, (name) => name !== note.app)) {
      return yield* refusal("installationForeign")
    }
    // By now an answer has told how far the registry's clock, which stamps installations, is from this one.
    const ahead = DateTime.toEpochMillis(yield* app.registryTime) - (yield* Clock.currentTimeMillis)
    return {
      installation,
      organization: installation.organization,
      permissions: installation.permissions,
      missing: missingPermissions(required, installation.permissions),
      isFresh: DateTime.toEpochMillis(installation.createdAt) >= note.iat + ahead - clockTolerance,
      state: Option.fromUndefinedOr(note.data),
      event
    }
  })

  return InstallFlow.of({ installUrl, verifyCallback })
})

const stateSecretVariable = "ICR_STATE_SECRET"

const fromEnv = Config.Redacted(stateSecretVariable).pipe(
  Effect.mapError(() => configuration(stateSecretVariable, "is missing; it is what install states are signed with")),
  Effect.flatMap((stateSecret) => make({ stateSecret }))
)

// ---------------------------------------------------------------------------------------------------------------------
// Layers
// ---------------------------------------------------------------------------------------------------------------------

/** From "Install" in one's own product to a verified installation. */
export class InstallFlow extends Context.Service<InstallFlow, Service>()("@effect-icr/app/InstallFlow") {
  /** With `InstallStates` where one is provided, else states are used once for each process. */
  static readonly layer = (options: Options): Layer.Layer<InstallFlow, IcrError, IcrConfig | IcrApp> =>
    Layer.effect(InstallFlow, make(options))

  /** With the secret from `ICR_STATE_SECRET`, and the install page of `ICR_ENVIRONMENT`. */
  static readonly layerEnv: Layer.Layer<InstallFlow, IcrError, IcrApp> = Layer.effect(
    InstallFlow,
    Effect.suspend(() => fromEnv)
  ).pipe(Layer.provide(IcrConfig.layerEnv))
}
