/** `DeduplicationStore` on Redis: a claim is `SET key owner NX PX …`, which only the first caller wins. */
import { type DeduplicationStore, DeduplicationStoreError } from "@effect-icr/app/DeduplicationStore"
import type { IcrError } from "@effect-icr/app/IcrError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Redis } from "effect/persistence/Redis"
import * as Ref from "effect/Ref"
import type * as Scope from "effect/Scope"
import * as Availability from "./availability.ts"
import { defaultTimeout, keyPrefix, positiveMillis, type RedisOptions } from "./options.ts"
import * as Scripts from "./scripts.ts"

// Redis accepts neither an infinite time to live nor one much longer than this.
const longestTimeToLive = Duration.toMillis("3650 days")

/** Its calls fail while Redis is unavailable; `consequence` tells the log what that means. */
export const make = Effect.fnUntraced(function* (
  options: RedisOptions,
  consequence: string
): Effect.fn.Return<DeduplicationStore, IcrError, Redis | Scope.Scope> {
  const prefix = keyPrefix(options)
  const probeKey = `${prefix}probe`
  const redis = yield* Availability.make(yield* Redis, {
    timeout: yield* positiveMillis("timeout", options.timeout ?? defaultTimeout),
    probes: [
      (redis) => redis.send("SET", probeKey, "1", "PX", "1000"),
      (redis) => redis.eval(Scripts.release)(probeKey, "1")
    ],
    consequence
  })
  const toStoreError = (operation: "claim" | "release") =>
    Effect.mapError(
      ({ reason, what }: Availability.Unavailable) =>
        new DeduplicationStoreError({
          operation,
          detail: `Redis ${what === "redis" ? "is unavailable" : "refused it"} (${reason})`
        })
    )

  // The owner of a claim is this process and, after it, the call: a call that undoes its own claim must not delete one that
  // an earlier call of the same process has won.
  const processId = crypto.randomUUID()
  const claimKey = (key: string) => `${prefix}claim:${key}`
  const release = (key: string, owner: string) => (redis: Redis["Service"]) =>
    redis.eval(Scripts.release)(claimKey(key), owner)

  return {
    claim: Effect.fnUntraced(function* (key, timeToLive) {
      const owner = `${processId}:${crypto.randomUUID()}`
      const life = String(Math.min(longestTimeToLive, Math.max(1, Math.ceil(Duration.toMillis(timeToLive)))))
      const isSent = yield* Ref.make(false)
      // A command that was sent and got no answer may still be executed. The release follows it on the same connection.
      const undo = Effect.flatMap(Ref.get(isSent), (isSent) =>
        isSent ? redis.useInBackground(release(key, owner)) : Effect.void
      )
      const reply = yield* redis
        .use((redis) =>
          Effect.andThen(Ref.set(isSent, true), redis.send("SET", claimKey(key), owner, "NX", "PX", life))
        )
        .pipe(
          Effect.onError(() => undo),
          toStoreError("claim")
        )
      return reply === "OK"
    }),
    release: (key) =>
      redis.use(release(key, processId)).pipe(
        Effect.onError(() => redis.useInBackground(release(key, processId))),
        Effect.asVoid,
        toStoreError("release")
      )
  }
})
