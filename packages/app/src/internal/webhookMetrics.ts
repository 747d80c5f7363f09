/** Counters of the webhook receiver. The only label is the kind of a refusal, which is a closed set. */
import type * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { WebhookRefusalKind } from "../Refusals.ts"

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

const counters = {
  accepted: counter("icr_webhook_accepted", "Deliveries answered with 202 for the first time"),
  duplicate: counter("icr_webhook_duplicate", "Deliveries answered with 202 that had come before"),
  handled: counter("icr_webhook_handled", "Events whose work succeeded"),
  failed: counter("icr_webhook_failed", "Events whose work failed"),
  abandoned: counter("icr_webhook_abandoned", "Events whose work was cut off by a stop")
}

const refused = counter("icr_webhook_refused", "Deliveries refused, by kind")

/** Counts an event. */
export const count = (what: keyof typeof counters): Effect.Effect<void> => Metric.update(counters[what], 1)

/** Counts a refusal. */
export const countRefused = (kind: WebhookRefusalKind): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(refused, { kind }), 1)
