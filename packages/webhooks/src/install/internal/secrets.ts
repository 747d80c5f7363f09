/** Where the secret of install states comes from, and what makes it unusable. */
import { configurationError, envSecret } from "@effect-icr/app/extension"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

/** One secret, or during a rotation several, the current one first. */
export type Secrets = Redacted.Redacted | ReadonlyArray<Redacted.Redacted>

const variable = "ICR_STATE_SECRET"
const shortest = 32

/** The secrets given, else that of the environment. Fails with `Configuration` when there is none, or one is too short. */
export const readSecrets = Effect.fnUntraced(function* (given: Secrets | undefined) {
  const name = given === undefined ? variable : "stateSecret"
  const found = given ?? Option.toArray(yield* envSecret(variable))
  const secrets = Redacted.isRedacted(found) ? [found] : found
  if (!Arr.isReadonlyArrayNonEmpty(secrets)) {
    return yield* configurationError(name, "is missing; install states are signed with it")
  }
  const short = secrets.find((secret) => Redacted.value(secret).length < shortest)
  if (short === undefined) return secrets
  return yield* configurationError(short.label ?? name, `must be a random text of at least ${shortest} characters`)
})
