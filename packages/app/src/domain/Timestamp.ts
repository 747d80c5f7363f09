/**
 * The registry's timestamps, as `DateTime.Utc`.
 *
 * @module
 */
import * as Schema from "effect/Schema"

const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/

/**
 * An ISO-8601 date-time as the registry writes it, with or without milliseconds, as `DateTime.Utc`.
 *
 * The form is checked first: the date parser alone reads `"0"` as the year 2000.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Timestamp = Schema.String.check(
  Schema.isPattern(form, { expected: "an ISO-8601 date-time such as 2022-01-01T00:00:00Z" })
).pipe(Schema.decodeTo(Schema.DateTimeUtcFromString))
