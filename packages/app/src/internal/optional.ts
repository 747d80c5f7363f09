/**
 * The services an app can do without, by their keys alone. Asking for one through its class would put its layers, and all
 * they stand on, into every program and every bundle, the many that provide none included.
 */
import * as Context from "effect/Context"
import type * as RateLimit from "../RateLimit.ts"
import type * as TokenStore from "../TokenStore.ts"

/** See `TokenStore`. */
export const OptionalTokenStore = Context.Service<TokenStore.TokenStore, TokenStore.Service>(
  "@effect-icr/app/TokenStore"
)

/** See `RateLimit`. */
export const OptionalRateLimit = Context.Service<RateLimit.RateLimit, RateLimit.Service>("@effect-icr/app/RateLimit")
