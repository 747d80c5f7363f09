/**
 * Signs the app JWT, which proves who the app is (`Generate a JWT`).
 *
 * **When to use**
 *
 * `Signer.layer` with the private key of `IcrConfig`, which `IcrApp.layer` includes. `Signer.layerSign` where the key stays in
 * an HSM or a KMS.
 *
 * **Details**
 *
 * RS256, `iss` the app id, `iat` 60 s back to absorb drift, `exp` 9 minutes ahead where the registry allows 10. Times are the
 * registry's, as far as `ServerClock` knows it. One JWT serves every caller until shortly before its end, and a new one is
 * signed when the offset of the clock changes.
 *
 * **Gotchas**
 *
 * A private key that cannot be used fails when the layer is built, with what to do about it; a KMS fails when it is asked.
 *
 * @module
 */
import * as Base64Url from "effect/encoding/Base64Url"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constVoid, flow } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import { IcrConfig } from "../config/IcrConfig.ts"
import { configurationError } from "../config/internal/validate.ts"
import { IcrError } from "../errors/IcrError.ts"
import { Signing } from "../errors/IcrReason.ts"
import { importPrivateKey } from "./internal/privateKey.ts"
import { utf8Bytes } from "./internal/utf8.ts"
import { redactText } from "../errors/internal/redactText.ts"
import * as RefreshCache from "../cache/internal/RefreshCache.ts"
import { ServerClock } from "../clock/ServerClock.ts"

/**
 * The app JWT.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** The app JWT, fresh enough to be used now. Fails with the reason `Signing`. */
  readonly appJwt: Effect.Effect<Redacted.Redacted, IcrError>
  /**
   * Signs a JWT if one is due, before the deadline of a call begins: a key at hand takes a moment of real time and none of
   * Effect's clock, so a test that moves the clock must not end the call. Absent where a service signs, whose time counts.
   */
  readonly prepare?: Effect.Effect<void> | undefined
}

/**
 * The claims of the app JWT, in whole seconds since the epoch.
 *
 * @category models
 * @since 0.1.0
 */
export interface Claims {
  readonly iss: string
  readonly iat: number
  readonly exp: number
}

const header = { alg: "RS256", typ: "JWT" } as const
const backdated = 60
const ahead = 9 * 60
/** How long a signing service may take: without a limit, one lost answer of a KMS would hold up every caller for ever. */
const patience = "10 seconds"

/** Keeps one JWT for each offset of the clock. Any number of callers share one signature. */
const make = Effect.fnUntraced(function* (sign: (claims: Claims) => Effect.Effect<string, IcrError>) {
  const { appId } = yield* IcrConfig
  const clock = yield* ServerClock
  const cache = yield* RefreshCache.make<Redacted.Redacted>({
    name: "The app JWT",
    exchange: Effect.fnUntraced(function* () {
      const now = Math.floor((yield* clock.now) / 1000)
      const exp = now + ahead
      const jwt = yield* sign({ iss: appId, iat: now - backdated, exp })
      // A slow signing service shortens the life of what it signs.
      const life = exp * 1000 - (yield* clock.now)
      return { value: Redacted.make(jwt, { label: "app-jwt" }), life, stored: false }
    }),
    // One for the present offset, and one for the offset before, which callers may still be waiting for.
    capacity: 2,
    windows: { refresh: 120_000, forced: 30_000 },
    retry: { first: 10_000, longest: 120_000 },
    isGone: () => false,
    onOutdated: () => Effect.void,
    onEvent: constVoid
  })
  return { appJwt: Effect.flatMap(clock.offset, (offset) => cache.get(String(offset))) }
})

const failed = (detail: string) => new IcrError({ reason: new Signing({ detail }) })

const segment = (value: object) => Base64Url.encode(JSON.stringify(value))

/** Puts a JWT together: header, claims, and a signature over both (RFC 7515, compact serialization). */
const signed =
  (sign: (bytes: Uint8Array<ArrayBuffer>) => Effect.Effect<Uint8Array, IcrError>) =>
  (claims: Claims): Effect.Effect<string, IcrError> =>
    Effect.suspend(() => {
      const input = `${segment(header)}.${segment(claims)}`
      return Effect.map(sign(utf8Bytes(input)), (signature) => `${input}.${Base64Url.encode(signature)}`)
    })

const byKey = (key: CryptoKey) =>
  signed((bytes) =>
    Effect.tryPromise({
      try: () => crypto.subtle.sign(key.algorithm, key, bytes),
      catch: () => failed("the key was refused by the runtime's WebCrypto")
    }).pipe(Effect.map((signature) => new Uint8Array(signature)))
  )

const describe = (error: unknown) => {
  const message = String(Predicate.hasProperty(error, "message") ? error.message : error)
  return redactText([message])[0] ?? "the signing service failed"
}

const byService = <E>(sign: (bytes: Uint8Array) => Effect.Effect<Uint8Array, E>) =>
  flow(
    signed((bytes) =>
      Effect.filterOrFail(
        Effect.mapError(sign(bytes), (error) => failed(describe(error))),
        (signature) => ArrayBuffer.isView(signature),
        () => failed("the signing service gave no bytes")
      )
    ),
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.fail(failed(`the signing service did not answer within ${patience}`))
    }),
    // A client that throws, as in an `Effect.promise`: its message may contain anything, so it stays here.
    Effect.catchDefect(() => Effect.fail(failed("the signing service failed unexpectedly")))
  )

/**
 * Signs the app JWT.
 *
 * @category services
 * @since 0.1.0
 */
export class Signer extends Context.Service<Signer, Service>()("@effect-icr/app/Signer") {
  /**
   * Signs with the private key of `IcrConfig`: RSA of 2048 bits or more, PKCS#1 or PKCS#8, as a PEM text in any of the
   * forms that files, environment variables and secret stores give it.
   */
  static readonly layer: Layer.Layer<Signer, IcrError, IcrConfig | ServerClock> = Layer.effect(
    Signer,
    Effect.gen(function* () {
      const { privateKey } = yield* IcrConfig
      if (Option.isNone(privateKey)) {
        const detail =
          "is missing; set it, or ICR_PRIVATE_KEY_FILE with layerKeyFile, or the option privateKey, or use Signer.layerSign"
        return yield* configurationError("ICR_PRIVATE_KEY", detail)
      }
      const { key } = yield* Effect.mapError(importPrivateKey(Redacted.value(privateKey.value)), (problem) =>
        configurationError(privateKey.value.label ?? "privateKey", `the private key cannot be used: ${problem}`)
      )
      const { appJwt } = yield* make(byKey(key))
      return { appJwt, prepare: Effect.ignore(appJwt) }
    })
  )

  /**
   * Lets an HSM or KMS do the signing: RSASSA-PKCS1-v1_5 with SHA-256 over the bytes given, the signature as raw bytes.
   * Its failure is the reason `Signing`, never an HTTP reason; so is a defect, whose text is not shown.
   */
  static readonly layerSign = <E>(
    sign: (bytes: Uint8Array) => Effect.Effect<Uint8Array, E>
  ): Layer.Layer<Signer, never, IcrConfig | ServerClock> => Layer.effect(Signer, make(byService(sign)))

  /** Always the same text, for tests that swap the registry as well. */
  static readonly layerTest = (jwt = "test-jwt"): Layer.Layer<Signer> =>
    Layer.succeed(Signer, { appJwt: Effect.succeed(Redacted.make(jwt, { label: "app-jwt" })) })
}
