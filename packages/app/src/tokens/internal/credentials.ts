/**
 * Decides what it means when the registry refuses a credential, and what is done about it: the one place where that is
 * decided.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Entry from "../../cache/internal/entry.ts"
import type { RefreshCache } from "../../cache/internal/RefreshCache.ts"
import { type Credential, giveUp, type Refusal, type Verdict } from "../../http/Credential.ts"
import type * as Signer from "../../signer/Signer.ts"

// The first wait is short, for a registry that needs only a moment; the second lasts as long as the token is new.
const mostTimes = 3

const isFirst = ({ refused: [first] }: Refusal, token: Redacted.Redacted) =>
  Redacted.value(token) === Redacted.value(first)

/** What the credentials of one kind of token need. */
interface Options<T> {
  readonly cache: RefreshCache<T>
  /** How long a token may be unknown to parts of the registry, in milliseconds. */
  readonly newTokenGrace: number
  /** What a call does before its deadline begins, unless it finds a token. */
  readonly prepare: Effect.Effect<void> | undefined
  /** Drops a token that is invalid. */
  readonly refuse: (key: string, token: Redacted.Redacted) => Effect.Effect<void>
}

/**
 * Makes credentials of access tokens. A refused request was not done, so it is sent again, whatever its method: with the same
 * token while that is new, after waits of `newTokenGrace` milliseconds in all, otherwise once with a new one.
 */
export const tokenCredentials = <T extends { readonly token: Redacted.Redacted }>({
  cache,
  newTokenGrace,
  prepare = Effect.void,
  refuse
}: Options<T>): ((key: string) => Credential) => {
  // A 403 that names the permission is no refusal of a credential. One without a reason may be about a permission as well.
  const onRefused = Effect.fnUntraced(function* (key: string, refusal: Refusal): Effect.fn.Return<Verdict> {
    const { canRepeat, error, path, refused } = refusal
    const kind = error.reason._tag
    /** How often the first token was sent. */
    const times = refused.filter((token) => isFirst(refusal, token)).length
    const no: Verdict = { again: false, tried: times > 1 ? "sameToken" : "nothing" }
    const rest = cache.change(key, (entry, now) => Entry.rested(entry, path, kind, now))
    // The token that replaced the first one was refused as well.
    if (times < refused.length) {
      yield* rest
      return { again: false, tried: times > 1 ? "sameThenNewToken" : "newToken" }
    }
    // The registry may have answered an exchange with the same token again.
    if (times > mostTimes) return no
    const { entry, now } = yield* cache.look(key)
    const held = Entry.living(entry, now)
    if (held !== undefined && isFirst(refusal, held.value.token)) {
      // A new token was refused at this path lately, so it is the path or a permission.
      if (Entry.isResting(entry, path, kind, now)) return no
      // It is so new that not every part of the registry may know it. Where it was accepted it is known.
      const age = Entry.ageOf(held, now)
      if (times < mostTimes && age < newTokenGrace && !held.accepted.includes(path)) {
        if (!canRepeat) return giveUp
        const most = times === 1 ? newTokenGrace / 3 : Math.max(0, newTokenGrace - age)
        // Jitter keeps callers who were refused together from coming back together.
        yield* Effect.sleep(most * (0.5 + 0.5 * (yield* Random.next)))
        // Another caller may have found out meanwhile that waiting does not help here.
        const then = yield* cache.look(key)
        const isHeld = Entry.living(then.entry, then.now) !== undefined
        return isHeld && Entry.isResting(then.entry, path, kind, then.now) ? no : { ...no, again: true }
      }
      // Waiting did not change it, so it is a missing permission.
      if (kind === "Forbidden" && times > 1) {
        yield* rest
        return no
      }
      // The request is not repeated, so nobody learns whether a new token helps here: do not blame that one for a while.
      if (!canRepeat) yield* rest
    }
    // It is invalid. Or it has been replaced already, or evicted: then a store may still have it.
    yield* refuse(key, refused[0])
    return { again: canRepeat, tried: "nothing" }
  })

  return (key) => {
    const status = Effect.map(cache.look(key), ({ entry, now }) => Entry.statusOf(entry, now))
    return {
      prepare: Effect.flatMap(status, (status) => (status === "hit" ? Effect.void : prepare)),
      get: Effect.flatMap(status, (status) =>
        Effect.map(cache.get(key), ({ token }) => ({ value: token, cache: status }))
      ),
      onRefused: (refusal) => onRefused(key, refusal),
      // A success elsewhere under the same template does not disprove a 403, which may concern one resource. It does disprove
      // a 401.
      onAccepted: (path) =>
        cache.change(key, (entry, now) => {
          const isNew = entry.held !== undefined && Entry.ageOf(entry.held, now) < newTokenGrace
          return Entry.accepted(entry, path, "Unauthorized", isNew)
        })
    }
  }
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
