/**
 * Who the app is and which registry it talks to.
 *
 * Every value is cleaned of what stands around it (blanks, a byte order mark, one pair of quotes, an escaped newline) and
 * checked when the layer is built. The error names the variable or option that is wrong, never a secret. `http://` is accepted
 * for loopback only, unless `allowInsecureHttp` says otherwise: a token sent over http can be read by others.
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
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { AppId } from "../domain/Ids.ts"
import type { IcrError } from "../errors/IcrError.ts"
import { checkApiPath, checkBaseUrl } from "./internal/baseUrl.ts"
import { envSecret, envText, readConfig } from "./internal/environment.ts"
import { configurationError, layerOptions, readSecret, readText } from "./internal/validate.ts"

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
  /** Absent for apps that sign with an HSM or KMS (`Signer.layerSign`). */
  readonly privateKey: Option.Option<Redacted.Redacted>
  /** Without a trailing slash, such as `https://api.carbonregistry.com`. */
  readonly baseUrl: string
  /** What goes between the address and the path of every call: empty, or such as `/v0.5`. */
  readonly apiPath: string
  readonly apiVersion: string
}

/**
 * The registry's two environments (`Authentication`; `Setting up an ICR app`).
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
   * The version in the path, such as `/v0.5` (`ICR_API_PATH`). Set it if the registry requires the version in the path, as
   * its newer versions page shows it. Default none: the reference prints its paths without. It is no part of the address:
   * tokens are the same whatever the version, and spans and errors show paths as the reference prints them. A path that
   * names a version itself, such as `/v1/transactions`, is sent as it is.
   */
  readonly apiPath?: string | undefined
  /** Allow `http://` to hosts other than loopback (`ICR_ALLOW_INSECURE_HTTP`). Default false. */
  readonly allowInsecureHttp?: boolean | undefined
}

// ---------------------------------------------------------------------------------------------------------------------
// Constructor
// ---------------------------------------------------------------------------------------------------------------------

/** A value, and the name under which errors speak of it: the option's, or the environment variable's. */
interface Named {
  readonly name: string
  readonly value: string | undefined
}

const variables = {
  appId: "ICR_APP_ID",
  baseUrl: "ICR_BASE_URL",
  environment: "ICR_ENVIRONMENT",
  allowInsecureHttp: "ICR_ALLOW_INSECURE_HTTP",
  apiPath: "ICR_API_PATH",
  apiVersion: "ICR_API_VERSION"
} as const

/** An option, or else its environment variable. */
const read = (name: keyof typeof variables, option: unknown, isFromEnv = true): Effect.Effect<Named, IcrError> => {
  if (option !== undefined) return Effect.map(readText(name, option), (value) => ({ name, value }))
  if (!isFromEnv) return Effect.succeed({ name, value: undefined })
  const variable = variables[name]
  return Effect.map(envText(variable), (text) => ({ name: variable, value: Option.getOrUndefined(text) }))
}

const refuseIf = (isWrong: boolean, name: string, detail: string) =>
  isWrong ? Effect.fail(configurationError(name, detail)) : Effect.void

const isAppId = Schema.is(AppId)

const readAppId = Effect.fnUntraced(function* (option: unknown) {
  const { name, value } = yield* read("appId", option)
  if (isAppId(value)) return value
  return yield* configurationError(
    name,
    value === undefined
      ? "is missing; it is the app's id on the dashboard"
      : "must be the app's id from the dashboard, without '/', '?', '#', '%' or blanks"
  )
})

/** `baseUrl` and `environment` both give the address: where one of them is an option, the variables of both are ignored. */
const readBaseUrl = Effect.fnUntraced(function* ({ allowInsecureHttp, baseUrl, environment }: Options) {
  const isFromEnv = baseUrl === undefined && environment === undefined
  // A `URL` of another realm fails `instanceof`, so it is recognized by its `href`.
  const address = yield* read("baseUrl", Predicate.hasProperty(baseUrl, "href") ? baseUrl.href : baseUrl, isFromEnv)
  const { name, value } = yield* read("environment", environment, isFromEnv)
  const isTwice = address.value !== undefined && value !== undefined
  yield* refuseIf(isTwice, address.name, `is set together with ${name}; set one of them`)
  if (value !== undefined && value !== "production" && value !== "sandbox") {
    return yield* configurationError(name, "must be production or sandbox")
  }
  const isFlag = Predicate.isBoolean(allowInsecureHttp)
  const flag = yield* read("allowInsecureHttp", isFlag ? String(allowInsecureHttp) : allowInsecureHttp)
  yield* refuseIf(!/^(?:true|false)$/.test(flag.value ?? "false"), flag.name, "must be true or false")
  const url = address.value ?? apiBaseUrls[value ?? "production"]
  return yield* checkBaseUrl(address.name, url, flag.value === "true", flag.name)
})

const readApiVersion = Effect.fnUntraced(function* (option: unknown) {
  const { name, value = defaultApiVersion } = yield* read("apiVersion", option)
  const detail = `must be a release date such as ${defaultApiVersion}; a path such as /v0.5 is for ICR_API_PATH`
  yield* refuseIf(!/^\d{4}-\d\d-\d\d$/.test(value), name, detail)
  return value
})

const make = Effect.fnUntraced(function* (given: Options): Effect.fn.Return<Service, IcrError> {
  const options = yield* layerOptions(given)
  const appId = yield* readAppId(options.appId)
  const baseUrl = yield* readBaseUrl(options)
  const privateKey =
    options.privateKey === undefined
      ? yield* envSecret("ICR_PRIVATE_KEY")
      : Option.some(yield* readSecret("privateKey", options.privateKey))
  // An empty option means no path, whatever the environment says.
  const { name, value = "" } = yield* read("apiPath", options.apiPath)
  const apiPath = yield* checkApiPath(name, value, baseUrl)
  return { appId, privateKey, baseUrl, apiPath, apiVersion: yield* readApiVersion(options.apiVersion) }
})

/** Reads the key from the file that `ICR_PRIVATE_KEY_FILE` names, if it does. */
const withKeyFile = Effect.fnUntraced(function* (config: Service) {
  const name = "ICR_PRIVATE_KEY_FILE"
  const path = Option.getOrUndefined(yield* envText(name))
  if (path === undefined) return config
  yield* refuseIf(Option.isSome(config.privateKey), name, "is set together with ICR_PRIVATE_KEY; set one of them")
  const isKey = path.includes("-----BEGIN")
  yield* refuseIf(isKey, name, "holds a key and not the path of a file; set ICR_PRIVATE_KEY instead")
  const fs = yield* FileSystem.FileSystem
  const pem = yield* Effect.mapError(fs.readFileString(path), ({ reason }) =>
    configurationError(name, `could not be read (${reason._tag}); check the path and its mode`)
  )
  return { ...config, privateKey: Option.some(yield* readSecret(name, pem)) }
})

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
    Layer.effect(IcrConfig, Effect.flatMap(readConfig(config), make))

  /** As `layer`, and the key may be in the file that `ICR_PRIVATE_KEY_FILE` names. */
  static readonly layerKeyFile: Layer.Layer<IcrConfig, IcrError, FileSystem.FileSystem> = Layer.effect(
    IcrConfig,
    Effect.flatMap(make({}), withKeyFile)
  )
}
