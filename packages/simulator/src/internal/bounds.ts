/**
 * How far times may lie and what a header may be called. A date beyond the year 275,760 or a header name with a line break
 * in it would be accepted here and break every answer after it.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

const tenYears = Duration.days(3_650)
const longest = Duration.toMillis(tenYears)

const isUpToTenYears = Schema.makeFilter((duration: Duration.Duration) => {
  const millis = Duration.toMillis(duration)
  return (millis >= 0 && millis <= longest) || "Expected a duration from 0 to 10 years"
})

/** 0 to 10 years; milliseconds in JSON. */
export const Life = Schema.DurationFromMillis.check(isUpToTenYears)

/** The same as a plain number of milliseconds. */
export const Millis = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: longest }))

/** How far off a clock is, in milliseconds: at most 10 years, to either side. */
export const Skew = Schema.Finite.check(Schema.isBetween({ minimum: -longest, maximum: longest }))

const isName = /^[!#$%&'*+\-.^`|~\w]+$/
const isText = /^[\t\x20-\x7e\x80-\xff]*$/

/** Names that are tokens, values of visible text (RFC 9110, 5.1 and 5.5). */
export const Headers = Schema.Record(Schema.String, Schema.String).check(
  // Not a pattern for the keys: a record passes over keys that do not fit.
  Schema.makeFilter(
    (headers) =>
      Object.entries(headers).every(([name, value]) => isName.test(name) && isText.test(value)) ||
      "Expected header names that are tokens and values on one line"
  )
)
