/**
 * Decides what it means when the registry refuses a credential, and what is done about it: the one place where that is
 * decided.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import type { Peek, RefreshCache } from "../../cache/internal/RefreshCache.ts"
import type { Tried } from "../../errors/IcrReason.ts"
import { type Credential, giveUp, type Refusal, type Verdict } from "../../http/Credential.ts"
import type * as Signer from "../../signer/Signer.ts"

/** What all access tokens have. */
interface Token {
  readonly token: Redacted.Redacted
}

// The first wait is short, for a registry that needs only a moment; the second lasts as long as the token is new.
const mostTimes = 3

/**
 * What the refusal of an access token means:
 *
 * - `newTokenRefused`: the token that replaced the first one was refused as well;
 * - `refusedTooOften`: a registry gives the same token for a new one;
 * - `replacedAlready`: the token is not the one in use any more;
 * - `resting`: a new token was refused at this path lately, so it is the path or a permission;
 * - `missingPermission`: the same, of a 403 without a reason that waiting did not change;
 * - `new`: the token is so new that not every part of the registry may know it;
 * - `invalid`: the token cannot be used any more.
 *
 * A 403 that names the permission is no refusal of a credential. One without a reason may be about a permission as well.
 */
type Meaning =
  | "newTokenRefused"
  | "refusedTooOften"
  | "replacedAlready"
  | "resting"
  | "missingPermission"
  | "new"
  | "invalid"

const kindOf = ({ error }: Refusal) => error.reason._tag

const isFirst = ({ refused: [first] }: Refusal, token: Redacted.Redacted) =>
  Redacted.value(token) === Redacted.value(first)

/** How often the first token was sent. */
const timesSent = (refusal: Refusal) => refusal.refused.filter((token) => isFirst(refusal, token)).length

const meaningOf = (refusal: Refusal, held: Peek<Token> | undefined, newTokenGrace: number): Meaning => {
  const times = timesSent(refusal)
  if (times < refusal.refused.length) return "newTokenRefused"
  if (times > mostTimes) return "refusedTooOften"
  if (held === undefined || !isFirst(refusal, held.value.token)) return "replacedAlready"
  if (held.isResting(refusal.path, kindOf(refusal))) return "resting"
  // Where it was accepted it is known.
  const isNew = held.age < newTokenGrace && !held.accepted.includes(refusal.path)
  if (isNew && times < mostTimes) return "new"
  return kindOf(refusal) === "Forbidden" && times > 1 ? "missingPermission" : "invalid"
}

/**
 * Makes credentials of access tokens. A refused request was not done, so it is sent again, whatever its method: with the same
 * token while that is new, after waits of `newTokenGrace` milliseconds in all, otherwise once with a new one.
 */
export const tokenCredentials = <T extends Token>(
  cache: RefreshCache<T>,
  newTokenGrace: number,
  refuse: (key: string, token: Redacted.Redacted) => Effect.Effect<void>,
  prepare: Effect.Effect<void> = Effect.void
): ((key: string) => Credential) => {
  /** Jitter keeps callers who were refused together from coming back together. */
  const wait = Effect.fnUntraced(function* (key: string, refusal: Refusal, age: number) {
    const most = timesSent(refusal) === 1 ? newTokenGrace / 3 : Math.max(0, newTokenGrace - age)
    yield* Effect.sleep(most * (0.5 + 0.5 * (yield* Random.next)))
    // Another caller may have found out meanwhile that waiting does not help here.
    const held = yield* cache.peek(key)
    return held === undefined || !held.isResting(refusal.path, kindOf(refusal))
  })

  const onRefused = Effect.fnUntraced(function* (key: string, refusal: Refusal): Effect.fn.Return<Verdict> {
    const { canRepeat, path } = refusal
    const times = timesSent(refusal)
    const tried: Tried = times > 1 ? "sameToken" : "nothing"
    const held = yield* cache.peek(key)
    switch (meaningOf(refusal, held, newTokenGrace)) {
      case "newTokenRefused":
        yield* cache.rest(key, path, kindOf(refusal))
        return { again: false, tried: times > 1 ? "sameThenNewToken" : "newToken" }
      case "missingPermission":
        yield* cache.rest(key, path, kindOf(refusal))
        return { again: false, tried }
      case "refusedTooOften":
      case "resting":
        return { again: false, tried }
      case "new":
        if (!canRepeat) return giveUp
        return { again: yield* wait(key, refusal, held?.age ?? 0), tried }
      case "invalid":
        // Nobody will tell whether the next token does better, so it gets the benefit of the doubt.
        if (!canRepeat) yield* cache.rest(key, path, kindOf(refusal))
        yield* refuse(key, refusal.refused[0])
        return { again: canRepeat, tried: "nothing" }
      case "replacedAlready":
        // Or evicted: then a store may still have it.
        yield* refuse(key, refusal.refused[0])
        return { again: canRepeat, tried: "nothing" }
    }
  })

  return (key) => ({
    prepare: Effect.flatMap(cache.status(key), (status) => (status === "hit" ? Effect.void : prepare)),
    get: Effect.flatMap(cache.status(key), (status) =>
      Effect.map(cache.get(key), ({ token }) => ({ value: token, cache: status }))
    ),
    onRefused: (refusal) => onRefused(key, refusal),
    // One 403 without a reason is about this resource, another success of the same template about that one; a 401 is not.
    onAccepted: (path) => cache.accepted(key, path, "Unauthorized", newTokenGrace)
  })
}

/**
 * The app JWT as a credential. A refused JWT is sent once more if the signer now gives another one: the refusal's own
 * `Date` header may just have told the registry's time.
 */
export const jwtCredential = (signer: Signer.Service): Credential => ({
  prepare: signer.prepare,
  get: Effect.map(signer.appJwt, (value) => ({ value })),
  onRefused: Effect.fnUntraced(function* (refusal) {
    if (refusal.refused.length > 1) return { again: false, tried: "newJwt" }
    if (!refusal.canRepeat) return giveUp
    const jwt = yield* Effect.option(signer.appJwt)
    return Option.isSome(jwt) && !isFirst(refusal, jwt.value) ? { again: true, tried: "newJwt" } : giveUp
  })
})
