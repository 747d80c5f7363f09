/** Paths of requests: which may be sent, how they are named, and how they are filled. */
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"

// A segment that the URL parser would read as "." or "..", percent-encoded forms included.
const dots = /^(?:\.|%2e){1,2}$/i

/**
 * Why a path given to `appClient` or `installationClient` must not be sent, or undefined when it may: it has to stay below the
 * base address. Checked before any token is asked for.
 */
export const whyNotRelative = (path: string): string | undefined => {
  if (/^[a-z][a-z0-9+.-]*:/i.test(path)) return "an absolute URL was given; give a path such as /projects"
  if (/^[\\/]{2}/.test(path)) return "a URL with another host was given; give a path such as /projects"
  // eslint-disable-next-line no-control-regex -- URL parsers drop tabs and line ends, which would hide a scheme
  if (/[\\\u0000-\u001f\u007f]/.test(path)) return "the path contains a backslash or a control character"
  const [pathname = ""] = path.split(/[?#]/, 1)
  if (pathname.split("/").some((segment) => dots.test(segment))) return "the path contains '.' or '..' as a segment"
  return undefined
}

/** A path for spans and errors: what looks like an id becomes `{id}`, so that names stay few. */
export const pathTemplate = (path: string): string => {
  const [pathname = ""] = path.split(/[?#]/, 1)
  return pathname
    .split("/")
    .map((segment) => (/^v\d+(\.\d+)*$/.test(segment) || !/\d|[^\w.-]|.{25}/.test(segment) ? segment : "{id}"))
    .join("/")
}

/** One segment of a path; none for what would be no segment, another one, or no text. */
const segmentOf = (value: unknown): Option.Option<string> =>
  Predicate.isString(value) && value !== "" && value !== "." && value !== ".." ? encode(value) : Option.none()

/** Half a surrogate pair cannot be encoded. */
const encode = Option.liftThrowable(encodeURIComponent)

/**
 * Fills `{placeholders}`. Encodes the values, although ids are branded as safe segments; fails with what is wrong with a value
 * of plain JavaScript, or of a brand that was asserted.
 */
export const fillPath = (
  path: string,
  params: { readonly [name: string]: unknown } = {}
): Result.Result<string, string> => {
  const filled = path.replace(/\{(\w+)\}/g, (placeholder, name: string) =>
    Option.getOrElse(segmentOf(params[name]), () => placeholder)
  )
  // What is filled in has no braces: they are encoded.
  const [, unfilled] = /\{(\w+)\}/.exec(filled) ?? []
  return unfilled === undefined
    ? Result.succeed(filled)
    : Result.fail(`${unfilled} must be a text other than '', '.' and '..'`)
}
