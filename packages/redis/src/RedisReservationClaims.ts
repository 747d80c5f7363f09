/**
 * `ReservationClaims` on Redis or Valkey: hands each reservation that is found after a lost answer to one process of a fleet.
 *
 * **When to use**: several processes of one app reserve credits. A program that is the only one to reserve says
 * `soleProcess: true` instead.
 *
 * **Gotchas**: while Redis is unavailable no process can tell whether a reservation was handed out, so a reserve whose answer
 * got lost ends as `ReserveUncertain`. This module needs `@effect-icr/registry`.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import * as ReconnectingRedis from "@effect-icr/redis/ReconnectingRedis"
 * import * as RedisReservationClaims from "@effect-icr/redis/RedisReservationClaims"
 * import { Registry } from "@effect-icr/registry/Registry"
 * import { NodeHttpClient, NodeRedis } from "@effect/platform-node"
 * import { Layer } from "effect"
 *
 * const RedisLive = ReconnectingRedis.layer(NodeRedis.layer({ url: "redis://127.0.0.1:6379" }))
 *
 * export const RegistryLive = Registry.layer.pipe(
 *   Layer.provide(RedisReservationClaims.layer), // or layerWith({ prefix: "my-app:", timeout: "200 millis" })
 *   Layer.provide([RedisLive, Layer.provide(IcrApp.layer, NodeHttpClient.layerUndici)])
 * )
 *
 * // With a prefix of one's own, where several apps share one Redis.
 * export const apart = RedisReservationClaims.layerWith({ prefix: "my-app:", timeout: "200 millis" })
 * ```
 *
 * @module
 */
import type { IcrError } from "@effect-icr/app/IcrError"
import { ReservationClaims } from "@effect-icr/registry/ReservationClaims"
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

/**
 * Claimed reservations in Redis. Fails with the reason `Configuration` for a time that is not positive.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (options: Options): Layer.Layer<ReservationClaims, IcrError, Redis> =>
  Layer.effect(ReservationClaims, Deduplication.make(options, "reserves whose answer got lost stay uncertain"))

/**
 * Claimed reservations in Redis, under keys that begin with `icr:`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ReservationClaims, IcrError, Redis> = layerWith({})
