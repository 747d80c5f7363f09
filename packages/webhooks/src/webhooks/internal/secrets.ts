/** Where webhook secrets come from, and what makes them unusable. */
import { configurationError, envSecret, readSecretList } from "@effect-icr/app/extension"
import type { IcrError } from "@effect-icr/app/IcrError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Secrets } from "../../mac/internal/secrets.ts"

const current = "ICR_WEBHOOK_SECRET"
const previous = "ICR_WEBHOOK_SECRET_PREVIOUS"

const missing = (name: string) => configurationError(name, "is missing; deliveries cannot be told from forgeries")

const fromEnvironment = Effect.gen(function* () {
  const secret = yield* envSecret(current)
  const older = yield* envSecret(previous)
  if (Option.isNone(secret)) {
    return yield* Option.isSome(older) ? configurationError(previous, `is set without ${current}`) : missing(current)
  }
  return [secret, older].flatMap(Option.toArray)
})

/** The secrets given, else those of the environment. Fails with `Configuration` when there are none, or one is empty. */
export const readSecrets = Effect.fnUntraced(function* (
  given: Secrets | undefined
): Effect.fn.Return<ReadonlyArray<Redacted.Redacted>, IcrError> {
  const secrets = given === undefined ? yield* fromEnvironment : yield* readSecretList("secret", given)
  if (secrets.length === 0) return yield* missing("secret")
  const empty = secrets.find((secret) => Redacted.value(secret) === "")
  if (empty !== undefined) {
    return yield* configurationError(
      empty.label ?? "secret",
      "is empty, which would accept a signature anybody can compute"
    )
  }
  return secrets
})
