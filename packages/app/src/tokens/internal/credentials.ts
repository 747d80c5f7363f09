/**
 * Decides what it means when the registry refuses a credential, and what is done about it: the one place where that is
 * decided.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Peek, RefreshCache } from "../../cache/internal/RefreshCache.ts"
import type { Tried } from "../../errors/IcrReason.ts"
import { type Credential, giveUp, type Refusal, type Verdict } from "../../http/Credential.ts"
import type * as Signer from "../../signer/Signer.ts"

/** What all access tokens have. */
interface Token {
  readonly token: Redacted.Redacted
}

// A fresh token needs a moment to be known everywhere at the registry; after this long it is not fresh any more.
const settling = 10_000
// 1 + 2 + 3 + 4 s of waiting are those 10 s. A registry that gives the same token for a new one must not keep us longer.
const mostTimes = 5

/**
 * What the refusal of an access token means:
 *
 * - `newTokenRefused`: the token that replaced the first one was refused as well;
 * - `refusedTooOften`: the same token was sent as often as makes sense;
 * - `replacedAlready`: the token is not the one in use any more;
 * - `missingPermission`: a 403 without a reason, where a new token does not help;
 * - `settling`: the token is so fresh that not every part of the registry may know it;
 * - `invalid`: the token cannot be used any more.
 *
 * A 403 that names the permission is no refusal of a credential. One without a reason may be about a permission as well: so a
 * token that got nothing else all the time it was fresh is left alone, and once a new token got nothing else either, so are
 * all for 5 minutes.
 */
type Meaning = "newTokenRefused" | "refusedTooOften" | "replacedAlready" | "missingPermission" | "settling" | "invalid"

const isBare403 = ({ error }: Refusal) => error.reason._tag === "Forbidden"

const isFirst = ({ refused: [first] }: Refusal, token: Redacted.Redacted) =>
  Redacted.value(token) === Redacted.value(first)

/** How often the first token was sent. */
const timesSent = (refusal: Refusal) => refusal.refused.filter((token) => isFirst(refusal, token)).length

const meaningOf = (refusal: Refusal, held: Peek<Token> | undefined): Meaning => {
  const times = timesSent(refusal)
  if (times < refusal.refused.length) return "newTokenRefused"
  if (times > mostTimes) return "refusedTooOften"
  if (held === undefined || !isFirst(refusal, held.value.token)) return "replacedAlready"
  if (isBare403(refusal) && held.isTrusted) return "missingPermission"
  if (held.age < settling) return "settling"
  return isBare403(refusal) && times > 1 ? "missingPermission" : "invalid"
}

/**
 * An access token as a credential. A fresh token is sent again after 1 s, 2 s, … until it is not fresh any more; another one is
 * replaced once. Only idempotent requests are sent again; the others still drop an invalid token, so that the next call heals.
 */
export const tokenCredential = <T extends Token>(
  cache: RefreshCache<T>,
  key: string,
  refuse: (token: Redacted.Redacted) => Effect.Effect<void>
): Credential => {
  const onRefused = Effect.fnUntraced(function* (refusal: Refusal): Effect.fn.Return<Verdict> {
    const { canRepeat } = refusal
    const times = timesSent(refusal)
    const tried: Tried = times > 1 ? "sameToken" : "nothing"
    switch (meaningOf(refusal, yield* cache.peek(key))) {
      case "newTokenRefused":
        if (isBare403(refusal)) yield* cache.trust(key)
        return { again: false, tried: times > 1 ? "sameThenNewToken" : "newToken" }
      case "refusedTooOften":
      case "missingPermission":
        return { again: false, tried }
      case "settling":
        if (!canRepeat) return giveUp
        yield* Effect.sleep(times * 1000)
        return { again: true, tried: "nothing" }
      case "invalid":
        // Nobody will tell whether the next token does better, so it gets the benefit of the doubt.
        if (isBare403(refusal) && !canRepeat) yield* cache.trust(key)
        yield* refuse(refusal.refused[0])
        return { again: canRepeat, tried: "nothing" }
      case "replacedAlready":
        // Or evicted: then a store may still have it.
        yield* refuse(refusal.refused[0])
        return { again: canRepeat, tried: "nothing" }
    }
  })
  return {
    get: Effect.flatMap(cache.status(key), (status) =>
      Effect.map(cache.get(key), ({ token }) => ({ value: token, cache: status }))
    ),
    onRefused
  }
}

/**
 * The app JWT as a credential. A refused JWT is sent once more if the signer now gives another one: the refusal's own
 * `Date` header may just have told the registry's time.
 */
export const jwtCredential = (signer: Signer.Service): Credential => ({
  get: Effect.map(signer.appJwt, (value) => ({ value })),
  onRefused: Effect.fnUntraced(function* (refusal) {
    if (refusal.refused.length > 1) return { again: false, tried: "newJwt" }
    if (!refusal.canRepeat) return giveUp
    const jwt = yield* Effect.option(signer.appJwt)
    return Option.isSome(jwt) && !isFirst(refusal, jwt.value) ? { again: true, tried: "newJwt" } : giveUp
  })
})
