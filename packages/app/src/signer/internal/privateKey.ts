/**
 * Reads a private key as people have it: text (`keyText`), in it a PEM (`pem`), in it the bytes of PKCS#1 or PKCS#8
 * (`pkcs8`). What cannot be used is told apart, so that the message can say what to do (`keyProblem`).
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import { clean } from "../../config/internal/validate.ts"
import * as KeyProblem from "./keyProblem.ts"
import { readKeyText } from "./keyText.ts"
import { readPem } from "./pem.ts"
import { type Pkcs8, toPkcs8 } from "./pkcs8.ts"

const path = /^(?:file:|~?[\\/]|\.{1,2}[\\/]|[a-z]:[\\/])|\.(?:pem|key|p8|der|txt)$/i

/** Why there is no key in a text. */
const explain = (text: string) =>
  text === "" ? KeyProblem.empty : !/\s/.test(text) && path.test(text) ? KeyProblem.path : KeyProblem.notPem

const readBytes = (given: string): Result.Result<Uint8Array<ArrayBuffer>, string> =>
  Option.match(readKeyText(given), {
    onNone: () => Result.fail(explain(clean(given))),
    onSome: (found) => ("der" in found ? Result.succeed(found.der) : readPem(found.pem))
  })

/** An RSA key that is fit for RS256. */
export interface PrivateKey extends Pkcs8 {
  readonly key: CryptoKey
  readonly bits: number
}

/** RS256 in the words of WebCrypto. */
const rs256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" } as const

/**
 * Reads the text of a private key and imports it. Fails with what is wrong with the key and what to do about it, which never
 * contains any of the key.
 */
export const importPrivateKey = Effect.fnUntraced(function* (given: string): Effect.fn.Return<PrivateKey, string> {
  const { form, pkcs8 } = yield* Effect.fromResult(Result.flatMap(readBytes(given), toPkcs8))
  const key = yield* Effect.tryPromise({
    try: () => crypto.subtle.importKey("pkcs8", pkcs8, rs256, false, ["sign"]),
    // The cause may quote the key: it stays here.
    catch: () => KeyProblem.unreadable
  })
  const { algorithm } = key
  const bits = Predicate.hasProperty(algorithm, "modulusLength") ? Number(algorithm.modulusLength) : 0
  return bits < 2048 ? yield* Effect.fail(KeyProblem.tooShort(bits)) : { key, bits, form, pkcs8 }
})
