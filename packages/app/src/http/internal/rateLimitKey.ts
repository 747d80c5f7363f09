/** The interface and the key of the `RateLimit` service, apart from its layers. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/**
 * Limits how many requests go out.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** Returns when the next request may go out. Never fails: a limit whose store fails lets the request go. */
  readonly wait: Effect.Effect<void>
}

/** The key of `RateLimit` without its layers: a program without a rate limit bundles none of it. */
export class RateLimitKey extends Context.Service<RateLimitKey, Service>()("@effect-icr/app/RateLimit") {}
