/**
 * `WebhookDeduplication` on Redis or Valkey: recognizes a webhook delivery that any process of a fleet has accepted before.
 *
 * **When to use**: several processes receive webhooks. A single process needs nothing: `Webhook` remembers its deliveries in
 * memory.
 *
 * **Gotchas**: while Redis is unavailable each process recognizes only its own deliveries, and one warning is logged. A Redis
 * that loses its data forgets the deliveries. This module needs `@effect-icr/webhooks`.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import * as ReconnectingRedis from "@effect-icr/redis/ReconnectingRedis"
 * import * as RedisWebhookDeduplication from "@effect-icr/redis/RedisWebhookDeduplication"
 * import { Webhook } from "@effect-icr/webhooks/Webhook"
 * import { NodeHttpClient, NodeRedis } from "@effect/platform-node"
 * import { Layer } from "effect"
 *
 * const RedisLive = ReconnectingRedis.layer(NodeRedis.layer({ url: "redis://127.0.0.1:6379" }))
 *
 * export const WebhookLive = Webhook.layer.pipe(
 *   Layer.provide(RedisWebhookDeduplication.layer), // or layerWith({ prefix: "my-app:", timeout: "200 millis" })
 *   Layer.provide([RedisLive, Layer.provide(IcrApp.layer, NodeHttpClient.layerUndici)])
 * )
 *
 * // With a prefix of one's own, where several apps share one Redis.
 * export const apart = RedisWebhookDeduplication.layerWith({ prefix: "my-app:", timeout: "200 millis" })
 * ```
 *
 * @module
 */
import { makeMemory } from "@effect-icr/app/DeduplicationStore"
import type { IcrError } from "@effect-icr/app/IcrError"
import { WebhookDeduplication } from "@effect-icr/webhooks/WebhookDeduplication"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Redis } from "effect/persistence/Redis"
import * as Deduplication from "./internal/deduplication.ts"
import type { RedisOptions } from "./internal/options.ts"

/**
 * How keys are named, and how long a command may take.
 *
 * @category options
 * @since 0.1.0
 */
export type Options = RedisOptions

const make = Effect.fnUntraced(function* (options: Options) {
  const shared = yield* Deduplication.make(options, "each process recognizes only its own webhook deliveries")
  const own = yield* makeMemory()
  return WebhookDeduplication.of({
    claim: Effect.fnUntraced(function* (key, timeToLive) {
      if (!(yield* own.claim(key, timeToLive))) return false
      const isFirst = yield* Effect.orElseSucceed(shared.claim(key, timeToLive), () => true)
      // Another process has claimed it. If that one releases it, a redelivery to this process must count as new.
      if (!isFirst) yield* own.release(key)
      return isFirst
    }),
    release: (key) => Effect.andThen(own.release(key), Effect.ignore(shared.release(key)))
  })
})

/**
 * Accepted deliveries in Redis. Fails with the reason `Configuration` for a time that is not positive.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (options: Options): Layer.Layer<WebhookDeduplication, IcrError, Redis> =>
  Layer.effect(WebhookDeduplication, make(options))

/**
 * Accepted deliveries in Redis, under keys that begin with `icr:`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<WebhookDeduplication, IcrError, Redis> = layerWith({})
