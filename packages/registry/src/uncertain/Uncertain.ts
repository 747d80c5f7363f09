/**
 * What is known of a write whose answer got lost.
 *
 * An `IcrError` of a write says that it was certainly not done. These three say that it may have been: do not send it
 * again, do not give the money back. Each tells what was found and from when on it can be known, and encodes by Schema
 * without a secret, so that it can be written down and resolved in another process.
 *
 * ```ts
 * import { FinishUncertain } from "@effect-icr/registry/Uncertain"
 * import { Schema } from "effect"
 *
 * const Kept = Schema.fromJsonString(Schema.toCodecJson(FinishUncertain))
 * export const write = Schema.encodeEffect(Kept)
 * export const read = Schema.decodeEffect(Kept)
 * ```
 *
 * ```ts
 * import { isUncertain, type RequestUncertain, type ReserveUncertain, type Uncertain } from "@effect-icr/registry/Uncertain"
 * import { Effect } from "effect"
 *
 * // Nothing moved, or a person has to look: for what no program can settle by itself.
 * const written = ({ found, message }: ReserveUncertain | RequestUncertain) =>
 *   Effect.logWarning(message, { found: found.length })
 *
 * export const keep = (error: Uncertain) =>
 *   error._tag === "FinishUncertain" ? Effect.logWarning("to be resolved", error.reservation.id) : written(error)
 *
 * // Whatever else fails in the same program is let through.
 * export const keepUncertain = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
 *   Effect.tapError(effect, (error) => (isUncertain(error) ? keep(error) : Effect.void))
 * ```
 *
 * @module
 */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { InstallationId, OrganizationId } from "@effect-icr/app/domain/Ids"
import { Timestamp } from "@effect-icr/app/domain/Timestamp"
import { IcrError } from "@effect-icr/app/IcrError"
import { FromDigits } from "../amounts/Tonnes.ts"
import { CreditAction, CreditRequest } from "../domain/CreditRequest.ts"
import { CreditId } from "../domain/Ids.ts"
import { Reservation } from "../domain/Reservation.ts"
import { RetirementData } from "../domain/Retirement.ts"

const common = {
  installationId: InstallationId,
  /** From this time on, by the registry's clock, a look at the registry tells for certain. */
  certainAt: Timestamp
}

const when = (certainAt: DateTime.Utc) => `it can be known from ${DateTime.formatIso(certainAt)} on`

/**
 * Credits may have been reserved. No credit has moved, and what is held goes back by itself after 10 minutes: reserving
 * again does no harm.
 *
 * @category errors
 * @since 0.1.0
 */
export class ReserveUncertain extends Schema.TaggedError<ReserveUncertain>("@effect-icr/registry/ReserveUncertain")(
  "ReserveUncertain",
  {
    ...common,
    creditId: CreditId,
    amount: FromDigits,
    /** Reservations made earlier than this are others. */
    since: Timestamp,
    /** Reservations of this app that may be the one that was made, if any; the list may round their amounts. */
    found: Schema.Array(Reservation),
    /** How the call failed; `None` where the registry said yes and did not say which reservation it is. */
    error: Schema.Option(IcrError)
  }
) {
  override get message() {
    return `A reservation of ${this.amount} may have been made; ${when(this.certainAt)}. Reserving again does no harm.`
  }
}

/**
 * A reservation may have been finished: credits may have been moved or retired. `warehouse.resolve` looks again.
 *
 * @category errors
 * @since 0.1.0
 */
export class FinishUncertain extends Schema.TaggedError<FinishUncertain>("@effect-icr/registry/FinishUncertain")(
  "FinishUncertain",
  {
    ...common,
    action: CreditAction,
    /** The reservation as it was last seen. */
    reservation: Reservation,
    receiverId: OrganizationId,
    retirementData: Schema.Option(RetirementData),
    /** How the call failed. */
    error: IcrError
  }
) {
  override get message() {
    return `Reservation ${this.reservation.id} may have been finished (${this.action}); ${when(this.certainAt)}. Resolve it; do not repeat it.`
  }
}

/**
 * A credit request may have been made. A request does not say who made it, so what is found is for a person to judge.
 *
 * @category errors
 * @since 0.1.0
 */
export class RequestUncertain extends Schema.TaggedError<RequestUncertain>("@effect-icr/registry/RequestUncertain")(
  "RequestUncertain",
  {
    ...common,
    action: CreditAction,
    creditId: CreditId,
    amount: FromDigits,
    toOrganizationId: Schema.Option(OrganizationId),
    toAddress: Schema.Option(Schema.String),
    retirementData: Schema.Option(RetirementData),
    /** Requests made earlier than this are others. */
    since: Timestamp,
    /**
     * Requests that may be the one that was made, if any: those that say the same, or else new ones for the same credit and
     * receiver, since the list may round an amount or write a text otherwise.
     */
    found: Schema.Array(CreditRequest),
    /** How the call failed; `None` where the registry said yes and did not say which request it is. */
    error: Schema.Option(IcrError)
  }
) {
  override get message() {
    return `A request to ${this.action} ${this.amount} may have been made; ${when(this.certainAt)}. Look at the requests before making it again.`
  }
}

/**
 * Any of the three.
 *
 * @category models
 * @since 0.1.0
 */
export type Uncertain = ReserveUncertain | FinishUncertain | RequestUncertain

const isSchema = Schema.is(Schema.Union([ReserveUncertain, FinishUncertain, RequestUncertain]))

/**
 * Whether an error says that a write may have been done.
 *
 * @category guards
 * @since 0.1.0
 */
export const isUncertain = (error: unknown): error is Uncertain => isSchema(error)
