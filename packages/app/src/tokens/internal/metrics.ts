/** Counters of the token cache. No labels: an installation id in a label would be a series for each customer. */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

const counters = {
  served: counter("icr_token_served", "Tokens handed out from the cache at once"),
  joined: counter("icr_token_joined", "Callers that waited for an exchange already under way"),
  exchanged: counter("icr_token_exchanged", "Tokens obtained because none was held"),
  refreshed: counter("icr_token_refreshed", "Tokens obtained to replace one still alive"),
  refreshFailed: counter("icr_token_refresh_failed", "Refreshes that failed while the token was still alive"),
  revoked: counter("icr_token_revoked", "Tokens revoked on request"),
  evicted: counter("icr_token_evicted", "Tokens dropped to stay within the capacity")
}

/** What is counted. */
export type TokenEvent = keyof typeof counters

/** Counts an event. */
export const countToken = (event: TokenEvent, by = 1): Effect.Effect<void> => Metric.update(counters[event], by)

/** Counts what happens to a caller, at once: see `onCaller` of `RefreshCache` for what an effect would cost. */
export const countCaller = (event: TokenEvent, context: Context.Context<never>): void =>
  counters[event].updateUnsafe(1, context)
