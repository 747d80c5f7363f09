/** The switches for what the documents leave open about credits. */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { Life } from "../bounds.ts"

/** Fields of `Behaviour`. */
export const creditSwitches = {
  /** Status of an accepted credit request, reservation or finish. Not documented; 201 is NestJS's default for a POST. */
  createdRequestStatus: Schema.Literals([200, 201]),
  /** Whether writes about credits answer with the record or with nothing. Their answers are not documented. */
  writeAnswer: Schema.Literals(["record", "empty"]),
  /**
   * Whether credit requests and reservations show their amounts digit for digit, or rounded to the 0.001 tonnes that an
   * integrator counts in. Not documented.
   */
  shownAmounts: Schema.Literals(["exact", "rounded"]),
  /**
   * Status when credits are short, or when a reservation is over, complete or another app's. No page states it.
   */
  refusedWriteStatus: Schema.Literals([400, 403, 404, 409, 422]),
  /** Order of reservations, credit requests and retirements. Not documented. */
  creditOrder: Schema.Literals(["oldestFirst", "newestFirst"]),
  /** Whether `development` may be omitted for a warehouse: printed as required (Warehouse) and as optional (Inventory). */
  missingDevelopment: Schema.Literals(["default", "refuse"]),
  /** What `development` selects: the same credits, or an inventory without any. Not documented. */
  developmentInventory: Schema.Literals(["same", "empty"]),

  /** How long a reservation holds its credits. 10 minutes (Warehouse). */
  reservationLife: Life,
  /** Whether the amounts of a warehouse include reserved credits. Not documented. */
  reservedAmounts: Schema.Literals(["excluded", "included"]),
  /** Whether expired reservations stay in the list. The registry's own demo app shows them as expired. */
  expiredReservations: Schema.Literals(["listed", "gone"]),
  /** Whether complete reservations stay in the list. The registry's own demo app shows them as complete. */
  completeReservations: Schema.Literals(["listed", "gone"]),
  /** Whether released reservations stay in the list, as ones that are over. Not documented. */
  releasedReservations: Schema.Literals(["listed", "gone"]),
  /**
   * Whether other apps' reservations are listed. Each names its `reserver`, which suggests it, and "belongs to the app
   * that made it" (Warehouse).
   */
  foreignReservations: Schema.Literals(["listed", "hidden"]),
  /** Whether the list of reservations has pages, as described, or is whole, as the registry's own demo app reads it. */
  reservationPaging: Schema.Literals(["whole", "pages"]),
  /** Whether a single reservation can be read. The documents name the operation without its path. */
  singleReservation: Schema.Boolean,

  /** Permission for a credit request: the one the prose asks for, or the `read_write` of the endpoint (Inventory). */
  inventoryRequestLevel: Schema.Literals(["request", "read_write"]),
  /**
   * Whether an administrator decides on the requests of a token with the level `WRITE`, too. The example of the
   * documents has the level `REQUEST`.
   */
  writersNeedApproval: Schema.Boolean,
  /** A request for more than there is: refused at once, or accepted and failed when it is processed. */
  shortRequests: Schema.Literals(["refused", "failed"]),
  /** How long an accepted request waits to be processed. "Up to about a minute" (user guide). */
  processingDelay: Life,
  /** Whether the states of requests are in lower case, as printed, or capital, as in the registry's own demo app. */
  requestStates: Schema.Literals(["lower", "capital"]),
  /** Whether the id of a webhook's transaction is that of the credit request. Not documented. */
  transactionIds: Schema.Literals(["request", "own"]),

  /** Ids of retirements: the printed UUID, or the short number of other examples. Reads take both. */
  retirementIds: Schema.Literals(["uuid", "number"])
}

/** The documented setting. */
export const documentedCredits = {
  createdRequestStatus: 201,
  writeAnswer: "record",
  shownAmounts: "exact",
  refusedWriteStatus: 400,
  creditOrder: "oldestFirst",
  missingDevelopment: "default",
  developmentInventory: "same",
  reservationLife: Duration.minutes(10),
  reservedAmounts: "excluded",
  expiredReservations: "listed",
  completeReservations: "listed",
  releasedReservations: "gone",
  foreignReservations: "listed",
  reservationPaging: "whole",
  singleReservation: true,
  inventoryRequestLevel: "request",
  writersNeedApproval: false,
  shortRequests: "refused",
  processingDelay: Duration.seconds(5),
  requestStates: "lower",
  transactionIds: "request",
  retirementIds: "uuid"
} as const

/** What a careful server may refuse. */
export const strictCredits = {
  missingDevelopment: "refuse",
  inventoryRequestLevel: "read_write",
  foreignReservations: "hidden",
  reservationPaging: "pages"
} as const
