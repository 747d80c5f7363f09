/** `IcrConfig` with values as files, dashboards and plain JavaScript give them. */
import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Option, Redacted } from "effect"
import { fromPlainJavaScript, notTexts, surroundings } from "../support/plainJavaScript.ts"

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

const full = { ICR_APP_ID: "67890", ICR_PRIVATE_KEY: secretKey, ICR_ENVIRONMENT: "sandbox" }

const values = {
  appId: "app-1",
  privateKey: secretKey,
  baseUrl: "http://proxy.example/icr",
  apiVersion: "2023-06-16",
  apiPath: "/v0.5",
  allowInsecureHttp: "true"
}

const variables: { readonly [Option in keyof typeof values]: string } = {
  appId: "ICR_APP_ID",
  privateKey: "ICR_PRIVATE_KEY",
  baseUrl: "ICR_BASE_URL",
  apiVersion: "ICR_API_VERSION",
  apiPath: "ICR_API_PATH",
  allowInsecureHttp: "ICR_ALLOW_INSECURE_HTTP"
}

const optionNames = ["appId", "privateKey", "baseUrl", "apiVersion", "apiPath", "allowInsecureHttp"] as const

describe("a configured value means what was meant, with", () => {
  const isMeant = (config: typeof IcrConfig.Service) => {
    assert.strictEqual(Redacted.value(Option.getOrThrow(config.privateKey)), secretKey)
    assert.deepStrictEqual(
      [config.appId, config.baseUrl, config.apiVersion, config.apiPath],
      [values.appId, values.baseUrl, values.apiVersion, values.apiPath]
    )
  }
  const mapped = (names: (name: (typeof optionNames)[number]) => string, around: (value: string) => string) =>
    Object.fromEntries(optionNames.map((name) => [names(name), around(values[name])]))

  for (const [name, around] of Object.entries(surroundings)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        isMeant(yield* fromEnv(mapped((name) => variables[name], around)))
        const options = mapped((name) => name, around)
        const privateKey = Redacted.make(around(secretKey))
        isMeant(
          yield* IcrConfig.pipe(
            Effect.provide(IcrConfig.layerWith(fromPlainJavaScript({ ...options, privateKey })), { local: true }),
            readWith({})
          )
        )
      })
    )
  }

  it.effect("ICR_ENVIRONMENT in quotes", () =>
    Effect.gen(function* () {
      const { baseUrl } = yield* fromEnv({ ICR_APP_ID: "1", ICR_ENVIRONMENT: '"sandbox"\n' })
      assert.strictEqual(baseUrl, "https://sandbox-api.carbonregistry.com")
    })
  )

  it.effect("one pair of quotes: a second one stays", () =>
    Effect.gen(function* () {
      const { privateKey } = yield* fromEnv({ ICR_APP_ID: "1", ICR_PRIVATE_KEY: `"'k'"` })
      assert.strictEqual(Redacted.value(Option.getOrThrow(privateKey)), "'k'")
    })
  )

  for (const nothing of [" \n", '""', "\\n", "\uFEFF"]) {
    it.effect(
      `nothing but ${JSON.stringify(nothing)} around it, which is refused as empty by its variable's name`,
      () =>
        Effect.gen(function* () {
          for (const name of Object.values(variables)) {
            assert.match(yield* problem({ ...full, [name]: nothing }), new RegExp(`^${name}: is empty`))
          }
        })
    )
  }
})

describe("a value that nothing was put in place of is refused by its variable's name", () => {
  for (const left of ["${VALUE}", "$(cat value)", "{{ value }}"]) {
    it.effect(left, () =>
      Effect.gen(function* () {
        for (const name of Object.values(variables)) {
          const message = yield* problem({ ICR_APP_ID: "1", [name]: left })
          assert.match(message, new RegExp(`^${name}: is a placeholder`))
        }
      })
    )
  }

  it.effect("op://team/icr/key, for the private key", () =>
    Effect.gen(function* () {
      const message = yield* problem({ ICR_APP_ID: "1", ICR_PRIVATE_KEY: "op://team/icr/key" })
      assert.match(message, /^ICR_PRIVATE_KEY: is a reference .*op:\/\//)
      assert.notInclude(message, "team")
    })
  )
})

describe("options from plain JavaScript", () => {
  const withOptions = (options: unknown) =>
    IcrConfig.pipe(Effect.provide(IcrConfig.layerWith(fromPlainJavaScript(options)), { local: true }), readWith(full))
  const refused = (options: unknown) => Effect.map(Effect.flip(withOptions(options)), ({ reason }) => reason)

  it.effect("take a key that is a plain string", () =>
    Effect.gen(function* () {
      const { privateKey } = yield* withOptions({ privateKey: secretKey })
      const key = Option.getOrThrow(privateKey)
      assert.strictEqual(Redacted.value(key), secretKey)
      assert.strictEqual(key.label, "privateKey")
    })
  )

  it.effect("take a URL of another realm", () =>
    Effect.gen(function* () {
      const { baseUrl } = yield* withOptions({ baseUrl: { href: "https://x.example/" } })
      assert.strictEqual(baseUrl, "https://x.example")
    })
  )

  for (const option of ["appId", "privateKey", "environment", "baseUrl", "apiVersion", "allowInsecureHttp"]) {
    for (const [name, value] of Object.entries(notTexts)) {
      if (option === "allowInsecureHttp" && value === true) continue
      it.effect(`are refused by name: ${option} that is ${name}`, () =>
        Effect.gen(function* () {
          const given = option === "allowInsecureHttp" ? { baseUrl: "https://x.example" } : {}
          const reason = yield* refused({ ...given, [option]: value })
          assert.strictEqual(reason._tag, "Configuration")
          assert.match(reason.message, new RegExp(`^${option}: `))
        })
      )
    }
  }

  for (const [name, value] of Object.entries({ "a number": 1, null: null, "a text": "text" })) {
    it.effect(`are refused when they are ${name} instead of an object`, () =>
      Effect.map(refused(value), (reason) => assert.match(reason.message, /^options: must be an object/))
    )
  }

  it.effect("are refused by name: a key that was wiped", () =>
    Effect.gen(function* () {
      const privateKey = Redacted.make(secretKey, { label: "ICR_PRIVATE_KEY" })
      Redacted.wipeUnsafe(privateKey)
      assert.match((yield* refused({ privateKey })).message, /^ICR_PRIVATE_KEY: cannot be read/)
    })
  )
})
