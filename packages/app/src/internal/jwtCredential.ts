import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type Credential, giveUp } from "../Credential.ts"
import type * as Signer from "../Signer.ts"

/**
 * The app JWT as a credential. A refused JWT is sent once more if the signer now gives another one: the refusal's own
 * `Date` header may just have taught it the registry's time.
 */
export const jwtCredential = (signer: Signer.Service): Credential => ({
  get: Effect.map(signer.appJwt, (value) => ({ value })),
  onRefused: Effect.fnUntraced(function* ({ refused, repeatable }) {
    if (!repeatable || refused.length > 1) return { again: false, tried: refused.length > 1 ? resigned : "" }
    const jwt = yield* Effect.option(signer.appJwt)
    const isAnother = jwt._tag === "Some" && Redacted.value(jwt.value) !== Redacted.value(refused[0])
    return isAnother ? { again: true, tried: resigned } : giveUp
  })
})

const resigned = "also with a new JWT by the registry's clock"
