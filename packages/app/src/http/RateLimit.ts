/**
 * An optional limit on how many requests go out, off by default: the registry documents none today and announces that it will
 * have some (`Best practices`). Provide `RateLimit.layerMemoryWith` beneath `IcrHttp.layer` to switch it on, or
 * `RateLimit.layerWith` over a `RateLimiter` whose store a fleet shares.
 *
 * Waiting counts towards the deadline of a call. Token exchanges are not limited: they must never wait behind the calls that
 * wait for their tokens.
 *
 * @module
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import { configurationError, count, layerOptions, millis } from "../config/internal/validate.ts"
import type { IcrError } from "../errors/IcrError.ts"
import { RateLimitKey, type Service } from "./internal/rateLimitKey.ts"

/**
 * How many requests may go out in how long.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /** Requests in one window, at least 1. */
  readonly limit: number
  /** How long the window is: longer than 0, and not `Infinity`. */
  readonly window: Duration.Input
  /** Requests under the same key share the limit, across processes with a shared store. Default `icr`. */
  readonly key?: string | undefined
}

export type { Service }

const make = Effect.fnUntraced(function* (given: Options) {
  const options = yield* layerOptions(given)
  const { key = "icr" } = options
  const limit = yield* count("limit", options.limit, 1, 1)
  const window = yield* millis("window", options.window, 0)
  if (window === 0 || window === Infinity) {
    return yield* configurationError("window", "must be longer than 0, and end")
  }
  const limiter = yield* RateLimiter.RateLimiter
  const unlimited = () => Effect.logWarning("The store of the rate limit failed; the request goes out unlimited")
  return RateLimit.of({
    wait: limiter.consume({ algorithm: "token-bucket", onExceeded: "delay", key, limit, window }).pipe(
      Effect.flatMap(({ delay }) => Effect.sleep(delay)),
      Effect.catch(unlimited),
      Effect.catchDefect(unlimited)
    )
  })
})

/**
 * An optional limit on how many requests go out.
 *
 * ```ts
 * import { IcrHttp } from "@effect-icr/app/IcrHttp"
 * import { RateLimit } from "@effect-icr/app/RateLimit"
 * import { Layer } from "effect"
 * import { RateLimiter } from "effect/persistence"
 *
 * // For one process
 * export const HttpLive = IcrHttp.layer.pipe(
 *   Layer.provide(RateLimit.layerMemoryWith({ limit: 100, window: "1 minute" }))
 * )
 * // For a fleet: `RateLimiter.layerStoreRedis` instead of the store in memory
 * export const shared = RateLimit.layerWith({ limit: 100, window: "1 minute", key: "my-app" }).pipe(
 *   Layer.provide(RateLimiter.layer),
 *   Layer.provide(RateLimiter.layerStoreMemory)
 * )
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class RateLimit extends Context.Service<RateLimit, Service>()(RateLimitKey.key) {
  /** Over any of Effect's rate limiters, such as one whose store a fleet shares. */
  static readonly layerWith = (options: Options): Layer.Layer<RateLimit, IcrError, RateLimiter.RateLimiter> =>
    Layer.effect(RateLimit, make(options))

  /** For one process. */
  static readonly layerMemoryWith = (options: Options): Layer.Layer<RateLimit, IcrError> =>
    RateLimit.layerWith(options).pipe(Layer.provide(RateLimiter.layer), Layer.provide(RateLimiter.layerStoreMemory))
}
