/**
 * Requests that move credits out of an inventory once the organization accepts them.
 *
 * @module
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { OrganizationId } from "@effect-icr/app/domain/Ids"
import { Pagination } from "@effect-icr/app/domain/Pagination"
import { Timestamp } from "@effect-icr/app/domain/Timestamp"
import { lenient, lenientText } from "@effect-icr/app/extension"
import { FromDigits } from "../amounts/Tonnes.ts"
import { lenientLabel, lenientTimestamp } from "./lenient.ts"
import { CreditId, CreditRequestId } from "./Ids.ts"
import { ProjectRef } from "./Project.ts"

/**
 * What can be done with credits. The documents name `cancel` too, without saying what it needs, so it is not offered.
 *
 * @category schemas
 * @since 0.1.0
 */
export const CreditAction = Schema.Literals(["transfer", "retire", "transfer_retire"])
/**
 * What can be done with credits.
 *
 * @category models
 * @since 0.1.0
 */
export type CreditAction = typeof CreditAction.Type

const ends = ["processed", "failed", "rejected", "cancelled"] as const
const ended = new Set<string>(ends)
const known = new Set<string>([...ends, "pending", "pending_queue"])

/**
 * How far a request has come. New states are kept as they come.
 *
 * @category models
 * @since 0.1.0
 */
export type RequestState = (typeof ends)[number] | "pending" | "pending_queue" | (string & {})

/**
 * The documents write states in lower case, the registry's own demo with a capital: known ones are read in any case.
 */
const RequestState = Schema.String.pipe(
  Schema.decodeTo(Schema.String, {
    decode: SchemaGetter.transform((state): RequestState => {
      const lower = state.toLowerCase()
      return known.has(lower) ? lower : state
    }),
    encode: SchemaGetter.transform((state) => state)
  })
)

/**
 * An action on inventory credits that was asked for (`Inventory`, v0.5). An admin of the organization accepts or
 * declines it; it does not expire.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CreditRequest extends Schema.Class<CreditRequest>("@effect-icr/registry/CreditRequest")({
  id: CreditRequestId,
  /** `transfer`, `retire`, `transfer_retire`; others are kept as they come. */
  action: Schema.String,
  amount: FromDigits,
  createdAt: Timestamp,
  updatedAt: lenientTimestamp,
  state: lenient(RequestState),
  type: lenientText,
  creditId: lenient(CreditId),
  tokenId: lenientLabel,
  tokenAddress: lenientText,
  serialization: lenientText,
  vintage: lenientLabel,
  fromOrganizationId: lenient(OrganizationId),
  toOrganizationId: lenient(OrganizationId),
  toAddress: lenientText,
  project: lenient(ProjectRef),
  /** The transaction on the chain, once there is one. */
  txId: lenientText,
  retirementReason: lenientText,
  retirementComment: lenientText,
  beneficiaryName: lenientText
}) {
  /** Whether it has come to its end, whatever the end is. Without a state, a transaction tells. */
  get isSettled(): boolean {
    return Option.match(this.state, {
      onNone: () => Option.isSome(this.txId),
      onSome: (state) => ended.has(state)
    })
  }
}

/**
 * One page of credit requests.
 *
 * @category schemas
 * @since 0.1.0
 */
export class CreditRequestPage extends Schema.Class<CreditRequestPage>("@effect-icr/registry/CreditRequestPage")({
  pagination: Pagination,
  creditRequests: Schema.Array(CreditRequest)
}) {}
