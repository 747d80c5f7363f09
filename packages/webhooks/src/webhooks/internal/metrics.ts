/** Counters of the webhook receiver. The only label is the kind of a refusal, which is a closed set. */
import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { WebhookErrorKind } from "../WebhookError.ts"

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

const counters = {
  accepted: counter(
    "icr_webhook_accepted",
    "Deliveries accepted; duplicates included where the queue behind the receiver drops them"
  ),
  duplicate: counter("icr_webhook_duplicate", "Deliveries that the receiver itself dropped as duplicates"),
  handled: counter("icr_webhook_handled", "Times that work on an event succeeded"),
  failed: counter("icr_webhook_failed", "Times that work on an event failed; a queue tries again"),
  abandoned: counter("icr_webhook_abandoned", "Times that work on an event was interrupted by a shutdown"),
  missed: counter("icr_webhook_missed", "Accepted events that were not streamed, since a consumer was too slow")
}

const refused = counter("icr_webhook_refused", "Deliveries refused, by kind")

/** Counts an event. */
export const count = (what: keyof typeof counters): Effect.Effect<void> => Metric.update(counters[what], 1)

/** Counts a refusal. */
export const countRefused = (kind: WebhookErrorKind): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(refused, { kind }), 1)
