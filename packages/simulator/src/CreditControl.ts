/**
 * What an organization's administrator and the chain do with credits, and the books of all credits.
 *
 * @module
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { CreditAction } from "./Credits.ts"
import type { SimulatorError } from "./SimulatorError.ts"

/**
 * A credit request as an administrator sees it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreditRequestView = Schema.Struct({
  id: Schema.String,
  organizationId: Schema.String,
  action: CreditAction,
  creditId: Schema.String,
  /** Digits of an amount in tonnes, such as `0.5`. */
  amount: Schema.String,
  state: Schema.Literals(["pending", "pending_queue", "processed", "failed", "rejected"])
})

/**
 * A credit request as an administrator sees it.
 *
 * @since 0.1.0
 * @category models
 */
export type CreditRequestView = typeof CreditRequestView.Type

/**
 * Sums over all credits and organizations, as digits of tonnes. Their total changes only by `setHolding`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreditBooks = Schema.Struct({
  /** In inventories and warehouses, reserved credits included. */
  held: Schema.String,
  retired: Schema.String,
  cancelled: Schema.String,
  /** Sent to addresses that belong to no organization. */
  outside: Schema.String,
  total: Schema.String
})

/**
 * Sums over all credits and organizations.
 *
 * @since 0.1.0
 * @category models
 */
export type CreditBooks = typeof CreditBooks.Type

/**
 * How much of a credit an organization is to hold.
 *
 * @since 0.1.0
 * @category schemas
 */
export const CreditHolding = Schema.Struct({
  organizationId: Schema.String,
  place: Schema.Literals(["inventory", "warehouse"]),
  creditId: Schema.String,
  /** Digits of an amount in tonnes, such as `0.5`. */
  amount: Schema.String
})

/**
 * How much of a credit an organization is to hold.
 *
 * @since 0.1.0
 * @category options
 */
export type CreditHolding = typeof CreditHolding.Type

/**
 * Controls credits.
 *
 * @since 0.1.0
 * @category models
 */
export interface CreditControl {
  /** Credit requests of all organizations, newest first. */
  readonly requests: Effect.Effect<ReadonlyArray<CreditRequestView>>
  /** Accepts a pending request. It is processed after the switch `processingDelay`. */
  readonly accept: (requestId: string) => Effect.Effect<void, SimulatorError>
  /** Declines a pending request. Sends no event, since the documents list no status for it. */
  readonly decline: (requestId: string) => Effect.Effect<void, SimulatorError>
  /** Sets how much of a credit an organization holds. */
  readonly setHolding: (holding: CreditHolding) => Effect.Effect<void, SimulatorError>
  /** Sums over all credits. */
  readonly books: Effect.Effect<CreditBooks>
}
