import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { type Claims, ClaimsError } from "../Claims.ts"

/** How long a store of claims may take. A registry or a browser is waiting for the answer. */
const limit = Duration.seconds(1)

/** Claims are made and given back where nothing may interrupt: only the limit cuts a call off, in a fiber of its own. */
const bounded = <A>(operation: ClaimsError["operation"], call: Effect.Effect<A, ClaimsError>) =>
  Effect.timeoutOrElse(call, {
    duration: limit,
    orElse: () => Effect.fail(new ClaimsError({ operation, detail: `no answer within ${Duration.format(limit)}` }))
  })

/** A store whose every call ends within a second: a hung one is a failed one. */
export const boundedClaims = ({ claim, release }: Claims): Claims => ({
  claim: (key, timeToLive) => bounded("claim", claim(key, timeToLive)),
  release: (key) => bounded("release", release(key))
})
