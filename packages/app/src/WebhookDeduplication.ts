/**
 * Which deliveries came before.
 *
 * The registry signs neither a time nor a delivery id (`Webhook actions and payloads`), so a replay and a redelivery look
 * like the original, and two real events with the same content look like one. What is remembered is therefore the content:
 * the SHA-256 of `signedData`, for a window.
 *
 * It can promise that the same content is worked on once within the window, and again if working on it failed. It cannot
 * promise more: a replay after the window is new, a replay after a restart is new where claims live in memory, and a
 * process killed between claim and work leaves a claim that drops a redelivery within the window (the durable variant,
 * `WebhookQueue`, does not). Handlers that must not act twice have to look at the state of things, not at the delivery.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Claims, defaultCapacity, makeMemory } from "./Claims.ts"
import type { IcrError } from "./IcrError.ts"
import { count } from "./internal/options.ts"

/** Which deliveries came before. `Webhook` takes one where it is provided, else it keeps claims in memory. */
export class WebhookDeduplication extends Context.Service<WebhookDeduplication, Claims>()(
  "@effect-icr/app/WebhookDeduplication"
) {
  /** For one process; remembers at most `capacity` (100,000) deliveries. Fails with `Configuration` for less than one. */
  static readonly layerMemory = (capacity?: number): Layer.Layer<WebhookDeduplication, IcrError> =>
    Layer.effect(WebhookDeduplication, Effect.flatMap(count("capacity", capacity, defaultCapacity, 1), makeMemory))
}
