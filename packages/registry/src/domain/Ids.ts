/**
 * Ids of the registry's resources: opaque, non-empty, and safe as one path segment, as those of
 * `@effect-icr/app/domain/Ids`.
 *
 * @module
 */
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { pathSegment } from "@effect-icr/app/extension"

/** The documents show some ids as a text in one place and as a number in another (`2` and `"1"` of retirements). */
const segmentOrNumber = Schema.Union([Schema.String, Schema.Int]).pipe(
  Schema.decodeTo(pathSegment, {
    decode: SchemaGetter.transform(String),
    encode: SchemaGetter.transform((text) => text)
  })
)

/**
 * A balance of one token of one project, such as `exPost-2-0x51298f2f1142ecb129a2db5e6afd24f34f2e53f1` (`Inventory`,
 * v0.5).
 *
 * @category schemas
 * @since 0.1.0
 */
export const CreditId = pathSegment.pipe(Schema.brand("CreditId"))
/**
 * A balance of one token of one project (`Inventory`, v0.5).
 *
 * @category models
 * @since 0.1.0
 */
export type CreditId = typeof CreditId.Type

/**
 * A climate project (`Projects`, v0.5).
 *
 * @category schemas
 * @since 0.1.0
 */
export const ProjectId = pathSegment.pipe(Schema.brand("ProjectId"))
/**
 * A climate project (`Projects`, v0.5).
 *
 * @category models
 * @since 0.1.0
 */
export type ProjectId = typeof ProjectId.Type

/**
 * A retirement (`Retirements`, v0.5): a UUID in one example, a small number in others.
 *
 * @category schemas
 * @since 0.1.0
 */
export const RetirementId = segmentOrNumber.pipe(Schema.brand("RetirementId"))
/**
 * A retirement (`Retirements`, v0.5).
 *
 * @category models
 * @since 0.1.0
 */
export type RetirementId = typeof RetirementId.Type

/**
 * A requested action on inventory credits (`Inventory`, v0.5).
 *
 * @category schemas
 * @since 0.1.0
 */
export const CreditRequestId = pathSegment.pipe(Schema.brand("CreditRequestId"))
/**
 * A requested action on inventory credits (`Inventory`, v0.5).
 *
 * @category models
 * @since 0.1.0
 */
export type CreditRequestId = typeof CreditRequestId.Type

/**
 * A hold on warehouse credits (`Warehouse`, v0.5).
 *
 * @category schemas
 * @since 0.1.0
 */
export const ReservationId = pathSegment.pipe(Schema.brand("ReservationId"))
/**
 * A hold on warehouse credits (`Warehouse`, v0.5).
 *
 * @category models
 * @since 0.1.0
 */
export type ReservationId = typeof ReservationId.Type
