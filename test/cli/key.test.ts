/** `icr key check` on every kind of file that people take for the app's private key. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { createHash, createPublicKey, generateKeyPairSync } from "node:crypto"
import * as fs from "node:fs"
import { pkcs1Pem, privateKeyPem, publicKeyPem } from "../support/keys.ts"
import { atTerminal, directory, hasTerminal, icr, secrets } from "./support/icr.ts"

const Found = Schema.fromJsonString(
  Schema.Struct({
    kind: Schema.String,
    form: Schema.String,
    bits: Schema.Int,
    sha256: Schema.String,
    sha256Base64: Schema.String,
    note: Schema.String
  })
)

const digest = createHash("sha256")
  .update(createPublicKey(publicKeyPem).export({ type: "spki", format: "der" }))
  .digest()

const written = Effect.fnUntraced(function* (content: string) {
  const file = `${yield* directory}/key.pem`
  fs.writeFileSync(file, content)
  return file
})

const pem = (kind: "short" | "ec" | "encrypted") =>
  kind === "ec"
    ? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" })
    : kind === "short"
      ? generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ type: "pkcs8", format: "pem" })
      : generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({
          type: "pkcs8",
          format: "pem",
          cipher: "aes-256-cbc",
          passphrase: "secret"
        })

describe("icr key check", () => {
  for (const [form, content] of [
    ["PKCS#8", privateKeyPem],
    ["PKCS#1", pkcs1Pem],
    ["PKCS#1", pkcs1Pem.replaceAll("\n", "\\n")]
  ] as const) {
    const name = content.includes("\\n") ? `${form} with escaped newlines` : form
    it.live(`says what a good key is (${name}), with the SHA-256 of its public key`, () =>
      Effect.gen(function* () {
        const { exitCode, stderr, stdout } = yield* icr(["key", "check", yield* written(content)])
        assert.deepStrictEqual([exitCode, stderr], [0, ""])
        assert.notMatch(stdout, secrets)
        assert.lengthOf(stdout.trim().split("\n"), 1)
        const found = yield* Schema.decodeEffect(Found)(stdout)
        assert.deepStrictEqual(
          [found.kind, found.form, found.bits, found.sha256, found.sha256Base64],
          ["RSA private key", form, 2048, digest.toString("hex"), digest.toString("base64")]
        )
        assert.include(found.note, "does not document over what")
      })
    )
  }

  for (const [name, content, problem] of [
    ["a public key", publicKeyPem, "it is a public key, which cannot sign"],
    ["an encrypted key", pem("encrypted"), "it is encrypted with a passphrase"],
    ["an EC key", pem("ec"), "it is an EC key"],
    ["a key that is too short", pem("short"), "it has 1024 bits and RS256 needs 2048 or more"],
    ["part of a key", privateKeyPem.slice(0, 400), "it is only part of a key (no END line)"],
    ["rubbish", "rubbish", "it is not a PEM text"],
    ["an empty file", "", "it is empty"]
  ] as const) {
    it.live(`says in one line what is wrong with ${name}, and shows nothing of it`, () =>
      Effect.gen(function* () {
        const file = yield* written(String(content))
        const { exitCode, stderr, stdout } = yield* icr(["key", "check", file])
        assert.deepStrictEqual([exitCode, stdout], [1, ""])
        assert.isTrue(stderr.startsWith(`icr: ${file} cannot be used: ${problem}`), stderr)
        assert.lengthOf(stderr.trim().split("\n"), 1)
        assert.notMatch(stderr, secrets)
      })
    )
  }

  it.live("fails for a file that is not there", () =>
    Effect.gen(function* () {
      const { exitCode, stderr } = yield* icr(["key", "check", "/nowhere/key.pem"])
      assert.deepStrictEqual([exitCode, stderr], [1, "icr: /nowhere/key.pem could not be read (NotFound)\n"])
    })
  )

  it.live.skipIf(!hasTerminal)("speaks in sentences at a terminal", () =>
    Effect.gen(function* () {
      const file = yield* written(privateKeyPem)
      const { exitCode, stdout } = yield* atTerminal(["key", "check", file])
      assert.strictEqual(exitCode, 0)
      assert.include(stdout, `${file}: an RSA private key of 2048 bits (PKCS#8)`)
      assert.include(stdout, `SHA-256 of its public key: ${digest.toString("hex")}`)
      assert.include(stdout, "does not document over what")
      assert.notMatch(stdout, secrets)
    })
  )
})
