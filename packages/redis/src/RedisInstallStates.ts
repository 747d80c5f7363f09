/**
 * `InstallStates` on Redis or Valkey: lets each install state be used once in a whole fleet.
 *
 * **When to use**: the install callback may reach another process than the one that sent the user to the registry. A single
 * process needs nothing: `InstallFlow` remembers its states in memory.
 *
 * **Gotchas**: while Redis is unavailable no process can tell whether a state was used, so install callbacks are refused. A
 * Redis that loses its data forgets which states were used. This module needs `@effect-icr/webhooks`.
 *
 * ```ts
 * import { IcrApp } from "@effect-icr/app/IcrApp"
 * import * as ReconnectingRedis from "@effect-icr/redis/ReconnectingRedis"
 * import * as RedisInstallStates from "@effect-icr/redis/RedisInstallStates"
 * import { InstallFlow } from "@effect-icr/webhooks/InstallFlow"
 * import { NodeHttpClient, NodeRedis } from "@effect/platform-node"
 * import { Layer } from "effect"
 *
 * const RedisLive = ReconnectingRedis.layer(NodeRedis.layer({ url: "redis://127.0.0.1:6379" }))
 *
 * export const InstallFlowLive = InstallFlow.layer.pipe(
 *   Layer.provide(RedisInstallStates.layer), // or layerWith({ prefix: "my-app:", timeout: "200 millis" })
 *   Layer.provide([RedisLive, Layer.provide(IcrApp.layer, NodeHttpClient.layerUndici)])
 * )
 *
 * // With a prefix of one's own, where several apps share one Redis.
 * export const apart = RedisInstallStates.layerWith({ prefix: "my-app:", timeout: "200 millis" })
 * ```
 *
 * @module
 */
import type { IcrError } from "@effect-icr/app/IcrError"
import { InstallStates } from "@effect-icr/webhooks/InstallStates"
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
 * Used install states in Redis. Fails with the reason `Configuration` for a time that is not positive.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (options: Options): Layer.Layer<InstallStates, IcrError, Redis> =>
  Layer.effect(InstallStates, Deduplication.make(options, "install callbacks are refused"))

/**
 * Used install states in Redis, under keys that begin with `icr:`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<InstallStates, IcrError, Redis> = layerWith({})
