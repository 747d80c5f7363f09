/**
 * An organization's warehouse: credits that an app may reserve, and then transfer or retire, without being asked about
 * each.
 *
 * @module
 */
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { OrganizationId } from "@effect-icr/app/domain/Ids"
import type { IcrError } from "@effect-icr/app/IcrError"
import type { Input } from "../amounts/Tonnes.ts"
import type { WarehouseCredit } from "../domain/Credits.ts"
import { CreditAction } from "../domain/CreditRequest.ts"
import { type CreditId, ReservationId } from "../domain/Ids.ts"
import { Reservation } from "../domain/Reservation.ts"
import { type Retirement, RetirementData } from "../domain/Retirement.ts"
import type { FinishUncertain, ReserveUncertain } from "../uncertain/Uncertain.ts"

/**
 * The hold was over, by the registry's clock, before the finish was sent: nothing was done.
 *
 * ```ts
 * import { ReservationId } from "@effect-icr/registry/domain/Ids"
 * import { ReservationExpired } from "@effect-icr/registry/Warehouse"
 * import { Effect } from "effect"
 *
 * // For tests of what a program does when its buyer took too long
 * const tooLate = Effect.fail(new ReservationExpired({ reservationId: ReservationId.make("1") }))
 *
 * await Effect.runPromise(Effect.catchTag(tooLate, "ReservationExpired", () => Effect.log("reserve again")))
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class ReservationExpired extends Schema.TaggedError<ReservationExpired>(
  "@effect-icr/registry/ReservationExpired"
)("ReservationExpired", { reservationId: ReservationId }) {
  override get message() {
    return `Reservation ${this.reservationId} was over before it could be finished; nothing was done. Reserve again.`
  }
}

/**
 * A finished reservation.
 *
 * @category models
 * @since 0.1.0
 */
export class Finished extends Schema.Class<Finished>("@effect-icr/registry/Finished")({
  reservation: Reservation,
  action: CreditAction,
  receiverId: OrganizationId,
  retirementData: Schema.Option(RetirementData),
  /** Whether the registry's answer said so, or a look afterwards. */
  knownBy: Schema.Literals(["answer", "look"])
}) {}

/**
 * What to reserve.
 *
 * @category options
 * @since 0.1.0
 */
export interface ReserveOptions {
  readonly creditId: CreditId
  /** More than 0, with at most 18 decimals: `"0.5"`. */
  readonly amount: Input
}

/**
 * Who receives the credits.
 *
 * @category options
 * @since 0.1.0
 */
export interface TransferOptions {
  readonly receiverId: OrganizationId
}

/**
 * For whom the credits are retired, and what the certificate is to say.
 *
 * @category options
 * @since 0.1.0
 */
export interface RetireOptions extends TransferOptions {
  readonly retirementData: RetirementData
}

/**
 * Which holdings to read.
 *
 * @category options
 * @since 0.1.0
 */
export interface HoldingsOptions {
  /** Those for development. Default false: then the registry is not told anything about it. */
  readonly development?: boolean | undefined
}

/**
 * How far to look for a retirement.
 *
 * @category options
 * @since 0.1.0
 */
export interface FindRetirementOptions {
  /**
   * How many of the public list are looked through at the most, 50 to a request. The documents give its order nowhere:
   * where it shows its oldest first, raise it. A whole number; default 500.
   */
  readonly among?: number | undefined
}

/**
 * An organization's warehouse.
 *
 * No write is sent again when it may have been done; the library looks at the registry instead, for the quiet period of
 * the layer (15 s). An `IcrError` of a write says that it was certainly not done.
 *
 * @category models
 * @since 0.1.0
 */
export interface Warehouse {
  /** What is there. */
  readonly credits: Effect.Effect<ReadonlyArray<WarehouseCredit>, IcrError>
  /** As {@link Warehouse.credits}, with options. */
  readonly creditsWith: (options: HoldingsOptions) => Effect.Effect<ReadonlyArray<WarehouseCredit>, IcrError>

  /** All reservations, of all apps, with those that are over or complete. */
  readonly reservations: Effect.Effect<ReadonlyArray<Reservation>, IcrError>
  /** One of them, such as after a restart, before it is finished: `isComplete` tells whether it was. */
  readonly reservation: (id: ReservationId) => Effect.Effect<Reservation, IcrError>

  /** Holds credits for 10 minutes. */
  readonly reserve: (options: ReserveOptions) => Effect.Effect<Reservation, IcrError | ReserveUncertain>

  /**
   * Moves or retires what a reservation holds. Cannot be interrupted while the request is under way; it ends by the
   * time limit of `IcrHttp` (30 s).
   */
  readonly finish: {
    (
      action: "transfer",
      reservation: Reservation,
      options: TransferOptions & { readonly retirementData?: never }
    ): Effect.Effect<Finished, IcrError | ReservationExpired | FinishUncertain>
    (
      action: "retire" | "transfer_retire",
      reservation: Reservation,
      options: RetireOptions
    ): Effect.Effect<Finished, IcrError | ReservationExpired | FinishUncertain>
  }

  /** Gives what a reservation holds back. One that is not there counts as released. */
  readonly release: (id: ReservationId) => Effect.Effect<void, IcrError>

  /**
   * Reserves, runs `use`, and releases the reservation whatever comes of it, unless a finish of it was done or may have
   * been.
   */
  readonly withReservation: <A, E, R>(
    options: ReserveOptions,
    use: (reservation: Reservation) => Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | IcrError | ReserveUncertain, R>

  /**
   * Looks once more, in any process. A finish succeeds when it was done, fails with an `IcrError` when it was certainly
   * not, and stays uncertain until its `certainAt`. A reserve succeeds with a reservation that this call may use, or
   * with `None` when nothing of it is held any more.
   */
  readonly resolve: {
    (uncertain: FinishUncertain): Effect.Effect<Finished, IcrError | FinishUncertain>
    (uncertain: ReserveUncertain): Effect.Effect<Option.Option<Reservation>, ReserveUncertain>
  }

  /**
   * The retirement that a finish made, for its certificate. A heuristic, since the registry links the two nowhere:
   * looks for beneficiary, reason, comment, amount and serial, made since the reservation, among the organization's own,
   * and where none matches among the first 500 of the public list. Exactly one that matches, or `None`. Put something of
   * one's own into the `comment`, such as an order's number.
   */
  readonly findRetirement: (
    finished: Finished,
    options?: FindRetirementOptions
  ) => Effect.Effect<Option.Option<Retirement>, IcrError>
}
