/**
 * Reservations: credits of a warehouse that are held for one buyer until they are finished or released.
 *
 * @module
 */
import * as Schema from "effect/Schema"
import { AppId } from "@effect-icr/app/domain/Ids"
import { Timestamp } from "@effect-icr/app/domain/Timestamp"
import { lenient, lenientText } from "@effect-icr/app/extension"
import { FromDigits } from "../amounts/Tonnes.ts"
import { lenientLabel, lenientTimestamp } from "./lenient.ts"
import { CreditId, ReservationId } from "./Ids.ts"
import { ProjectRef } from "./Project.ts"

/**
 * The app that made a reservation.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Reserver extends Schema.Class<Reserver>("@effect-icr/registry/Reserver")({
  id: AppId,
  name: lenientText
}) {}

/**
 * A hold on warehouse credits (`Warehouse`, v0.5): for 10 minutes they are there for the app that reserved them, then
 * they go back. One that is over stays in the list.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Reservation extends Schema.Class<Reservation>("@effect-icr/registry/Reservation")({
  id: ReservationId,
  creditId: CreditId,
  amount: FromDigits,
  createdAt: Timestamp,
  updatedAt: lenientTimestamp,
  /** The end of the hold, by the registry's clock. */
  reservedToDate: Timestamp,
  /** Whether it was finished: the credits were moved or retired. */
  isComplete: Schema.Boolean,
  reserver: lenient(Reserver),
  tokenId: lenientLabel,
  tokenAddress: lenientText,
  type: lenientText,
  serialization: lenientText,
  project: lenient(ProjectRef)
}) {}
