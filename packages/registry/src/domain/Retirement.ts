/**
 * Retirements: credits that are used up for good, for a beneficiary and a reason.
 *
 * @module
 */
import * as Schema from "effect/Schema"
import { OrganizationId } from "@effect-icr/app/domain/Ids"
import { lenient, lenientText } from "@effect-icr/app/extension"
import { FromDigits } from "../amounts/Tonnes.ts"
import { lenientLabel, lenientTimestamp } from "./lenient.ts"
import { RetirementId } from "./Ids.ts"
import { OrganizationRef, ProjectRef } from "./Project.ts"

/**
 * Credits used for good (`Retirements`, v0.5). One that its owner has not claimed shows its amount and its project
 * only, so every other field may be absent.
 *
 * @category schemas
 * @since 0.1.0
 */
export class Retirement extends Schema.Class<Retirement>("@effect-icr/registry/Retirement")({
  amount: FromDigits,
  id: lenient(RetirementId),
  createdAt: lenientTimestamp,
  /** False for one that was made on the chain and that its owner has not claimed: it has no certificate. */
  isClaimed: lenient(Schema.Boolean),
  reason: lenientText,
  comment: lenientText,
  beneficiary: lenientText,
  organizationId: lenient(OrganizationId),
  organizationOwner: lenient(OrganizationRef),
  serialization: lenientText,
  vintage: lenientLabel,
  project: lenient(ProjectRef)
}) {}

/**
 * Why credits are retired. The known reasons are those of a pick-list (`Credit actions`, V1); examples show free text
 * too.
 *
 * @category models
 * @since 0.1.0
 */
export type RetirementReason =
  | "Compliance"
  | "Corsia"
  | "Voluntary purposes"
  | "Overall mitigations of global emissions"
  | "Corporate emission compensation"
  | "Article 6.2"
  | "Testing"
  | "Other"
  | (string & {})

const RetirementReason: Schema.Codec<RetirementReason> = Schema.String

/**
 * What a retirement is to say. Put something of one's own into `comment`, such as an order's number: it is what a
 * retirement can be found by afterwards.
 *
 * @category schemas
 * @since 0.1.0
 */
export const RetirementData = Schema.Struct({
  reason: RetirementReason,
  beneficiaryName: Schema.String,
  comment: Schema.optionalKey(Schema.String)
})
/**
 * What a retirement is to say.
 *
 * @category models
 * @since 0.1.0
 */
export type RetirementData = typeof RetirementData.Type
