/**
 * An organization's inventory: its own holdings. An app asks for what is to be done with them, and an admin of the
 * organization accepts or declines.
 *
 * @module
 */
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { OrganizationId } from "@effect-icr/app/domain/Ids"
import type { IcrError } from "@effect-icr/app/IcrError"
import type { Input } from "../amounts/Tonnes.ts"
import type { InventoryCredit } from "../domain/Credits.ts"
import { type CreditAction, CreditRequest } from "../domain/CreditRequest.ts"
import type { CreditId, CreditRequestId } from "../domain/Ids.ts"
import type { RetirementData } from "../domain/Retirement.ts"
import type { RequestUncertain } from "../uncertain/Uncertain.ts"

/**
 * The wait for a request ended before the request did: it is still with an admin, or on its way. It does not expire; wait
 * again, or let a webhook tell.
 *
 * ```ts
 * import type { InstallationId } from "@effect-icr/app/domain/Ids"
 * import type { CreditRequestId } from "@effect-icr/registry/domain/Ids"
 * import type { StillPending } from "@effect-icr/registry/Inventory"
 * import { Registry } from "@effect-icr/registry/Registry"
 * import { Effect } from "effect"
 *
 * const later = ({ request }: StillPending) => Effect.logInfo(`request ${request.id} is still with an admin`)
 *
 * export const settle = Effect.fn("settle")(function* (id: InstallationId, request: CreditRequestId) {
 *   const { inventory } = (yield* Registry).organization(id)
 *   return yield* inventory.requests.settled(request).pipe(Effect.tapErrorTag("StillPending", later))
 * })
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class StillPending extends Schema.TaggedError<StillPending>("@effect-icr/registry/StillPending")(
  "StillPending",
  {
    /** The request as it was last read. */
    request: CreditRequest
  }
) {
  override get message() {
    return `Request ${this.request.id} has not come to its end yet; wait again, or let a webhook tell.`
  }
}

/**
 * Who receives the credits: an organization, or an address on the chain.
 *
 * @category options
 * @since 0.1.0
 */
export type Receiver =
  | { readonly toOrganizationId: OrganizationId; readonly toAddress?: never }
  | { readonly toAddress: string; readonly toOrganizationId?: never }

/**
 * What is asked for, by action. The registry demands a receiver for every action, and `retirementData` for every action that
 * is, or may be, a retirement. `retirementData` is not sent with a transfer.
 *
 * @category options
 * @since 0.1.0
 */
export type RequestOptions<A extends CreditAction> = Receiver & {
  readonly creditId: CreditId
  /** More than 0, with at most 18 decimals: `"0.5"`. */
  readonly amount: Input
} & ([A] extends ["transfer"] ? { readonly retirementData?: never } : { readonly retirementData: RetirementData })

/**
 * How long to wait.
 *
 * @category options
 * @since 0.1.0
 */
export interface SettledOptions {
  /**
   * When to read the request again. By default after 1 s, then less and less often up to every 30 s, for 10 minutes.
   */
  readonly schedule?: Schedule.Schedule<unknown> | undefined
}

/**
 * The requests of an inventory.
 *
 * @category models
 * @since 0.1.0
 */
export interface CreditRequests {
  /** All of them, 50 to a request to the registry. */
  readonly all: Stream.Stream<CreditRequest, IcrError>
  /** One of them. */
  readonly get: (id: CreditRequestId) => Effect.Effect<CreditRequest, IcrError>
  /**
   * Waits for a request to come to its end, and succeeds whatever the end is: that an admin declined is an answer.
   * Reads it by a schedule, and at once when `Registry.notify` tells of an event of the installation. Only when the
   * schedule ends it fails.
   */
  readonly settled: (
    id: CreditRequestId,
    options?: SettledOptions
  ) => Effect.Effect<CreditRequest, IcrError | StillPending>
}

/**
 * An organization's inventory.
 *
 * @category models
 * @since 0.1.0
 */
export interface Inventory {
  /** The credits in the inventory. */
  readonly credits: Effect.Effect<ReadonlyArray<InventoryCredit>, IcrError>
  /** As {@link Inventory.credits}, with options. */
  readonly creditsWith: (options: {
    /** Whether to read the credits for development. Default false: the parameter is then not sent. */
    readonly development?: boolean | undefined
  }) => Effect.Effect<ReadonlyArray<InventoryCredit>, IcrError>
  /**
   * Asks for credits to be moved or retired. Sent once; when the answer got lost, the library looks at the newest
   * requests. An `IcrError` says that it was certainly not made: no new request for the same credit and receiver is there,
   * whatever amount, action or comment the list shows of it.
   */
  readonly request: <A extends CreditAction>(
    action: A,
    options: RequestOptions<A>
  ) => Effect.Effect<CreditRequest, IcrError | RequestUncertain>
  readonly requests: CreditRequests
  /**
   * Looks for the request once more, in any process. Succeeds when no such request was made. What is found may be somebody
   * else's, so that it stays uncertain, with what was found, for a person to judge. An `IcrError` (`InvalidRequest`) says
   * that what was given is no `RequestUncertain` of this installation.
   */
  readonly resolve: (uncertain: RequestUncertain) => Effect.Effect<void, IcrError | RequestUncertain>
}
