/**
 * Limits for times and headers in options, switches and faults. Without them a date beyond the year 275,760 or a header
 * name with a line break would be accepted and break every later answer.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

const tenYears = Duration.days(3_650)
const longest = Duration.toMillis(tenYears)

const isUpToTenYears = Schema.makeFilter((duration: Duration.Duration) => {
  const millis = Duration.toMillis(duration)
  return (millis >= 0 && millis <= longest) || "Expected a duration from 0 to 10 years"
})

/** A duration from 0 to 10 years; milliseconds in JSON. */
export const Life = Schema.DurationFromMillis.check(isUpToTenYears)

/** A number of milliseconds from 0 to 10 years. */
export const Millis = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: longest }))

/** A clock's offset in milliseconds, at most 10 years in either direction. */
export const Skew = Schema.Finite.check(Schema.isBetween({ minimum: -longest, maximum: longest }))

const isName = /^[!#$%&'*+\-.^`|~\w]+$/
const isText = /^[\t\x20-\x7e\x80-\xff]*$/

/** Headers whose names are tokens and whose values are visible text (RFC 9110, 5.1 and 5.5). */
export const Headers = Schema.Record(Schema.String, Schema.String).check(
  // A pattern in the key schema would drop keys that do not match instead of refusing them.
  Schema.makeFilter(
    (headers) =>
      Object.entries(headers).every(([name, value]) => isName.test(name) && isText.test(value)) ||
      "Expected header names that are tokens and values on one line"
  )
)
