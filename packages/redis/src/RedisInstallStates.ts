/**
 * `InstallStates` on Redis or Valkey: lets each install state be used once in a whole fleet.
 *
 * **When to use**: the install callback may reach another process than the one that sent the user to the registry. A single
 * process needs nothing: `InstallFlow` remembers its states in memory.
 *
 * **Gotchas**: while Redis is unavailable no process can tell whether a state was used, so install callbacks are refused. A
 * Redis that loses its data forgets which states were used. This module needs `@effect-icr/webhooks`.
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
