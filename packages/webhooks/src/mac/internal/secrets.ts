/** Where secrets come from, and what makes them unusable. */
import { configurationError, envSecret, readSecretList } from "@effect-icr/app/extension"
import type { IcrError } from "@effect-icr/app/IcrError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

/**
 * One secret, or several during a rotation: the first one signs, and what any of them signed is accepted.
 *
 * @category options
 * @since 0.1.0
 */
export type Secrets = Redacted.Redacted | ReadonlyArray<Redacted.Redacted>

/** What a secret is for: how it is given, and what is said of one that is unusable. */
export interface Purpose {
  readonly option: string
  /** The variable that is read where the option is not given, and the one with the secret before during a rotation. */
  readonly variables: readonly [current: string, previous?: string]
  readonly missing: string
  readonly emptyList: string
  readonly shortest: number
  readonly tooShort: string
}

const fromEnvironment = Effect.fnUntraced(function* ({ missing, variables: [current, previous] }: Purpose) {
  const secret = yield* envSecret(current)
  const older = previous === undefined ? Option.none() : yield* envSecret(previous)
  if (Option.isSome(secret)) return [secret, older].flatMap(Option.toArray)
  return yield* previous !== undefined && Option.isSome(older)
    ? configurationError(previous, `is set without ${current}`)
    : configurationError(current, missing)
})

/** The secrets given, else those of the environment. Fails with `Configuration` when there is none, or one is too short. */
export const readSecrets = Effect.fnUntraced(function* (
  given: Secrets | undefined,
  purpose: Purpose
): Effect.fn.Return<readonly [current: Redacted.Redacted, ...older: ReadonlyArray<Redacted.Redacted>], IcrError> {
  const { emptyList, option, shortest, tooShort } = purpose
  const secrets = given === undefined ? yield* fromEnvironment(purpose) : yield* readSecretList(option, given)
  const [current, ...older] = secrets
  if (current === undefined) return yield* configurationError(option, emptyList)
  const short = secrets.find((secret) => Redacted.value(secret).length < shortest)
  if (short !== undefined) return yield* configurationError(short.label ?? option, tooShort)
  return [current, ...older]
})
