/**
 * An optional limit on how many calls go out, off by default: the registry has none today and announced that it will
 * (`Best practices`). Provide `RateLimit.layer` beneath `IcrHttp.layer` to switch it on.
 *
 * Token exchanges do not pass through it: they must never wait behind the calls that wait for them.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as RateLimiter from "effect/persistence/RateLimiter"
import { Configuration, fail, type IcrError } from "./IcrError.ts"
import { count, millis } from "./internal/options.ts"

/** So many calls in so long. */
export interface Options {
  /** Calls in one window, at least 1. */
  readonly limit: number
  /** How long the window is: longer than 0, and not `Infinity`. */
  readonly window: Duration.Input
  /** Which calls share the limit, across processes with a shared store. Default `icr`. */
  readonly key?: string | undefined
}

/** What the layer hands out. */
export interface Service {
  /** Returns when the next request may go out. A store that fails lets it go: a limit is no reason to fail a call. */
  readonly wait: Effect.Effect<void>
}

const make = Effect.fnUntraced(function* (options: Options) {
  const { key = "icr" } = options
  const limit = yield* count("limit", options.limit, 1, 1)
  const window = yield* millis("window", options.window, 0)
  if (window === 0 || window === Infinity) {
    return yield* fail(new Configuration({ variable: "window", detail: "must be longer than 0, and end" }))
  }
  const limiter = yield* RateLimiter.RateLimiter
  return RateLimit.of({
    wait: limiter.consume({ algorithm: "token-bucket", onExceeded: "delay", key, limit, window }).pipe(
      Effect.flatMap(({ delay }) => Effect.sleep(delay)),
      Effect.catch(() => Effect.logWarning("The store of the rate limit failed; the call goes out unlimited"))
    )
  })
})

/** An optional limit on how many calls go out. */
export class RateLimit extends Context.Service<RateLimit, Service>()("@effect-icr/app/RateLimit") {
  /** Over any of Effect's rate limiters, such as one whose store a fleet shares. */
  static readonly layer = (options: Options): Layer.Layer<RateLimit, IcrError, RateLimiter.RateLimiter> =>
    Layer.effect(RateLimit, make(options))

  /** For one process. */
  static readonly layerMemory = (options: Options): Layer.Layer<RateLimit, IcrError> =>
    RateLimit.layer(options).pipe(Layer.provide(RateLimiter.layer), Layer.provide(RateLimiter.layerStoreMemory))
}
