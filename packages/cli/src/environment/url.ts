/** Addresses that a command is told to send to, for `filterMap` of a flag or an argument. */
import * as Schema from "effect/Schema"

/** Reads an `http` or `https` URL. */
export const httpUrl = Schema.decodeOption(
  Schema.URLFromString.check(Schema.makeFilter(({ protocol }) => protocol === "http:" || protocol === "https:"))
)

/** Says what was expected where a text is no such URL. */
export const expectedUrl = () => "a URL that begins with http:// or https://"
