/**
 * Which deliveries came before, to any machine of a fleet: `WebhookDeduplication` on Redis or Valkey.
 *
 * While Redis is away each process goes on with what it took in itself, with one warning: a redelivery to another machine then
 * counts as new, as without this store.
 */
import { makeMemory } from "@effect-icr/app/Claims"
import type { IcrError } from "@effect-icr/app/IcrError"
import { WebhookDeduplication } from "@effect-icr/app/WebhookDeduplication"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Redis } from "effect/persistence/Redis"
import * as RedisClaims from "./internal/claims.ts"

/** How claims are named, and how long anything may take. */
export type Options = RedisClaims.Options

const make = Effect.fnUntraced(function* (options: Options) {
  const shared = yield* RedisClaims.make(options, "each process knows only its own webhook deliveries")
  const own = yield* makeMemory()
  return WebhookDeduplication.of({
    claim: Effect.fnUntraced(function* (key, timeToLive) {
      if (!(yield* own.claim(key, timeToLive))) return false
      const isFirst = yield* Effect.orElseSucceed(shared.claim(key, timeToLive), () => true)
      // Another machine's: should that one give it back, a redelivery to this one must count as new.
      if (!isFirst) yield* own.release(key)
      return isFirst
    }),
    release: (key) => Effect.andThen(own.release(key), Effect.ignore(shared.release(key)))
  })
})

/** Fails with the reason `Configuration` for a time that is not positive; what Redis does fails nothing. */
export const layer = (options: Options = {}): Layer.Layer<WebhookDeduplication, IcrError, Redis> =>
  Layer.effect(WebhookDeduplication, make(options))
