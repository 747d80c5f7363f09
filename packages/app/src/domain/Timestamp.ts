import * as Schema from "effect/Schema"

/**
 * An ISO-8601 date-time as the registry writes it, with or without milliseconds, as `DateTime.Utc`.
 *
 * The form is checked first: the date parser alone would read `"0"` as the year 2000.
 */
export const Timestamp = Schema.String.check(
  Schema.isPattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/, {
    expected: "an ISO-8601 date-time such as 2022-01-01T00:00:00Z"
  })
).pipe(Schema.decodeTo(Schema.DateTimeUtcFromString))
