import { IcrConfig, type Options } from "@effect-icr/app/IcrConfig"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, FileSystem, Layer, Option, PlatformError, Redacted } from "effect"
import { inspect } from "node:util"

const secretKey = "-----BEGIN PRIVATE KEY-----\nTm90QVJlYWxLZXk=\n-----END PRIVATE KEY-----"

const readWith = (env: Record<string, string>) =>
  Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))

const fromEnv = (env: Record<string, string>) =>
  IcrConfig.pipe(Effect.provide(IcrConfig.layer, { local: true }), readWith(env))

const problem = (env: Record<string, string>) =>
  Effect.map(Effect.flip(fromEnv(env)), ({ message, reason }) => {
    assert.strictEqual(reason._tag, "Configuration")
    return message
  })

const full = {
  ICR_APP_ID: "67890",
  ICR_PRIVATE_KEY: secretKey,
  ICR_ENVIRONMENT: "sandbox",
  ICR_API_VERSION: "2023-06-16"
}

describe("IcrConfig.layer", () => {
  it.effect("reads every variable, secrets redacted", () =>
    Effect.gen(function* () {
      const config = yield* fromEnv(full)
      assert.strictEqual(config.baseUrl, "https://sandbox-api.carbonregistry.com")
      assert.strictEqual(Redacted.value(Option.getOrThrow(config.privateKey)), secretKey)
      for (const shown of [JSON.stringify(config), inspect(config, { depth: 10 }), String(config.privateKey)]) {
        assert.notInclude(shown, "Tm90QVJlYWxLZXk")
      }
    })
  )

  it.effect("defaults to production and the only API version", () =>
    Effect.gen(function* () {
      const config = yield* fromEnv({ ICR_APP_ID: "1", ICR_PRIVATE_KEY: secretKey })
      assert.strictEqual(config.baseUrl, "https://api.carbonregistry.com")
      assert.strictEqual(config.apiVersion, "2023-06-16")
    })
  )

  const mistakes: Record<string, readonly [env: Record<string, string>, variable: string]> = {
    "no app id": [{}, "ICR_APP_ID"],
    "an empty app id": [{ ...full, ICR_APP_ID: "" }, "ICR_APP_ID"],
    "an app id that climbs": [{ ...full, ICR_APP_ID: "../1" }, "ICR_APP_ID"],
    "an unknown environment": [{ ...full, ICR_ENVIRONMENT: "staging" }, "ICR_ENVIRONMENT"],
    "environment and base URL": [{ ...full, ICR_BASE_URL: "https://x.example" }, "ICR_BASE_URL"],
    "a base URL that is none": [{ ICR_APP_ID: "1", ICR_BASE_URL: "api.example" }, "ICR_BASE_URL"],
    "plain http to another machine": [{ ICR_APP_ID: "1", ICR_BASE_URL: "http://api.example" }, "ICR_BASE_URL"],
    "a base URL with a password": [{ ICR_APP_ID: "1", ICR_BASE_URL: "https://u:p4ss@api.example" }, "ICR_BASE_URL"],
    "a base URL with a query": [{ ICR_APP_ID: "1", ICR_BASE_URL: "https://api.example?key=p4ss" }, "ICR_BASE_URL"],
    "plain http that is not allowed": [
      { ICR_APP_ID: "1", ICR_BASE_URL: "http://api.example", ICR_ALLOW_INSECURE_HTTP: "false" },
      "ICR_BASE_URL"
    ],
    "an unclear permission": [{ ...full, ICR_ALLOW_INSECURE_HTTP: "1" }, "ICR_ALLOW_INSECURE_HTTP"],
    "a version that is no date": [{ ...full, ICR_API_VERSION: "v1" }, "ICR_API_VERSION"]
  }
  for (const [name, [env, variable]] of Object.entries(mistakes)) {
    it.effect(`${name}: the error names ${variable} and shows no secret`, () =>
      Effect.gen(function* () {
        const message = yield* problem(env)
        assert.isTrue(message.startsWith(`${variable}: `), message)
        assert.notMatch(message, /Tm90QVJlYWxLZXk|p4ss/)
      })
    )
  }

  it.effect("plain http is for loopback, or allowed by name", () =>
    Effect.gen(function* () {
      for (const host of ["localhost:4010", "127.0.0.1:1", "[::1]:2", "sim.localhost"]) {
        assert.strictEqual(
          (yield* fromEnv({ ICR_APP_ID: "1", ICR_BASE_URL: `http://${host}/` })).baseUrl,
          `http://${host}`
        )
      }
      const allowed = { ICR_APP_ID: "1", ICR_BASE_URL: "http://proxy.example/icr/", ICR_ALLOW_INSECURE_HTTP: "true" }
      assert.strictEqual((yield* fromEnv(allowed)).baseUrl, "http://proxy.example/icr")
    })
  )
})

describe("IcrConfig.layerWith", () => {
  const withOptions = (options: Options, env: Record<string, string>) =>
    IcrConfig.pipe(Effect.provide(IcrConfig.layerWith(options), { local: true }), readWith(env))

  it.effect("takes what is not given from the environment", () =>
    Effect.gen(function* () {
      const config = yield* withOptions({ appId: "42" }, full)
      assert.strictEqual(config.appId, "42")
      assert.strictEqual(config.baseUrl, "https://sandbox-api.carbonregistry.com")
      assert.strictEqual(Redacted.value(Option.getOrThrow(config.privateKey)), secretKey)
    })
  )

  it.effect("a given base URL or environment replaces both variables", () =>
    Effect.gen(function* () {
      const addressed = yield* withOptions({ baseUrl: "https://x.example" }, full)
      assert.strictEqual(addressed.baseUrl, "https://x.example")
      const named = yield* withOptions(
        { environment: "production" },
        { ICR_APP_ID: "1", ICR_BASE_URL: "https://x.example" }
      )
      assert.strictEqual(named.baseUrl, "https://api.carbonregistry.com")
    })
  )

  it.effect("an error names the option, or the variable where the value came from there", () =>
    Effect.gen(function* () {
      const option = yield* Effect.flip(withOptions({ appId: "a/b" }, full))
      assert.match(option.message, /^appId: /)
      const variable = yield* Effect.flip(withOptions({ environment: "sandbox" }, { ICR_APP_ID: "a/b" }))
      assert.match(variable.message, /^ICR_APP_ID: /)
    })
  )
})

describe("IcrConfig.layerKeyFile", () => {
  const files = FileSystem.layerNoop({
    readFileString: (path) =>
      path === "/run/key.pem"
        ? Effect.succeed(`\uFEFF"${secretKey}"\r\n`)
        : Effect.fail(PlatformError.systemError({ _tag: "NotFound", module: "FileSystem", method: "readFileString" }))
  })
  const read = (env: Record<string, string>) =>
    IcrConfig.pipe(Effect.provide(Layer.provide(IcrConfig.layerKeyFile, files), { local: true }), readWith(env))

  it.effect("reads the key from the file that ICR_PRIVATE_KEY_FILE names", () =>
    Effect.gen(function* () {
      const { privateKey } = yield* read({ ICR_APP_ID: "1", ICR_PRIVATE_KEY_FILE: "/run/key.pem" })
      const key = Option.getOrThrow(privateKey)
      assert.strictEqual(Redacted.value(key), secretKey)
      // The label is the name under which the signer speaks of a key it cannot use.
      assert.strictEqual(key.label, "ICR_PRIVATE_KEY_FILE")
    })
  )

  it.effect("takes the path as it was meant", () =>
    Effect.gen(function* () {
      const { privateKey } = yield* read({ ICR_APP_ID: "1", ICR_PRIVATE_KEY_FILE: '"/run/key.pem"\n' })
      assert.strictEqual(Redacted.value(Option.getOrThrow(privateKey)), secretKey)
    })
  )

  it.effect("says that the variable for a file holds the key itself", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(read({ ICR_APP_ID: "1", ICR_PRIVATE_KEY_FILE: secretKey }))
      assert.match(error.message, /^ICR_PRIVATE_KEY_FILE: holds a key .* set ICR_PRIVATE_KEY instead/)
      assert.notInclude(error.message, "Tm90QVJlYWxLZXk")
    })
  )

  it.effect("says by name that the file cannot be read", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(read({ ICR_APP_ID: "1", ICR_PRIVATE_KEY_FILE: "/run/missing.pem" }))
      assert.match(error.message, /^ICR_PRIVATE_KEY_FILE: could not be read \(NotFound\)/)
    })
  )

  it.effect("refuses both variables at once", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        read({ ICR_APP_ID: "1", ICR_PRIVATE_KEY: secretKey, ICR_PRIVATE_KEY_FILE: "/run/key.pem" })
      )
      assert.include(error.message, "ICR_PRIVATE_KEY_FILE")
    })
  )
})

describe("IcrConfig.layerConfig", () => {
  it.effect("takes a Config for each value, and its error names the variable", () =>
    Effect.gen(function* () {
      const layer = IcrConfig.layerConfig({
        appId: Config.NonEmptyString("MY_APP"),
        privateKey: Config.Redacted("MY_KEY"),
        environment: Config.succeed("sandbox" as const)
      })
      const read = (env: Record<string, string>) =>
        IcrConfig.pipe(Effect.provide(layer, { local: true }), readWith(env))
      assert.strictEqual((yield* read({ MY_APP: "app-1", MY_KEY: secretKey })).appId, "app-1")
      const error = yield* Effect.flip(read({ MY_KEY: secretKey }))
      assert.include(error.message, "MY_APP")
    })
  )
})
