/**
 * Who the app is and which registry it talks to.
 *
 * Every value is checked when the layer is built, and the error names the variable or option that is wrong, never a
 * secret. `http://` is accepted for loopback only, unless `allowInsecureHttp` says otherwise: a token sent in the clear
 * is a token given away.
 */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { AppId } from "./domain/Ids.ts"
import { Configuration, fail, type IcrError } from "./IcrError.ts"
import { checkBaseUrl } from "./internal/url.ts"

/** What the layer hands out, checked. */
export interface Service {
  readonly appId: AppId
  /** Absent for apps whose signing lives in an HSM or KMS (`Signer.layerSign`). */
  readonly privateKey: Option.Option<Redacted.Redacted>
  /** Without a trailing slash, such as `https://api.carbonregistry.com`. */
  readonly baseUrl: string
  readonly apiVersion: string
  /** The current webhook secret first, then older ones during a rotation. May be empty. */
  readonly webhookSecrets: ReadonlyArray<Redacted.Redacted>
}

/** The registry's two installations (`Authentication`; `Setting up an ICR app`). */
export type Environment = "production" | "sandbox"

/** The API's address in each environment. */
export const apiBaseUrls: { readonly [E in Environment]: string } = {
  production: "https://api.carbonregistry.com",
  sandbox: "https://sandbox-api.carbonregistry.com"
}

/** The only version the registry supports (`API Versions`). Sent always: without the header the newest one is used. */
export const defaultApiVersion = "2023-06-16"

/** What a program gives. */
export interface Options {
  /** The app's id from the dashboard. */
  readonly appId: string
  /** The app's RSA private key as PEM; see `Signer.layer` for the forms accepted. */
  readonly privateKey?: Redacted.Redacted | undefined
  /** Default `production`. Not together with `baseUrl`. */
  readonly environment?: Environment | undefined
  /** Another address, such as a simulator's. */
  readonly baseUrl?: string | URL | undefined
  /** Default `2023-06-16`. */
  readonly apiVersion?: string | undefined
  /** One secret, or several during a rotation, the current one first. */
  readonly webhookSecret?: Redacted.Redacted | ReadonlyArray<Redacted.Redacted> | undefined
  /** Allow `http://` to hosts other than loopback. Default false. */
  readonly allowInsecureHttp?: boolean | undefined
}

/** The names under which errors speak of the values: the option's name, or the environment variable's. */
type Names = { readonly [K in keyof Options]-?: string }

const optionNames: Names = {
  appId: "appId",
  privateKey: "privateKey",
  environment: "environment",
  baseUrl: "baseUrl",
  apiVersion: "apiVersion",
  webhookSecret: "webhookSecret",
  allowInsecureHttp: "allowInsecureHttp"
}

const variableNames: Names = {
  appId: "ICR_APP_ID",
  privateKey: "ICR_PRIVATE_KEY",
  environment: "ICR_ENVIRONMENT",
  baseUrl: "ICR_BASE_URL",
  apiVersion: "ICR_API_VERSION",
  webhookSecret: "ICR_WEBHOOK_SECRET",
  allowInsecureHttp: "ICR_ALLOW_INSECURE_HTTP"
}

const invalid = (variable: string, detail: string) => Effect.fail(fail(new Configuration({ variable, detail })))

const decodeAppId = Schema.decodeEffect(AppId)

const checked = Effect.fnUntraced(function* (options: Options, names: Names): Effect.fn.Return<Service, IcrError> {
  const appId = yield* decodeAppId(options.appId.trim()).pipe(
    Effect.catch(() =>
      invalid(names.appId, "must be the app's id from the dashboard, without '/', '?', '#', '%' or blanks")
    )
  )
  if (options.environment !== undefined && options.baseUrl !== undefined) {
    return yield* invalid(names.baseUrl, `is set together with ${names.environment}; set one of them`)
  }
  const environment = options.environment ?? "production"
  const baseUrl = checkBaseUrl(
    String(options.baseUrl ?? apiBaseUrls[environment]),
    options.allowInsecureHttp ?? false,
    names.allowInsecureHttp
  )
  if (baseUrl._tag === "Invalid") return yield* invalid(names.baseUrl, baseUrl.detail)
  const apiVersion = options.apiVersion ?? defaultApiVersion
  if (!/^\d{4}-\d\d-\d\d$/.test(apiVersion)) {
    return yield* invalid(names.apiVersion, `must be a release date such as ${defaultApiVersion}`)
  }
  const secrets = options.webhookSecret ?? []
  const webhookSecrets = Redacted.isRedacted(secrets) ? [secrets] : secrets
  const empty = webhookSecrets.find((secret) => Redacted.value(secret).trim() === "")
  if (empty !== undefined) {
    return yield* invalid(
      empty.label ?? names.webhookSecret,
      "is empty, which would accept a signature anybody can compute"
    )
  }
  return {
    appId,
    privateKey: Option.fromUndefinedOr(options.privateKey),
    baseUrl: baseUrl.url,
    apiVersion,
    webhookSecrets
  }
})

/** Checks the options. Fails with the reason `Configuration`. */
export const make = (options: Options): Effect.Effect<Service, IcrError> => checked(options, optionNames)

const text = (name: string) =>
  Config.option(Config.NonEmptyString(name)).pipe(
    Effect.mapError(() => fail(new Configuration({ variable: name, detail: "must be a text that is not empty" })))
  )

const secret = (name: string) =>
  Effect.map(
    text(name),
    Option.map((value) => Redacted.make(value, { label: name }))
  )

const environmentOf = (value: string) =>
  value === "production" || value === "sandbox"
    ? Effect.succeed<Environment>(value)
    : invalid(variableNames.environment, "must be production or sandbox")

const flagOf = (value: string) =>
  value === "true" || value === "false"
    ? Effect.succeed(value === "true")
    : invalid(variableNames.allowInsecureHttp, "must be true or false")

const previousWebhookSecret = "ICR_WEBHOOK_SECRET_PREVIOUS"

/** Both during a rotation, when a delivery may be signed with either. */
const webhookSecrets = Effect.gen(function* () {
  const current = yield* secret(variableNames.webhookSecret)
  const previous = yield* secret(previousWebhookSecret)
  if (Option.isNone(current) && Option.isSome(previous)) {
    return yield* invalid(previousWebhookSecret, `is set without ${variableNames.webhookSecret}`)
  }
  return [current, previous].flatMap(Option.toArray)
})

/** Reads the environment variables of the table in the README; the private key through `key`. */
const fromEnv = Effect.fnUntraced(function* <R>(
  key: Effect.Effect<Option.Option<Redacted.Redacted>, IcrError, R>
): Effect.fn.Return<Service, IcrError, R> {
  const appId = yield* text(variableNames.appId)
  if (Option.isNone(appId))
    return yield* invalid(variableNames.appId, "is missing; it is the app's id on the dashboard")
  const environment = yield* text(variableNames.environment)
  const insecure = yield* text(variableNames.allowInsecureHttp)
  return yield* checked(
    {
      appId: appId.value,
      privateKey: Option.getOrUndefined(yield* key),
      environment: Option.isSome(environment) ? yield* environmentOf(environment.value) : undefined,
      baseUrl: Option.getOrUndefined(yield* text(variableNames.baseUrl)),
      apiVersion: Option.getOrUndefined(yield* text(variableNames.apiVersion)),
      webhookSecret: yield* webhookSecrets,
      allowInsecureHttp: Option.isSome(insecure) && (yield* flagOf(insecure.value))
    },
    variableNames
  )
})

const keyFile = "ICR_PRIVATE_KEY_FILE"

/** The key from `ICR_PRIVATE_KEY`, else from the file that `ICR_PRIVATE_KEY_FILE` names. */
const keyFromFile = Effect.gen(function* () {
  const inline = yield* secret(variableNames.privateKey)
  const path = yield* text(keyFile)
  if (Option.isSome(inline) && Option.isSome(path)) {
    return yield* invalid(keyFile, `is set together with ${variableNames.privateKey}; set one of them`)
  }
  if (Option.isNone(path)) return inline
  const fs = yield* FileSystem.FileSystem
  const pem = yield* fs
    .readFileString(path.value)
    .pipe(
      Effect.catch((error) => invalid(keyFile, `could not be read (${error.reason._tag}); check the path and its mode`))
    )
  return Option.some(Redacted.make(pem, { label: keyFile }))
})

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** Names the variable by its path; the provider's message is left out, since it may quote what it read. */
const configError = ({ cause }: Config.ConfigError): IcrError => {
  const first = Schema.isSchemaError(cause) ? formatIssues(cause.issue).issues[0] : undefined
  const variable = (first?.path ?? []).map((step) => String(typeof step === "object" ? step.key : step)).join("_")
  return fail(
    new Configuration({
      variable: variable === "" ? "configuration" : variable,
      detail: first === undefined ? "could not be read" : "is missing or not of the expected form"
    })
  )
}

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
 */
export class IcrConfig extends Context.Service<IcrConfig, Service>()("@effect-icr/app/IcrConfig") {
  /** From plain values. */
  static readonly layer = (options: Options): Layer.Layer<IcrConfig, IcrError> => Layer.effect(IcrConfig, make(options))

  /** From a `Config` for each value, or for some of them. */
  static readonly layerConfig = (config: Config.Wrap<Options>): Layer.Layer<IcrConfig, IcrError> =>
    Layer.effect(IcrConfig, Effect.flatMap(Effect.mapError(Config.unwrap(config), configError), make))

  /**
   * From `ICR_APP_ID`, `ICR_PRIVATE_KEY`, `ICR_ENVIRONMENT` or `ICR_BASE_URL`, `ICR_API_VERSION`, `ICR_WEBHOOK_SECRET`,
   * `ICR_WEBHOOK_SECRET_PREVIOUS` and `ICR_ALLOW_INSECURE_HTTP`, through whichever `ConfigProvider` is installed.
   */
  static readonly layerEnv: Layer.Layer<IcrConfig, IcrError> = Layer.effect(
    IcrConfig,
    fromEnv(secret(variableNames.privateKey))
  )

  /** As `layerEnv`, and the key may be in the file that `ICR_PRIVATE_KEY_FILE` names. */
  static readonly layerEnvFile: Layer.Layer<IcrConfig, IcrError, FileSystem.FileSystem> = Layer.effect(
    IcrConfig,
    fromEnv(keyFromFile)
  )
}
