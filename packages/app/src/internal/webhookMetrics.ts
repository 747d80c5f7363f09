/** Counters of the webhook receiver. The only label is the kind of a refusal, which is a closed set. */
import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { WebhookRefusalKind } from "../Refusals.ts"

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

const counters = {
  accepted: counter(
    "icr_webhook_accepted",
    "Deliveries taken in; duplicates included where the queue behind the receiver drops them"
  ),
  duplicate: counter("icr_webhook_duplicate", "Deliveries that the receiver itself dropped since they had come before"),
  handled: counter("icr_webhook_handled", "Times that work on an event succeeded"),
  failed: counter("icr_webhook_failed", "Times that work on an event failed; a queue tries again"),
  abandoned: counter("icr_webhook_abandoned", "Times that work on an event was cut off by a stop"),
  missed: counter("icr_webhook_missed", "Events not streamed since a consumer was too slow; they were taken in")
}

const refused = counter("icr_webhook_refused", "Deliveries refused, by kind")

/** Counts an event. */
export const count = (what: keyof typeof counters): Effect.Effect<void> => Metric.update(counters[what], 1)

/** Counts a refusal. */
export const countRefused = (kind: WebhookRefusalKind): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(refused, { kind }), 1)
