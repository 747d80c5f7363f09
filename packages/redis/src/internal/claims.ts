/** `Claims` on Redis: `SET key 1 NX PX …`, first come, first served. */
import { type Claims, ClaimsError } from "@effect-icr/app/Claims"
import type { IcrError } from "@effect-icr/app/IcrError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Redis } from "effect/persistence/Redis"
import type * as Scope from "effect/Scope"
import * as Link from "./link.ts"
import { positiveMillis } from "./options.ts"

/** How claims are named, and how long anything may take. */
export interface Options {
  /** Before every key, to share a Redis with others. Default `icr:`. */
  readonly prefix?: string | undefined
  /** What takes Redis longer counts as away. Default 250 ms. */
  readonly timeout?: Duration.Input | undefined
}

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
  return {
    claim: (key, timeToLive) => {
      const life = String(Math.max(1, Math.ceil(Duration.toMillis(timeToLive))))
      return link
        .use((redis) => redis.send("SET", `${prefix}claim:${key}`, "1", "NX", "PX", life))
        .pipe(
          Effect.map((reply) => reply === "OK"),
          failing("claim")
        )
    },
    release: (key) => failing("release")(Effect.asVoid(link.use((redis) => redis.send("DEL", `${prefix}claim:${key}`))))
  }
})
