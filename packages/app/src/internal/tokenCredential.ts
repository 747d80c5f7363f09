import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type Credential, type Refusal, type Verdict, giveUp } from "../Credential.ts"
import type { IcrError } from "../IcrError.ts"
import type { Slots } from "./slots.ts"

/** What all access tokens have. */
interface Token {
  readonly token: Redacted.Redacted
}

// A fresh token needs a moment to be known everywhere at the registry; after this long it is not fresh any more.
const settling = 10_000
// 1 + 2 + 3 + 4 s of waiting are those 10 s. A registry that gives the same token for a new one must not keep us longer.
const mostTimes = 5

/**
 * An access token as a credential, with the three meanings of a refusal kept apart:
 *
 * - the token is younger than 10 s: the same one again after 1 s, 2 s, … until it is not;
 * - it is older: dropped, and replaced once, after which the request is sent once more;
 * - the permission is missing: never gets here when the registry names it. A 403 that says nothing may be one too, so a
 *   token that got nothing else all the time it was fresh is left alone; and once a new token got nothing else either, so
 *   are all for 5 minutes.
 *
 * Only requests that may be repeated are; the others still drop a dead token, so that the next call heals.
 */
export const tokenCredential = <T extends Token>(
  slots: Slots<T>,
  key: string,
  get: Effect.Effect<T, IcrError>,
  refuseStored: (key: string, token: Redacted.Redacted) => Effect.Effect<void>
): Credential => {
  const onRefused = Effect.fnUntraced(function* ({ error, refused, repeatable }: Refusal): Effect.fn.Return<Verdict> {
    const [presented] = refused
    const first = Redacted.value(presented)
    const values = refused.map((token) => Redacted.value(token))
    const times = values.filter((value) => value === first).length
    const waited = times > 1 ? `${times} times with one token` : ""
    const isBare403 = error.reason._tag === "Forbidden"
    if (times < values.length) {
      if (isBare403) yield* slots.spare(key)
      return { again: false, tried: waited === "" ? "also with a new token" : `${waited}, then with a new one` }
    }
    if (times > mostTimes) return { again: false, tried: waited }
    const held = yield* slots.peek(key)
    if (held === undefined || Redacted.value(held.value.token) !== first) {
      // Dropped or replaced already, or evicted: then a store may still have it.
      yield* refuseStored(key, presented)
      return { again: repeatable, tried: "" }
    }
    if (isBare403 && held.isSpared) return { again: false, tried: waited }
    if (held.age < settling) {
      if (!repeatable) return giveUp
      yield* Effect.sleep(times * 1000)
      return { again: true, tried: "" }
    }
    if (times > 1 && isBare403) return { again: false, tried: waited }
    // Nobody will tell whether the next token does better, so it gets the benefit of the doubt.
    if (isBare403 && !repeatable) yield* slots.spare(key)
    yield* slots.refuse(key, (value) => Redacted.value(value.token) === first)
    yield* refuseStored(key, presented)
    return { again: repeatable, tried: "" }
  })
  return {
    get: Effect.flatMap(slots.outlook(key), (cache) => Effect.map(get, ({ token }) => ({ value: token, cache }))),
    onRefused
  }
}
