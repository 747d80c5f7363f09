/**
 * Detects deliveries that came before.
 *
 * The registry signs neither a time nor a delivery id (`Webhook actions and payloads`), so a replay and a redelivery look
 * like the original, and two real events with the same content look like one. What is remembered is therefore the content:
 * the SHA-256 of `signedData`, for a window.
 *
 * The promise: the same content is worked on once within the window, and again if the work failed. No more than that: a
 * replay after the window is new, a replay after a restart is new where claims live in memory, and a process killed between
 * claim and work leaves a claim that drops a redelivery within the window (the durable `WebhookQueue` does not). Handlers
 * that must not act twice have to look at the state of things, not at the delivery.
 *
 * ```ts
 * import { makeMemory, withTimeout } from "@effect-icr/app/DeduplicationStore"
 * import { Webhook } from "@effect-icr/webhooks/Webhook"
 * import { WebhookDeduplication } from "@effect-icr/webhooks/WebhookDeduplication"
 * import { Effect, Layer } from "effect"
 *
 * // As without it: 100,000 deliveries of this process
 * export const WebhookLive = Webhook.layer.pipe(Layer.provide(WebhookDeduplication.layerMemory))
 * // A small process
 * export const small = Webhook.layer.pipe(Layer.provide(WebhookDeduplication.layerMemoryWith({ capacity: 1000 })))
 * // A store of one's own, which a fleet shares
 * export const shared = Layer.effect(WebhookDeduplication, Effect.map(makeMemory(), withTimeout))
 * ```
 *
 * @module
 */
import { type DeduplicationStore, makeMemory } from "@effect-icr/app/DeduplicationStore"
import { count, layerOptions } from "@effect-icr/app/extension"
import type { IcrError } from "@effect-icr/app/IcrError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * The store of deliveries that came before. `Webhook` uses it where it is provided, else a store in memory. While the store
 * fails, deliveries are accepted unchecked.
 *
 * @category services
 * @since 0.1.0
 */
export class WebhookDeduplication extends Context.Service<WebhookDeduplication, DeduplicationStore>()(
  "@effect-icr/webhooks/WebhookDeduplication"
) {
  /** For one process; remembers at most 100,000 deliveries. */
  static readonly layerMemory: Layer.Layer<WebhookDeduplication> = Layer.effect(
    WebhookDeduplication,
    Effect.suspend(makeMemory)
  )

  /** For one process; remembers at most `capacity` deliveries. Fails with `Configuration` for less than one. */
  static readonly layerMemoryWith = (options: {
    readonly capacity: number
  }): Layer.Layer<WebhookDeduplication, IcrError> =>
    Layer.effect(
      WebhookDeduplication,
      layerOptions(options).pipe(
        Effect.flatMap(({ capacity }) => count("capacity", capacity, capacity, 1)),
        Effect.flatMap(makeMemory)
      )
    )
}
