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
 * The hold was over, by the registry's clock, before the finish was sent: this call sent nothing. It has looked, and the
 * reservation is not complete, or is not there any more.
 *
 * **Gotchas**: a registry that forgets complete reservations shows one that an earlier finish has used up as gone.
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
    return `Reservation ${this.reservationId} was over before it could be finished; this call sent nothing. Reserve again.`
  }
}

/**
 * The reservation is complete, and not by this call: it sent nothing, or was refused. Another finish has moved or retired
 * the credits, such as that of a process before this one. What it did, and for whom, the reservation does not tell:
 * do not give the money back before that is known. Where a reservation is only ever finished for its one order, in one
 * way, it is the order's own.
 *
 * ```ts
 * import type { InstallationId } from "@effect-icr/app/domain/Ids"
 * import type { Reservation } from "@effect-icr/registry/domain/Reservation"
 * import { Registry } from "@effect-icr/registry/Registry"
 * import type { FinishError, ReservationComplete, RetireOptions } from "@effect-icr/registry/Warehouse"
 * import { Effect } from "effect"
 *
 * // Only this order finishes its reservation, so that a process before this one did, in the same way.
 * const before = ({ reservation }: ReservationComplete) => Effect.succeed(reservation)
 *
 * export const isNotDone = ({ _tag }: FinishError) => _tag === "IcrError" || _tag === "ReservationExpired"
 *
 * export const retire = Effect.fn("retire")(function* (id: InstallationId, held: Reservation, options: RetireOptions) {
 *   const { warehouse } = (yield* Registry).organization(id)
 *   return yield* warehouse.finish("transfer_retire", held, options).pipe(
 *     Effect.map((finished) => finished.reservation),
 *     Effect.catchTag("ReservationComplete", before)
 *   )
 * })
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class ReservationComplete extends Schema.TaggedError<ReservationComplete>(
  "@effect-icr/registry/ReservationComplete"
)("ReservationComplete", {
  /** As it was last seen. */
  reservation: Reservation
}) {
  override get message() {
    return `Reservation ${this.reservation.id} is complete already, by another finish. Find out by which before the money is given back.`
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
  /** Whether to read the credits for development. Default false: the parameter is then not sent. */
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
   * How many retirements of the public list are read at the most, 50 to a request. The documents do not give the order of
   * the list: where it shows its oldest first, raise this. A whole number; default 500.
   */
  readonly among?: number | undefined
}

/**
 * How a finish fails. An `IcrError` and `ReservationExpired`: certainly not done by this call. `ReservationComplete`: done by
 * another. `FinishUncertain`: it may have been done.
 *
 * @category errors
 * @since 0.1.0
 */
export type FinishError = IcrError | ReservationExpired | ReservationComplete | FinishUncertain

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
  /** The credits in the warehouse. */
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
   * Moves or retires what a reservation holds. Finish a reservation in one way only: where the answer gets lost, a
   * complete reservation is taken for this call's doing. Cannot be interrupted while the request is under way; it ends by the
   * time limit of `IcrHttp` (30 s).
   */
  readonly finish: {
    (
      action: "transfer",
      reservation: Reservation,
      options: TransferOptions & { readonly retirementData?: never }
    ): Effect.Effect<Finished, FinishError>
    (
      action: "retire" | "transfer_retire",
      reservation: Reservation,
      options: RetireOptions
    ): Effect.Effect<Finished, FinishError>
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
   * not, with `ReservationComplete` when it was refused and another was done, and stays uncertain until its `certainAt`,
   * or for good where the registry shows its reservation no more. A reserve succeeds with a reservation that this call
   * may use, or with `None` when nothing of it is held any more. What is no uncertain write of this installation is
   * refused with the reason `InvalidRequest`.
   */
  readonly resolve: {
    (uncertain: FinishUncertain): Effect.Effect<Finished, IcrError | ReservationComplete | FinishUncertain>
    (uncertain: ReserveUncertain): Effect.Effect<Option.Option<Reservation>, IcrError | ReserveUncertain>
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
