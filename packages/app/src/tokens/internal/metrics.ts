/** Counters of the token cache. No labels: an installation id in a label would be a series for each customer. */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { CacheEvent } from "../../cache/internal/RefreshCache.ts"

const counter = (name: string, description: string) =>
  Metric.counter(`icr_token_${name}`, { description, incremental: true })

const counters = {
  served: counter("served", "Tokens served from the cache"),
  joined: counter("joined", "Callers that joined an exchange"),
  exchanged: counter("exchanged", "Tokens obtained where none was held"),
  refreshed: counter("refreshed", "Tokens refreshed while one was held"),
  refreshFailed: counter("refresh_failed", "Refreshes that failed while one was held"),
  evicted: counter("evicted", "Tokens dropped at the capacity")
} satisfies Record<CacheEvent, unknown>

/** Counts an event, at once: see `onEvent` of `RefreshCache` for what an effect would cost. */
export const countEvent = (event: CacheEvent, context: Context.Context<never>): void =>
  counters[event].updateUnsafe(1, context)

/** Counts a revocation. */
export const countRevoked: Effect.Effect<void> = Metric.update(counter("revoked", "Tokens revoked"), 1)
