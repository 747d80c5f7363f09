/**
 * Which process of a fleet a reservation belongs to.
 *
 * ```ts
 * import { makeMemory } from "@effect-icr/app/DeduplicationStore"
 * import { Registry } from "@effect-icr/registry/Registry"
 * import { ReservationClaims } from "@effect-icr/registry/ReservationClaims"
 * import { Layer } from "effect"
 *
 * // Two workers of a test that stand for two processes
 * const shared = Layer.effect(ReservationClaims, makeMemory())
 * export const worker = Layer.fresh(Registry.layer).pipe(Layer.provide(shared))
 * ```
 *
 * @module
 */
import * as Context from "effect/Context"
import type { DeduplicationStore } from "@effect-icr/app/DeduplicationStore"

/**
 * Which reservations have been handed out to a call, shared by all processes of an app.
 *
 * The registry cannot tell equal reservations of one app apart. When the answer to a reserve gets lost, what a look
 * finds may belong to another process: it is handed out only to the one that claims it first. `@effect-icr/redis`
 * provides this service. There is no layer that keeps claims in memory: that would be right for one process only, and a
 * program says that it is the only one by `soleProcess: true`.
 *
 * A store that fails refuses: the reserve ends as `ReserveUncertain`.
 *
 * @category services
 * @since 0.1.0
 */
export class ReservationClaims extends Context.Service<ReservationClaims, DeduplicationStore>()(
  "@effect-icr/registry/ReservationClaims"
) {}
