/** `Claims` on Redis: `SET key … NX PX …`, first come, first served. */
import { type Claims, ClaimsError } from "@effect-icr/app/Claims"
import type { IcrError } from "@effect-icr/app/IcrError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Redis } from "effect/persistence/Redis"
import type * as Scope from "effect/Scope"
import * as Link from "./link.ts"
import { positiveMillis } from "./options.ts"
import * as Scripts from "./scripts.ts"

/** How claims are named, and how long anything may take. */
export interface Options {
  /** Before every key, to share a Redis with others. Default `icr:`. */
  readonly prefix?: string | undefined
  /** What takes Redis longer counts as away. Default 250 ms. */
  readonly timeout?: Duration.Input | undefined
}

// Redis takes no end that is further away, nor none at all.
const longest = Duration.toMillis("3650 days")

/** Fails while Redis is away; `meanwhile` says in the log what that means. */
export const make = Effect.fnUntraced(function* (
  options: Options,
  meanwhile: string
): Effect.fn.Return<Claims, IcrError, Redis | Scope.Scope> {
  const { prefix = "icr:" } = options
  const link = yield* Link.make(yield* Redis, {
    timeout: yield* positiveMillis("timeout", options.timeout ?? "250 millis"),
    probeKey: `${prefix}probe`,
    meanwhile
  })
  const failing = (operation: "claim" | "release") =>
    Effect.mapError(({ why }: Link.Unavailable) => new ClaimsError({ operation, detail: `Redis is away (${why})` }))
  const me = crypto.randomUUID()
  const at = (key: string) => `${prefix}claim:${key}`
  const giveBack = (key: string) => (redis: Redis["Service"]) => redis.eval(Scripts.release)(at(key), me)
  return {
    claim: (key, timeToLive) =>
      Effect.suspend(() => {
        const life = String(Math.min(longest, Math.max(1, Math.ceil(Duration.toMillis(timeToLive)))))
        let isSent = false
        return link
          .use((redis) => {
            isSent = true
            return redis.send("SET", at(key), me, "NX", "PX", life)
          })
          .pipe(
            Effect.map((reply) => reply === "OK"),
            // What was given up may still reach Redis; this arrives after it, on the same connection.
            Effect.onError(() => (isSent ? link.useLater(giveBack(key)) : Effect.void)),
            failing("claim")
          )
      }),
    release: (key) =>
      link.use(giveBack(key)).pipe(
        Effect.onError(() => link.useLater(giveBack(key))),
        Effect.asVoid,
        failing("release")
      )
  }
})
