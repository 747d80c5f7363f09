import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Credential, Refusal, Verdict } from "../Credential.ts"
import type { IcrError } from "../IcrError.ts"
import type { Slots } from "./slots.ts"

/** What all access tokens have. */
interface Token {
  readonly token: Redacted.Redacted
}

// A fresh token needs a moment to be known everywhere at the registry; after this long it is not fresh any more.
const settling = 10_000

/**
 * An access token as a credential, with the three meanings of a refusal kept apart:
 *
 * - the token is younger than 10 s: the same one again after 1 s, 2 s, … until it is not;
 * - it is older: dropped, and replaced once;
 * - the permission is missing: never gets here.
 *
 * Only requests that may be repeated are; the others still drop a dead token, so that the next call heals.
 */
export const tokenCredential = <T extends Token>(
  slots: Slots<T>,
  key: string,
  get: Effect.Effect<T, IcrError>,
  removeFromStore: (key: string) => Effect.Effect<void>
): Credential => {
  const onRefused = Effect.fnUntraced(function* ({ refused, repeatable }: Refusal): Effect.fn.Return<Verdict> {
    const values = refused.map((token) => Redacted.value(token))
    const last = values.at(-1)
    const held = yield* slots.peek(key)
    const isHeld = held !== undefined && Redacted.value(held.value.token) === last
    const isFirst = new Set(values).size === 1
    const sameAgain = values.filter((value) => value === last).length
    if (isHeld && isFirst && held.age < settling) {
      if (!repeatable) return { again: false, tried: "" }
      yield* Effect.sleep(sameAgain * 1000)
      return { again: true, tried: "" }
    }
    if (!isFirst) return { again: false, tried: "also with a new token" }
    if (isHeld) {
      yield* slots.refuse(key, (value) => Redacted.value(value.token) === last)
      yield* removeFromStore(key)
    }
    return sameAgain > 1
      ? { again: false, tried: `the fresh token ${sameAgain} times within ${settling / 1000} s` }
      : { again: repeatable, tried: repeatable ? "also with a new token" : "" }
  })
  return {
    get: Effect.flatMap(slots.outlook(key), (cache) => Effect.map(get, ({ token }) => ({ value: token, cache }))),
    onRefused
  }
}
