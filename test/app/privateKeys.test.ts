import { IcrConfig } from "@effect-icr/app/IcrConfig"
import { ServerClock } from "@effect-icr/app/ServerClock"
import { Signer } from "@effect-icr/app/Signer"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import * as jose from "jose"
import jsonwebtoken from "jsonwebtoken"
import { spawnSync } from "node:child_process"
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { pkcs1Pem, privateKeyPem, publicKeyPem } from "../support/keys.ts"
import { found, needles } from "./support/secrets.ts"

const signerOf = (pem: string) =>
  Signer.layer.pipe(
    Layer.provide([ServerClock.layer, IcrConfig.layerWith({ appId: "67890", privateKey: Redacted.make(pem) })])
  )

const sign = (pem: string) =>
  Effect.gen(function* () {
    return Redacted.value(yield* (yield* Signer).appJwt)
  }).pipe(Effect.provide(signerOf(pem)))

const problemWith = (pem: string) =>
  Effect.map(Effect.flip(sign(pem)), (error) => {
    assert.strictEqual(error.reason._tag, "Configuration")
    return error.message
  })

const now = 1_800_000_000

describe("the app JWT", () => {
  it.effect("has the header and the claims of `Generate a JWT`, in whole seconds", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now * 1000 + 999)
      const jwt = yield* sign(privateKeyPem)
      assert.deepStrictEqual(jose.decodeProtectedHeader(jwt), { alg: "RS256", typ: "JWT" })
      assert.deepStrictEqual(jose.decodeJwt(jwt), { iss: "67890", iat: now - 60, exp: now + 540 })
    })
  )

  it.effect("is accepted by an independent library", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now * 1000)
      const claims = jsonwebtoken.verify(yield* sign(privateKeyPem), publicKeyPem, {
        algorithms: ["RS256"],
        clockTimestamp: now,
        issuer: "67890",
        maxAge: "10m"
      })
      assert.deepInclude(claims, { iss: "67890" })
    })
  )

  it.effect("is accepted by openssl, and its neighbour is not", () =>
    Effect.gen(function* () {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "effect-icr-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => fs.rmSync(folder, { recursive: true })))
      const [header = "", claims = "", signature = ""] = (yield* sign(privateKeyPem)).split(".")
      const write = (name: string, content: string | Uint8Array) => {
        const file = path.join(folder, name)
        fs.writeFileSync(file, content)
        return file
      }
      const verify = (signed: string) =>
        spawnSync("openssl", [
          "dgst",
          "-sha256",
          "-verify",
          write("public.pem", publicKeyPem),
          "-signature",
          write("signature", Buffer.from(signature, "base64url")),
          write("signed", signed)
        ]).stdout.toString()
      assert.include(verify(`${header}.${claims}`), "Verified OK")
      assert.notInclude(verify(`${header}.${claims}x`), "Verified OK")
    })
  )
})

/** Each backslash of the text once more, as each layer of a configuration adds them. */
const escapeAgain = (text: string) => text.replaceAll("\\", "\\\\")
const withNewlines = (newline: string) => privateKeyPem.replaceAll("\n", newline)
const base64 = (text: string | Uint8Array) => Buffer.from(text).toString("base64")
const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, "utf16le")
/** As `readFile(path, "utf8")` gives a file of other bytes. */
const asUtf8 = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8")
const armourless = (text: string) => text.replace(/-----[^-]+-----/g, "").trim()

describe("private keys that work", () => {
  const forms: Record<string, string> = {
    "newlines escaped twice": withNewlines("\\\\n"),
    "CRLF escaped twice": withNewlines("\\\\r\\\\n"),
    "newlines escaped five times": escapeAgain(escapeAgain(escapeAgain(escapeAgain(withNewlines("\\n"))))),
    "a JSON string of a JSON string": JSON.stringify(JSON.stringify(privateKeyPem)),
    "a field of a JSON object, escaped before": JSON.stringify({ privateKey: withNewlines("\\n") }),
    "a JSON list of lines": JSON.stringify(privateKeyPem.trim().split("\n")),
    "JSON that escapes each sign it may": JSON.stringify(pkcs1Pem).replaceAll("/", "\\/").replaceAll("+", "\\u002B"),
    "a backslash at the end of each line": withNewlines("\\\n"),
    "blanks escaped for a shell": pkcs1Pem.replaceAll(" ", "\\ ").replaceAll("\n", "\\\n"),
    "newlines as \\u000a": withNewlines("\\u000a"),
    "newlines as \\u000a, escaped again": escapeAgain(withNewlines("\\u000a")),
    "newlines as \\x0a": withNewlines("\\x0a"),
    "newlines as \\012": withNewlines("\\012"),
    "newlines as %0A": withNewlines("%0A"),
    "encoded for a URL": encodeURIComponent(pkcs1Pem),
    "encoded for a URL twice": encodeURIComponent(encodeURIComponent(pkcs1Pem)),
    "encoded as a form's field": new URLSearchParams({ key: pkcs1Pem }).toString(),
    "newlines as XML": withNewlines("&#10;"),
    "escaped by a template": withNewlines("&#xA;").replaceAll("=", "&#x3D;").replaceAll("/", "&#x2F;"),
    "newline and tab, escaped": withNewlines("\\n\\t"),
    "blanks lost": pkcs1Pem.replace(/\s/g, ""),
    "no-break blanks": pkcs1Pem.replaceAll(" ", "\u00A0").replaceAll("\n", "\u00A0\n"),
    "signs without width": privateKeyPem.replaceAll("A", "\u200BA\u2060"),
    "UTF-16": asUtf8(utf16(privateKeyPem)),
    "UTF-16, the other byte order": asUtf8(utf16(privateKeyPem).swap16()),
    "UTF-16 in base64": base64(utf16(privateKeyPem)),
    "the whole PEM in base64 twice": base64(base64(privateKeyPem)),
    "the whole PEM in base64 without padding": base64(`${privateKeyPem}\n\n`).replace(/=+$/, ""),
    "the whole PEM in base64url": Buffer.from(pkcs1Pem).toString("base64url"),
    "a prefix that says base64": `base64:${base64(privateKeyPem)}`,
    "a data URL": `data:application/x-pem-file;base64,${base64(privateKeyPem)}`,
    "base64 as a field of JSON": JSON.stringify({ type: "app", privateKey: base64(pkcs1Pem) }),
    "base64 with escaped newlines": base64(privateKeyPem).replace(/(.{64})/g, "$1\\n"),
    "PKCS#8 without its armour": armourless(privateKeyPem),
    "PKCS#1 without its armour, in one line": armourless(pkcs1Pem).replace(/\s/g, ""),
    "the bytes of PKCS#1 in base64 twice": base64(armourless(pkcs1Pem)),
    "PKCS#8": privateKeyPem,
    "PKCS#1": pkcs1Pem,
    "CRLF line ends": pkcs1Pem.replaceAll("\n", "\r\n"),
    "escaped newlines, as in an environment file": privateKeyPem.replaceAll("\n", "\\n"),
    "escaped CRLF in quotes": `"${pkcs1Pem.replaceAll("\n", "\\r\\n")}"`,
    "newlines turned into blanks": privateKeyPem.trim().replaceAll("\n", " "),
    "blank space around and inside": `\n\n  ${privateKeyPem.replaceAll("\n", "  \n\t")}  \n`,
    "a byte order mark": `\uFEFF${privateKeyPem}`,
    "the whole PEM in base64": Buffer.from(pkcs1Pem).toString("base64"),
    "a certificate before the key": `-----BEGIN CERTIFICATE-----\nTWFk\n-----END CERTIFICATE-----\n${pkcs1Pem}`,
    "a public key before the key": publicKeyPem + privateKeyPem,
    "PKCS#1 under the label of PKCS#8": pkcs1Pem.replaceAll("RSA PRIVATE", "PRIVATE"),
    "PKCS#8 under the label of PKCS#1": privateKeyPem.replaceAll("PRIVATE", "RSA PRIVATE"),
    "escaped newlines within base64": Buffer.from(`"${privateKeyPem.replaceAll("\n", "\\n")}"`).toString("base64"),
    "the whole PEM in base64, wrapped": Buffer.from(privateKeyPem)
      .toString("base64")
      .replace(/(.{76})/g, "$1\n")
  }
  for (const [name, pem] of Object.entries(forms)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(now * 1000)
        jsonwebtoken.verify(yield* sign(pem), publicKeyPem, { algorithms: ["RS256"], clockTimestamp: now })
      })
    )
  }
})

describe("an RSA key of three primes", () => {
  for (const form of [[], ["-traditional"]]) {
    it.effect(`signs: openssl genrsa ${form.join("")} -primes 3`, () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(now * 1000)
        const pem = spawnSync("openssl", ["genrsa", ...form, "-primes", "3", "2048"]).stdout.toString()
        assert.include(pem, form.length === 0 ? "BEGIN PRIVATE KEY" : "BEGIN RSA PRIVATE KEY")
        const publicKey = createPublicKey(pem).export({ type: "spki", format: "pem" }).toString()
        jsonwebtoken.verify(yield* sign(pem), publicKey, { algorithms: ["RS256"], clockTimestamp: now })
      })
    )
  }
})

describe("private keys that do not, refused when the layer is built", () => {
  const pem = (key: KeyObject, options: { type: "pkcs8" | "sec1"; cipher?: string; passphrase?: string }) =>
    key.export({ format: "pem", ...options }).toString()
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
  const small = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey
  const pss = generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).privateKey
  const ed = generateKeyPairSync("ed25519").privateKey
  const lines = privateKeyPem.split("\n")
  const openssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
  const encrypted = { type: "pkcs8", cipher: "aes-256-cbc", passphrase: "x" } as const
  const cases: Record<string, readonly [key: string, advice: string]> = {
    "an empty key": ["", "empty"],
    "a blank key": ["  \n ", "empty"],
    "the first line only": [lines[0] ?? "", "only part"],
    "half a key": [lines.slice(0, 10).join("\n"), "only part"],
    "a damaged key": [privateKeyPem.replace(/\nM.{20}/, "\n*&^%"), "damaged"],
    "a key whose middle is gone": [[...lines.slice(0, 5), ...lines.slice(15)].join("\n"), "cannot be read"],
    "a public key": [publicKeyPem, "public key"],
    "an encrypted key": [pem(rsa, encrypted), "decrypt it"],
    "an encrypted PKCS#1 key": [
      pkcs1Pem.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n"),
      "decrypt it"
    ],
    "an OpenSSH key": [openssh, "ssh-keygen"],
    "an EC key": [pem(ec, { type: "sec1" }), "EC key"],
    "EC parameters before an EC key": [
      `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${pem(ec, { type: "sec1" })}`,
      "EC key"
    ],
    "a PKCS#1 public key": [
      generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "pkcs1", format: "pem" }).toString(),
      "public key"
    ],
    "a certificate": ["-----BEGIN CERTIFICATE-----\nTWFk\n-----END CERTIFICATE-----", "certificate"],
    "next to nothing": ["-----BEGIN PRIVATE KEY-----\nTWFk\n-----END PRIVATE KEY-----", "not an RSA key"],
    "an EC key in PKCS#8": [pem(ec, { type: "pkcs8" }), "EC key"],
    "an Ed25519 key": [pem(ed, { type: "pkcs8" }), "not an RSA key"],
    "an RSA-PSS key": [pem(pss, { type: "pkcs8" }), "RSA-PSS"],
    "a key of 1024 bits": [pem(small, { type: "pkcs8" }), "1024 bits"],
    "something else": ["hello", "BEGIN"],
    "a PEM with nothing in it": ["-----BEGIN PRIVATE KEY-----\n\n-----END PRIVATE KEY-----\n", "it is empty"],
    "quotes with nothing in them": ['""', "empty"],
    "a path": ["/run/secrets/icr_private_key.pem", "ICR_PRIVATE_KEY_FILE"],
    "a path in quotes": ['"./icr_private_key.pem"\n', "ICR_PRIVATE_KEY_FILE"],
    "a path below the home folder": ["~/keys/icr", "ICR_PRIVATE_KEY_FILE"],
    "a path of Windows": ["C:\\keys\\new\\icr.pem", "ICR_PRIVATE_KEY_FILE"],
    "the name of a file": ["icr_private_key.pem", "ICR_PRIVATE_KEY_FILE"],
    "a file URL": ["file:///run/secrets/key", "ICR_PRIVATE_KEY_FILE"],
    "a reference of 1Password": ["op://team/icr/private key", "op://"],
    "a reference of another store": ["awssm://prod/icr/key", "reference into a secret store"],
    "a variable that nothing replaced": ["${ICR_PRIVATE_KEY}", "placeholder"],
    "a command that nothing ran": ["$(cat icr_private_key.pem)", "placeholder"],
    "a template that nothing filled in": ["{{ .Values.icr.key }}", "placeholder"],
    "typographic dashes": [privateKeyPem.replaceAll("-----", "\u2014\u2013-"), "dashes are typographic"],
    "typographic dashes at the end only": [privateKeyPem.replace("-----END", "\u2014-END"), "dashes are typographic"],
    "newlines that became the letter n": [withNewlines("n"), "newlines became the letter n"],
    "CRLF that became letters": [withNewlines("rn"), "newlines became the letter n"],
    "an escape of nobody": [withNewlines("\\q"), "newlines are escaped"],
    "an EC key in PKCS#8 without its armour": [armourless(pem(ec, { type: "pkcs8" })), "EC key"],
    "an encrypted key without its armour": [armourless(pem(rsa, encrypted)), "decrypt it"],
    "a public key without its armour": [armourless(publicKeyPem), "public key"],
    "a key without its armour and its end": [armourless(privateKeyPem).slice(0, 800), "part of it is missing"]
  }
  /** Only these can never sign: everything else is a sound key that something happened to, or no key at all. */
  const unusable = /EC key|Ed25519|RSA-PSS|EC parameters|1024 bits|next to nothing/
  for (const [name, [key, advice]] of Object.entries(cases)) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const message = yield* problemWith(key)
        assert.include(message, advice)
        assert.strictEqual(/generate a (new )?(key|one)/.test(message), unusable.test(name), message)
        assert.deepStrictEqual(found(message, needles([privateKeyPem, key])), [])
        for (const line of key.split(/\s+/).filter((word) => word.length > 16 && !word.startsWith("-"))) {
          assert.notInclude(message, line.slice(0, 16))
        }
      })
    )
  }

  for (const [name, key] of [
    ["EC", pem(ec, { type: "pkcs8" })],
    ["RSA-PSS", pem(pss, { type: "pkcs8" })]
  ] as const) {
    it.effect(`the message for an ${name} key says that the app signs, and with RSA`, () =>
      Effect.gen(function* () {
        const message = yield* problemWith(key)
        assert.include(message, "this app signs its JWTs with RSA (RS256)")
        assert.notInclude(message, "the registry signs")
      })
    )
  }

  it.effect("a missing key names the variable", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Layer.build(Signer.layer.pipe(Layer.provide([ServerClock.layer, IcrConfig.layerWith({ appId: "1" })])))
      )
      assert.include(error.message, "ICR_PRIVATE_KEY")
    })
  )
})
