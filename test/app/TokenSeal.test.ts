import * as TokenSeal from "@effect-icr/app/TokenSeal"
import { assert, describe, it } from "@effect/vitest"
import { Config, ConfigProvider, Effect, Option, Redacted } from "effect"
import { createDecipheriv, createHash, randomBytes } from "node:crypto"
import { fromPlainJavaScript, notTexts, surroundings } from "../support/plainJavaScript.ts"
import { reasonOf } from "../support/registry.ts"

const bytes = randomBytes(32)
const other = randomBytes(32)
const base64 = Redacted.make(bytes.toString("base64"))
const secret = Redacted.make("crs_secret")
const opened = (value: Option.Option<Redacted.Redacted>) => Option.getOrUndefined(Option.map(value, Redacted.value))

describe("a sealed text", () => {
  it.effect("opens with its key and for its store key, and shows nothing of the value", () =>
    Effect.gen(function* () {
      const seal = yield* TokenSeal.make({ keys: base64 })
      const text = yield* seal.seal("k", secret)
      assert.strictEqual(opened(yield* seal.open("k", text)), "crs_secret")
      assert.notInclude(text, "crs_secret")
      assert.notStrictEqual(text, yield* seal.seal("k", secret))
    })
  )

  it.effect("cannot be moved to another store key", () =>
    Effect.gen(function* () {
      const seal = yield* TokenSeal.make({ keys: base64 })
      assert.isTrue(Option.isNone(yield* seal.open("k2", yield* seal.seal("k", secret))))
    })
  )

  it.effect("does not open once any character of it was changed, cut or added", () =>
    Effect.gen(function* () {
      const seal = yield* TokenSeal.make({ keys: base64 })
      const text = yield* seal.seal("k", secret)
      for (let i = 0; i < text.length; i++) {
        const changed = text.slice(0, i) + (text[i] === "A" ? "B" : "A") + text.slice(i + 1)
        assert.isTrue(Option.isNone(yield* seal.open("k", changed)), `character ${i}`)
        assert.isTrue(Option.isNone(yield* seal.open("k", text.slice(0, i))), `cut at ${i}`)
      }
      // The last character has spare bits: another spelling of the very same bytes.
      const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
      const spelled = text.slice(0, -1) + (base64url[base64url.indexOf(text.at(-1) ?? "") ^ 1] ?? "")
      for (const junk of [spelled, "", ".", "..", "icr1", "icr1..", `${text}x`, "plain.crs_secret", "crs_secret"]) {
        assert.isTrue(Option.isNone(yield* seal.open("k", junk)), junk)
      }
    })
  )

  it.effect("is AES-256-GCM: Node's own cipher opens it by the documented form", () =>
    Effect.gen(function* () {
      const seal = yield* TokenSeal.make({ keys: base64 })
      const [form, id, body = ""] = (yield* seal.seal("k", secret)).split(".")
      assert.deepStrictEqual([form, id], ["icr1", createHash("sha256").update(bytes).digest("hex").slice(0, 8)])
      const raw = Buffer.from(body, "base64url")
      const decipher = createDecipheriv("aes-256-gcm", bytes, raw.subarray(0, 12))
      decipher.setAAD(Buffer.from(`icr1.${id}.k`)).setAuthTag(raw.subarray(-16))
      const text = Buffer.concat([decipher.update(raw.subarray(12, -16)), decipher.final()]).toString()
      assert.strictEqual(text, "crs_secret")
    })
  )
})

describe("keys", () => {
  it.effect("are hex, base64 or base64url, with or without padding", () =>
    Effect.gen(function* () {
      const text = yield* (yield* TokenSeal.make({ keys: base64 })).seal("k", secret)
      const forms = [bytes.toString("hex"), bytes.toString("hex").toUpperCase(), bytes.toString("base64url")]
      for (const form of [...forms, `${bytes.toString("base64url")}=`, ` ${bytes.toString("base64")}\n`]) {
        const seal = yield* TokenSeal.make({ keys: Redacted.make(form) })
        assert.strictEqual(opened(yield* seal.open("k", text)), "crs_secret")
      }
    })
  )

  it.effect("rotate: the first one seals, all of them open, and a dropped one opens nothing", () =>
    Effect.gen(function* () {
      const old = yield* TokenSeal.make({ keys: base64 })
      const both = yield* TokenSeal.make({ keys: [Redacted.make(other.toString("base64")), base64] })
      const only = yield* TokenSeal.make({ keys: Redacted.make(other.toString("hex")) })
      const before = yield* old.seal("k", secret)
      assert.strictEqual(opened(yield* both.open("k", before)), "crs_secret")
      const after = yield* both.seal("k", secret)
      assert.strictEqual(opened(yield* only.open("k", after)), "crs_secret")
      assert.isTrue(Option.isNone(yield* only.open("k", before)))
      assert.isTrue(Option.isNone(yield* old.open("k", after)))
    })
  )

  const provided = (env: { readonly [name: string]: string }) =>
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))

  it.effect("come from ICR_TOKEN_STORE_KEY by default, several separated by commas", () =>
    Effect.gen(function* () {
      const env = { ICR_TOKEN_STORE_KEY: `${other.toString("hex")},${bytes.toString("base64")}` }
      const seal = yield* provided(env)(TokenSeal.make())
      const text = yield* (yield* TokenSeal.make({ keys: base64 })).seal("k", secret)
      assert.strictEqual(opened(yield* seal.open("k", text)), "crs_secret")
    })
  )

  it.effect("that are missing or cannot be one are refused with what to do, and never echoed", () =>
    Effect.gen(function* () {
      const missing = yield* reasonOf(provided({})(TokenSeal.make()))
      assert.strictEqual(missing._tag, "Configuration")
      assert.include(missing.message, "ICR_TOKEN_STORE_KEY")
      assert.include(missing.message, "openssl rand -base64 32")
      for (const wrong of [
        "",
        ",",
        "hunter2-hunter2",
        bytes.toString("hex").slice(1),
        randomBytes(16).toString("base64")
      ]) {
        const reason = yield* reasonOf(TokenSeal.make({ keys: Redacted.make(wrong) }))
        assert.strictEqual(reason._tag, "Configuration")
        if (wrong.length > 1) assert.notInclude(JSON.stringify(reason) + reason.message, wrong)
      }
    })
  )
})

describe("keys as files and dashboards give them, with", () => {
  for (const [name, around] of Object.entries(surroundings)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const text = yield* (yield* TokenSeal.make({ keys: base64 })).seal("k", secret)
        const older = other.toString("hex")
        const current = bytes.toString("base64")
        const separately = `${around(older)},${around(current)}`
        const env = ConfigProvider.layer(ConfigProvider.fromEnv({ env: { ICR_TOKEN_STORE_KEY: separately } }))
        for (const make of [
          Effect.provide(TokenSeal.make(), env),
          TokenSeal.make({ keys: Redacted.make(around(current)) }),
          TokenSeal.make({ keys: fromPlainJavaScript(around(current)) }),
          TokenSeal.make({ keys: fromPlainJavaScript([around(older), around(current)]) })
        ]) {
          assert.strictEqual(opened(yield* (yield* make).open("k", text)), "crs_secret")
        }
      })
    )
  }
})

describe("keys that are refused name", () => {
  for (const [name, keys] of Object.entries(notTexts)) {
    it.effect(`the option: keys that are ${name}`, () =>
      Effect.gen(function* () {
        const reason = yield* reasonOf(TokenSeal.make({ keys: fromPlainJavaScript(keys) }))
        assert.strictEqual(reason._tag, "Configuration")
        assert.match(reason.message, /^keys: /)
      })
    )
  }

  const provided = (env: { readonly [name: string]: string }) =>
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))

  it.effect("their variable, or that of a Config of one's own", () =>
    Effect.gen(function* () {
      for (const wrong of ["", "short", "${KEY}", "op://team/seal/key", "\\n"]) {
        const reason = yield* reasonOf(provided({ ICR_TOKEN_STORE_KEY: wrong })(TokenSeal.make()))
        assert.match(reason.message, /^ICR_TOKEN_STORE_KEY: /)
      }
      const own = yield* reasonOf(provided({})(TokenSeal.make({ keys: Config.Redacted("MY_SEAL") })))
      assert.match(own.message, /^MY_SEAL: /)
    })
  )
})

describe("plain text", () => {
  it.effect("is kept only when asked for by name, and neither kind opens the other", () =>
    Effect.gen(function* () {
      const plain = yield* TokenSeal.make({ plainText: true })
      const sealed = yield* TokenSeal.make({ keys: base64 })
      const text = yield* plain.seal("k", secret)
      assert.include(text, "crs_secret")
      assert.strictEqual(opened(yield* plain.open("k", text)), "crs_secret")
      assert.isTrue(Option.isNone(yield* sealed.open("k", text)))
      assert.isTrue(Option.isNone(yield* plain.open("k", yield* sealed.seal("k", secret))))
    })
  )
})
