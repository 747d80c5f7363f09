/**
 * Reads a private key as people have it: text (`keyText`), in it a PEM (`pem`), in it the bytes of PKCS#1 or PKCS#8
 * (`pkcs8`). What cannot be used is told apart, so that the message can say what to do (`keyProblem`).
 */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { clean } from "../../config/internal/clean.ts"
import * as KeyProblem from "./keyProblem.ts"
import { readKeyText } from "./keyText.ts"
import { readPem } from "./pem.ts"
import { toPkcs8 } from "./pkcs8.ts"

/** A key ready for import, or what to do about one that cannot be used. The problem never contains any of the key. */
export type ReadKey = { readonly pkcs8: Uint8Array<ArrayBuffer> } | { readonly problem: string }

const path = /^(?:file:|~?[\\/]|\.{1,2}[\\/]|[a-z]:[\\/])|\.(?:pem|key|p8|der|txt)$/i

/** Why there is no key in a text. */
const explain = (text: string) =>
  text === "" ? KeyProblem.empty : !/\s/.test(text) && path.test(text) ? KeyProblem.path : KeyProblem.notPem

const readBytes = (given: string): Result.Result<Uint8Array<ArrayBuffer>, string> =>
  Option.match(readKeyText(given), {
    onNone: () => Result.fail(explain(clean(given))),
    onSome: (found) => ("der" in found ? Result.succeed(found.der) : readPem(found.pem))
  })

/** Reads the text of a key. */
export const readPrivateKey = (given: string): ReadKey =>
  Result.match(Result.flatMap(readBytes(given), toPkcs8), {
    onFailure: (problem): ReadKey => ({ problem }),
    onSuccess: (pkcs8): ReadKey => ({ pkcs8 })
  })
