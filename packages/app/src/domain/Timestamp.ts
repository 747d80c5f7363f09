import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as SchemaIssue from "effect/SchemaIssue"
import { quick } from "../internal/quick.ts"

const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)$/
const expected = "an ISO-8601 date-time such as 2022-01-01T00:00:00Z"

const epoch = DateTime.makeUnsafe(0)

/**
 * The form is checked first: the date parser alone would read `"0"` as the year 2000. `DateTime.make` would look for the
 * zone again and make a `Date` on the way: with four times to an installation, a tenth of what a page costs.
 */
const parse = (text: string) => {
  // oxlint-disable-next-line no-restricted-globals -- reads a text, and no clock
  const millis = form.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(millis) ? undefined : DateTime.mapEpochMillis(epoch, () => millis)
}

/** An ISO-8601 date-time as the registry writes it, with or without milliseconds, as `DateTime.Utc`. */
export const Timestamp = quick(
  Schema.String.pipe(
    Schema.decodeTo(Schema.DateTimeUtc, {
      decode: SchemaGetter.transformEffect((text: string, options) => {
        const date = parse(text)
        return date === undefined
          ? Effect.fail(new SchemaIssue.InvalidValue({ expected }, text, options))
          : Effect.succeed(date)
      }),
      encode: SchemaGetter.transform(DateTime.formatIso)
    })
  ),
  (text) => (typeof text === "string" ? parse(text) : undefined)
)
