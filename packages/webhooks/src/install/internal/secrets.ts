/** Where the secret of install states comes from, and what makes it unusable. */
import { configurationError, envSecret, readSecretList } from "@effect-icr/app/extension"
import type { IcrError } from "@effect-icr/app/IcrError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Secrets } from "../../mac/internal/secrets.ts"

const variable = "ICR_STATE_SECRET"
const shortest = 32

const fromEnvironment = Effect.flatMap(
  envSecret(variable),
  Option.match({
    onNone: () => Effect.fail(configurationError(variable, "is missing; install states are signed with it")),
    onSome: (secret) => Effect.succeed([secret])
  })
)

const isShort = (secret: Redacted.Redacted) => Redacted.value(secret).length < shortest

/** The secrets given, else that of the environment. Fails with `Configuration` when there is none, or one is too short. */
export const readSecrets = Effect.fnUntraced(function* (
  given: Secrets | undefined
): Effect.fn.Return<readonly [current: Redacted.Redacted, ...older: ReadonlyArray<Redacted.Redacted>], IcrError> {
  const [current, ...older] = given === undefined ? yield* fromEnvironment : yield* readSecretList("stateSecret", given)
  const short = current === undefined ? undefined : [current, ...older].find(isShort)
  if (current === undefined || short !== undefined) {
    return yield* configurationError(
      short?.label ?? "stateSecret",
      `must be a random text of at least ${shortest} characters`
    )
  }
  return [current, ...older]
})
