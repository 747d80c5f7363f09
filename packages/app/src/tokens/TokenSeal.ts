/**
 * Encryption of tokens at rest: AES-256-GCM, for `TokenStore`s whose storage others can read. By Effect's `Aead` and `Digest`
 * services where the program provides them, else by WebCrypto.
 *
 * **When to use**
 *
 * In a `TokenStore` of your own; the shipped stores use it already, and take its options.
 *
 * **Details**
 *
 * The sealed text is `icr1.<key id>.<iv and ciphertext>`. The key id (a short hash of the key) says which key opens it, so keys
 * rotate without a common moment: put the new one first and drop the old one when its last token has ended. What is sealed for
 * one store key opens for no other, so nobody can exchange one entry for another.
 *
 * **Gotchas**
 *
 * The IV is 96 random bits, so one key is good for about four billion tokens. Whoever can delete entries can still do
 * that; it costs an exchange.
 *
 * ```ts
 * import * as TokenSeal from "@effect-icr/app/TokenSeal"
 * import { Effect, Option, Redacted } from "effect"
 * import * as assert from "node:assert"
 * import { randomBytes } from "node:crypto"
 *
 * const program = Effect.gen(function* () {
 *   const seal: TokenSeal.TokenSeal = yield* TokenSeal.make({ keys: Redacted.make(randomBytes(32).toString("hex")) })
 *   const sealed = yield* seal.seal("key-1", Redacted.make("a token"))
 *   assert.ok(!sealed.includes("a token"))
 *   assert.ok(Option.isSome(yield* seal.open("key-1", sealed)))
 *   assert.ok(Option.isNone(yield* seal.open("key-2", sealed)))
 * })
 * await Effect.runPromise(program)
 * ```
 *
 * @module
 */
import * as Config from "effect/Config"
import type * as Context from "effect/Context"
import * as Aead from "effect/crypto/Aead"
import * as Digest from "effect/crypto/Digest"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Hex from "effect/encoding/Hex"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { decodeBase64 } from "../config/internal/base64.ts"
import { envSecret, fromConfigError } from "../config/internal/environment.ts"
import { configurationError, layerOptions, readSecretList } from "../config/internal/validate.ts"
import type { IcrError } from "../errors/IcrError.ts"
import { utf8Bytes } from "../signer/internal/utf8.ts"

/**
 * Seals and opens the values of a store.
 *
 * @category models
 * @since 0.1.0
 */
export interface TokenSeal {
  /** A text that only {@link TokenSeal.open} can read, and only for the same store key. */
  readonly seal: (storeKey: string, value: Redacted.Redacted) => Effect.Effect<string>
  /** None when it was sealed with another key or for another store key, or was changed since. */
  readonly open: (storeKey: string, sealed: string) => Effect.Effect<Option.Option<Redacted.Redacted>>
}

/**
 * One text of one or more keys, or several texts.
 *
 * @category options
 * @since 0.1.0
 */
export type Keys = Redacted.Redacted | ReadonlyArray<Redacted.Redacted>

/**
 * How values are kept: sealed, unless plain text is asked for by name.
 *
 * @category options
 * @since 0.1.0
 */
export type Options =
  | {
      /**
       * 32 bytes each, as hex or base64 (`openssl rand -base64 32`); several are separated by commas or blanks. The first
       * one seals, all of them open. Default: the configuration's `ICR_TOKEN_STORE_KEY`.
       */
      readonly keys?: Keys | Config.Config<Keys> | undefined
      readonly plainText?: false | undefined
    }
  | {
      /** Keeps the tokens readable for everybody who can read the storage. */
      readonly plainText: true
    }

const version = "icr1"
const ivBytes = 12
interface Key {
  readonly id: string
  readonly key: Aead.Key
}

/** A service of the program, such as a synchronous one of tests, else WebCrypto. */
const ofProgramOr = <I, S>(service: Context.Key<I, S>, webCrypto: Layer.Layer<I>) =>
  Effect.flatMap(
    Effect.serviceOption(service),
    Option.match({ onNone: () => Effect.provide(service, webCrypto), onSome: Effect.succeed })
  )
const findAead = ofProgramOr(Aead.Aead, Layer.provide(Aead.layerWebCrypto, SecureRandom.layerWebCrypto))
const findDigest = ofProgramOr(Digest.Digest, Digest.layerWebCrypto)

const variable = "ICR_TOKEN_STORE_KEY"
const expected = "must be 32 bytes as hex or base64, such as `openssl rand -base64 32` prints"

/** Commas, blanks, and what files and dashboards make of them. */
const between = /(?:[\s\p{Cf},"']|\\+[rn])+/u

const decodeHex = (text: string) => Option.map(Result.getSuccess(Hex.decode(text)), (bytes) => Uint8Array.from(bytes))

const bytesOf = (text: string): Option.Option<Uint8Array<ArrayBuffer>> =>
  Option.filter(/^[0-9a-f]{64}$/i.test(text) ? decodeHex(text) : decodeBase64(text), (bytes) => bytes.length === 32)

const importKey = Effect.fnUntraced(function* (bytes: Uint8Array<ArrayBuffer>): Effect.fn.Return<Key> {
  const key = yield* Effect.orDie(Aead.key(Aead.aes256Gcm, bytes))
  const { digest } = yield* findDigest
  const hash = yield* Effect.orDie(digest(Digest.sha256, bytes))
  return { id: Hex.encode(hash.slice(0, 4)), key }
})

const readKeys = Effect.fnUntraced(function* (
  given: ReadonlyArray<Redacted.Redacted>
): Effect.fn.Return<readonly [Key, ...ReadonlyArray<Key>], IcrError> {
  const parts = given.flatMap((text) =>
    Redacted.value(text)
      .split(between)
      .map((part) => ({ part, label: text.label }))
  )
  const [first, ...others] = yield* Effect.forEach(
    parts.filter(({ part }) => part !== ""),
    ({ label = "keys", part }) =>
      Option.match(bytesOf(part), {
        // Neither the key nor a part of it: it may be right but for one character.
        onNone: () => Effect.fail(configurationError(label, expected)),
        onSome: importKey
      })
  )
  return first === undefined ? yield* configurationError(given[0]?.label ?? "keys", expected) : [first, ...others]
})

const fromEnv = Effect.flatMap(
  envSecret(variable),
  Option.match({
    onNone: () => Effect.fail(configurationError(variable, `is missing; it ${expected}`)),
    onSome: (keys) => Effect.succeed([keys])
  })
)

/** The texts given as an option or by a `Config`, else that of the environment. */
const readTexts = Effect.fnUntraced(function* (
  given: Keys | Config.Config<Keys> | undefined
): Effect.fn.Return<ReadonlyArray<Redacted.Redacted>, IcrError> {
  if (given === undefined) return yield* fromEnv
  return yield* readSecretList("keys", Config.isConfig(given) ? yield* Effect.mapError(given, fromConfigError) : given)
})

const parameters = (storeKey: string, id: string, iv: Uint8Array) => ({
  nonce: iv,
  aad: utf8Bytes(`${version}.${id}.${storeKey}`)
})

const makeSealed = (
  [current, ...older]: readonly [Key, ...ReadonlyArray<Key>],
  { decrypt, encrypt }: Aead.Aead["Service"]
): TokenSeal => ({
  seal: Effect.fnUntraced(function* (storeKey, value) {
    const iv = crypto.getRandomValues(new Uint8Array(ivBytes))
    const text = utf8Bytes(Redacted.value(value))
    const sealed = yield* Effect.orDie(encrypt(current.key, text, parameters(storeKey, current.id, iv)))
    const bytes = new Uint8Array(ivBytes + sealed.length)
    bytes.set(iv)
    bytes.set(sealed, ivBytes)
    return `${version}.${current.id}.${Base64Url.encode(bytes)}`
  }),
  open: Effect.fnUntraced(function* (storeKey, sealed) {
    const [form, id, text = "", ...more] = sealed.split(".")
    const found = [current, ...older].find((key) => key.id === id)
    const decoded = Base64Url.decode(text)
    if (form !== version || found === undefined || Result.isFailure(decoded) || more.length > 0) return Option.none()
    // Accept one spelling only, also of the spare bits of the last character.
    if (Base64Url.encode(decoded.success) !== text) return Option.none()
    const bytes = Uint8Array.from(decoded.success)
    const opened = yield* Effect.option(
      decrypt(found.key, bytes.slice(ivBytes), parameters(storeKey, found.id, bytes.slice(0, ivBytes)))
    )
    return Option.map(opened, (value) => Redacted.make(new TextDecoder().decode(value)))
  })
})

const plain = "plain."

/** Sealed and plain entries do not open each other, so switching costs one exchange per token. */
const plainText: TokenSeal = {
  seal: (_, value) => Effect.succeed(plain + Redacted.value(value)),
  open: (_, text) =>
    Effect.succeed(text.startsWith(plain) ? Option.some(Redacted.make(text.slice(plain.length))) : Option.none())
}

/**
 * Makes a seal. Fails with the reason `Configuration` when a key is missing or cannot be one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function* (given: Options = {}): Effect.fn.Return<TokenSeal, IcrError> {
  const options = yield* layerOptions(given)
  if (options.plainText === true) return plainText
  return makeSealed(yield* readKeys(yield* readTexts(options.keys)), yield* findAead)
})
