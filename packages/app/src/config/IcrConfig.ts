/**
 * Who the app is and which registry it talks to.
 *
 * Every value is cleaned of what stands around it (blanks, a byte order mark, one pair of quotes, an escaped newline) and
 * checked when the layer is built. The error names the variable or option that is wrong, never a secret. `http://` is accepted for loopback only, unless `allowInsecureHttp` says otherwise: a token sent in the clear
 * is a token given away.
 *
 * ```ts
 * import { apiBaseUrls, defaultApiVersion, IcrConfig } from "@effect-icr/app/IcrConfig"
 * import { Effect } from "effect"
 * import * as assert from "node:assert"
 *
 * const { apiVersion, baseUrl } = await Effect.runPromise(
 *   IcrConfig.pipe(Effect.provide(IcrConfig.layerWith({ appId: "my-app", baseUrl: apiBaseUrls.sandbox })))
 * )
 * assert.strictEqual(baseUrl, "https://sandbox-api.carbonregistry.com")
 * assert.strictEqual(apiVersion, defaultApiVersion)
 * ```
 *
 * @module
 */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Redacted from "effect/Redacted"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { AppId } from "../domain/Ids.ts"
import type { IcrError } from "../errors/IcrError.ts"
import { checkApiPath } from "./internal/apiPath.ts"
import { checkBaseUrl } from "./internal/baseUrl.ts"
import { envSecret, envText, fromConfigError } from "./internal/environment.ts"
import { configurationError, readSecret, readText } from "./internal/validate.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The checked configuration.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  readonly appId: AppId
  /** Absent for apps whose signing lives in an HSM or KMS (`Signer.layerSign`). */
  readonly privateKey: Option.Option<Redacted.Redacted>
  /** Without a trailing slash, such as `https://api.carbonregistry.com`. */
  readonly baseUrl: string
  /** What goes between the address and the path of every call: empty, or such as `/v0.5`. */
  readonly apiPath: string
  readonly apiVersion: string
}

/**
 * The registry's two installations (`Authentication`; `Setting up an ICR app`).
 *
 * @category models
 * @since 0.1.0
 */
export type Environment = "production" | "sandbox"

/**
 * The API's address in each environment.
 *
 * @category constants
 * @since 0.1.0
 */
export const apiBaseUrls: { readonly [E in Environment]: string } = {
  production: "https://api.carbonregistry.com",
  sandbox: "https://sandbox-api.carbonregistry.com"
}

/**
 * The only version the registry supports (`API Versions`). It is always sent: without the header the registry uses its
 * newest version.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaultApiVersion = "2023-06-16"

// ---------------------------------------------------------------------------------------------------------------------
// Options
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Values given by the program. What is not given comes from the environment variable named here, or has a default.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** The app's id from the dashboard (`ICR_APP_ID`). */
  readonly appId?: string | undefined
  /** The app's RSA private key as PEM (`ICR_PRIVATE_KEY`); see `Signer.layer` for the forms accepted. */
  readonly privateKey?: Redacted.Redacted | undefined
  /** Default `production` (`ICR_ENVIRONMENT`). Not together with `baseUrl`. */
  readonly environment?: Environment | undefined
  /** Another address, such as a simulator's (`ICR_BASE_URL`). */
  readonly baseUrl?: string | URL | undefined
  /** Sent in a header. Default `2023-06-16` (`ICR_API_VERSION`). */
  readonly apiVersion?: string | undefined
  /**
   * The version in the path, such as `/v0.5` (`ICR_API_PATH`). Default none: the reference prints its paths without. The
   * newer versions page has it in the path, so that a day may come when it is needed. It is no part of the address: tokens
   * are the same whatever the version, and spans and errors show paths as the reference prints them. A path that
   * names a version itself, such as `/v1/transactions`, is sent as it is.
   */
  readonly apiPath?: string | undefined
  /** Allow `http://` to hosts other than loopback (`ICR_ALLOW_INSECURE_HTTP`). Default false. */
  readonly allowInsecureHttp?: boolean | undefined
}

const invalid = (variable: string, detail: string) => Effect.fail(configurationError(variable, detail))

const validOf = <A>(variable: string, checked: Result.Result<A, string>) =>
  Effect.mapError(Effect.fromResult(checked), (detail) => configurationError(variable, detail))

/** A value and the name under which errors speak of it: the option's, or the environment variable's. */
interface Named {
  readonly name: string
  readonly value: string | undefined
}

const readOption = Effect.fnUntraced(function* (name: string, option: unknown): Effect.fn.Return<Named, IcrError> {
  return { name, value: option === undefined ? undefined : yield* readText(name, option) }
})

const readVariable = (name: string): Effect.Effect<Named, IcrError> =>
  Effect.map(envText(name), (text) => ({ name, value: Option.getOrUndefined(text) }))

const fromOptionOrEnv = (name: string, option: unknown, variable: string) =>
  option === undefined ? readVariable(variable) : readOption(name, option)

// ---------------------------------------------------------------------------------------------------------------------
// Constructor
// ---------------------------------------------------------------------------------------------------------------------

const decodeAppId = Schema.decodeUnknownEffect(AppId)

const readAppId = Effect.fnUntraced(function* (options: Options) {
  const { name, value } = yield* fromOptionOrEnv("appId", options.appId, "ICR_APP_ID")
  if (value === undefined) return yield* invalid(name, "is missing; it is the app's id on the dashboard")
  return yield* Effect.catch(decodeAppId(value), () =>
    invalid(name, "must be the app's id from the dashboard, without '/', '?', '#', '%' or blanks")
  )
})

const isEnvironment = (value: string): value is Environment => value === "production" || value === "sandbox"

const readFlag = Effect.fnUntraced(function* (options: Options) {
  const flag = options.allowInsecureHttp
  const { name, value = "false" } = yield* fromOptionOrEnv(
    "allowInsecureHttp",
    Predicate.isBoolean(flag) ? String(flag) : flag,
    "ICR_ALLOW_INSECURE_HTTP"
  )
  if (value !== "true" && value !== "false") return yield* invalid(name, "must be true or false")
  return { name, value: value === "true" }
})

/** A URL may be of another realm, so that it is told by what it has. */
const urlText = (url: unknown) => (Predicate.hasProperty(url, "href") ? url.href : url)

/** Address and environment name the same thing: where one is an option, neither is taken from the environment. */
const readBaseUrl = Effect.fnUntraced(function* (options: Options) {
  const isGiven = options.baseUrl !== undefined || options.environment !== undefined
  const baseUrl = yield* isGiven ? readOption("baseUrl", urlText(options.baseUrl)) : readVariable("ICR_BASE_URL")
  const environment = yield* isGiven ? readOption("environment", options.environment) : readVariable("ICR_ENVIRONMENT")
  if (environment.value !== undefined && baseUrl.value !== undefined) {
    return yield* invalid(baseUrl.name, `is set together with ${environment.name}; set one of them`)
  }
  if (environment.value !== undefined && !isEnvironment(environment.value)) {
    return yield* invalid(environment.name, "must be production or sandbox")
  }
  const insecure = yield* readFlag(options)
  const url = baseUrl.value ?? apiBaseUrls[environment.value ?? "production"]
  return yield* validOf(baseUrl.name, checkBaseUrl(url, insecure.value, insecure.name))
})

const readApiVersion = Effect.fnUntraced(function* (options: Options) {
  const { name, value = defaultApiVersion } = yield* fromOptionOrEnv(
    "apiVersion",
    options.apiVersion,
    "ICR_API_VERSION"
  )
  return /^\d{4}-\d\d-\d\d$/.test(value)
    ? value
    : yield* invalid(
        name,
        `must be a release date such as ${defaultApiVersion}; a path such as /v0.5 is for ICR_API_PATH`
      )
})

/** Empty as an option says none, whatever the environment says. */
const readApiPath = Effect.fnUntraced(function* (options: Options, baseUrl: string) {
  const { name, value = "" } = yield* fromOptionOrEnv("apiPath", options.apiPath, "ICR_API_PATH")
  return yield* validOf(name, checkApiPath(value, baseUrl))
})

const keyVariable = "ICR_PRIVATE_KEY"
const keyFileVariable = "ICR_PRIVATE_KEY_FILE"

const keyFromEnv = envSecret(keyVariable)

/** The key from `ICR_PRIVATE_KEY`, else from the file that `ICR_PRIVATE_KEY_FILE` names. */
const keyFromFile = Effect.gen(function* () {
  const inline = yield* keyFromEnv
  const path = yield* envText(keyFileVariable)
  if (Option.isSome(inline) && Option.isSome(path)) {
    return yield* invalid(keyFileVariable, `is set together with ${keyVariable}; set one of them`)
  }
  if (Option.isNone(path)) return inline
  if (path.value.includes("-----BEGIN")) {
    return yield* invalid(keyFileVariable, `holds a key and not the path of a file; set ${keyVariable} instead`)
  }
  const fs = yield* FileSystem.FileSystem
  const pem = yield* Effect.catch(fs.readFileString(path.value), (error) =>
    invalid(keyFileVariable, `could not be read (${error.reason._tag}); check the path and its mode`)
  )
  return Option.some(yield* readSecret(keyFileVariable, pem))
})

const makeWith = Effect.fnUntraced(function* <R>(
  options: Options,
  keyFallback: Effect.Effect<Option.Option<Redacted.Redacted>, IcrError, R>
): Effect.fn.Return<Service, IcrError, R> {
  if (!Predicate.isObject(options)) return yield* invalid("options", "must be an object")
  const appId = yield* readAppId(options)
  const baseUrl = yield* readBaseUrl(options)
  return {
    appId,
    privateKey:
      options.privateKey === undefined
        ? yield* keyFallback
        : Option.some(yield* readSecret("privateKey", options.privateKey)),
    baseUrl,
    apiPath: yield* readApiPath(options, baseUrl),
    apiVersion: yield* readApiVersion(options)
  }
})

const make = (options: Options) => makeWith(options, keyFromEnv)

// ---------------------------------------------------------------------------------------------------------------------
// Layers
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Who the app is and which registry it talks to.
 *
 * ```ts
 * import { IcrConfig } from "@effect-icr/app/IcrConfig"
 * import { Config, Effect } from "effect"
 *
 * const ConfigLive = IcrConfig.layerConfig({
 *   appId: Config.NonEmptyString("ICR_APP_ID"),
 *   privateKey: Config.Redacted("ICR_PRIVATE_KEY"),
 *   environment: Config.succeed("sandbox")
 * })
 *
 * const { baseUrl } = await Effect.runPromise(Effect.provide(IcrConfig, ConfigLive))
 * console.log(baseUrl) // https://sandbox-api.carbonregistry.com
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class IcrConfig extends Context.Service<IcrConfig, Service>()("@effect-icr/app/IcrConfig") {
  /**
   * From `ICR_APP_ID`, `ICR_PRIVATE_KEY`, `ICR_ENVIRONMENT` or `ICR_BASE_URL`, `ICR_API_PATH`, `ICR_API_VERSION`
   * and `ICR_ALLOW_INSECURE_HTTP`, through whichever `ConfigProvider` is installed. Fails with the reason `Configuration`.
   */
  static readonly layer: Layer.Layer<IcrConfig, IcrError> = Layer.effect(IcrConfig, make({}))

  /** From plain values; what is not given comes from the environment. */
  static readonly layerWith = (options: Options): Layer.Layer<IcrConfig, IcrError> =>
    Layer.effect(IcrConfig, make(options))

  /** From a `Config` for each value; what is not given comes from the environment. */
  static readonly layerConfig = (config: Config.Wrap<Options>): Layer.Layer<IcrConfig, IcrError> =>
    Layer.effect(IcrConfig, Effect.flatMap(Effect.mapError(Config.unwrap(config), fromConfigError), make))

  /** As `layer`, and the key may be in the file that `ICR_PRIVATE_KEY_FILE` names. */
  static readonly layerKeyFile: Layer.Layer<IcrConfig, IcrError, FileSystem.FileSystem> = Layer.effect(
    IcrConfig,
    makeWith({}, keyFromFile)
  )
}
