/** Counters of the token cache. No labels: an installation id in a label would be a series for each customer. */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

const counters = {
  served: counter("icr_token_served", "Tokens served from the cache"),
  joined: counter("icr_token_joined", "Callers that joined an exchange"),
  exchanged: counter("icr_token_exchanged", "Tokens obtained where none was held"),
  refreshed: counter("icr_token_refreshed", "Tokens refreshed while one was held"),
  refreshFailed: counter("icr_token_refresh_failed", "Refreshes that failed while one was held"),
  revoked: counter("icr_token_revoked", "Tokens revoked"),
  evicted: counter("icr_token_evicted", "Tokens dropped at the capacity")
}

/** What is counted. */
export type TokenEvent = keyof typeof counters

/** Counts an event. */
export const countToken = (event: TokenEvent, by = 1): Effect.Effect<void> => Metric.update(counters[event], by)

/** Counts what happens to a caller, at once: see `onCaller` of `RefreshCache` for what an effect would cost. */
export const countCaller = (event: TokenEvent, context: Context.Context<never>): void =>
  counters[event].updateUnsafe(1, context)
