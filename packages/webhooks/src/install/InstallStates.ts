/**
 * Detects install states that were used before.
 *
 * ```ts
 * import { makeMemory, withTimeout } from "@effect-icr/app/DeduplicationStore"
 * import { InstallFlow } from "@effect-icr/webhooks/InstallFlow"
 * import { InstallStates } from "@effect-icr/webhooks/InstallStates"
 * import { Effect, Layer } from "effect"
 *
 * // As without it: 100,000 states of this process
 * export const FlowLive = InstallFlow.layer.pipe(Layer.provide(InstallStates.layerMemory))
 * // A small process
 * export const small = InstallFlow.layer.pipe(Layer.provide(InstallStates.layerMemoryWith({ capacity: 1000 })))
 * // A store of one's own, which a fleet shares
 * export const shared = Layer.effect(InstallStates, Effect.map(makeMemory(), withTimeout))
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
 * The store of install states that were used. `InstallFlow` uses it where it is provided, else a store in memory; behind a
 * load balancer a state could then be used once on each machine. While the store fails, callbacks are refused.
 *
 * @category services
 * @since 0.1.0
 */
export class InstallStates extends Context.Service<InstallStates, DeduplicationStore>()(
  "@effect-icr/webhooks/InstallStates"
) {
  /** For one process; remembers at most 100,000 states. */
  static readonly layerMemory: Layer.Layer<InstallStates> = Layer.effect(InstallStates, Effect.suspend(makeMemory))

  /** For one process; remembers at most `capacity` states. Fails with `Configuration` for less than one. */
  static readonly layerMemoryWith = (options: { readonly capacity: number }): Layer.Layer<InstallStates, IcrError> =>
    Layer.effect(
      InstallStates,
      layerOptions(options).pipe(
        Effect.flatMap(({ capacity }) => count("capacity", capacity, capacity, 1)),
        Effect.flatMap(makeMemory)
      )
    )
}
