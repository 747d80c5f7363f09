/** Addresses that a command is told to send to. */
import * as Schema from "effect/Schema"

/** An `http` or `https` URL. */
export const HttpUrl = Schema.URLFromString.check(
  Schema.makeFilter(({ protocol }) => protocol === "http:" || protocol === "https:", {
    expected: "a URL that begins with http:// or https://"
  })
)
