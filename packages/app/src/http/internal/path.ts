/** Paths of requests: which may be sent, how they are named, and how they are filled. */
import * as Result from "effect/Result"
import { idProblem } from "../../domain/Ids.ts"

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

const placeholders = /\{(\w+)\}/g

/**
 * Fills `{placeholders}` with ids. Encodes them, although they are safe as segments; fails with what is wrong with a value of
 * plain JavaScript, or of a brand that was asserted.
 */
export const fillPath = (
  path: string,
  params: { readonly [name: string]: unknown } = {}
): Result.Result<string, string> => {
  const [problem] = [...path.matchAll(placeholders)].flatMap(([, name = ""]) => idProblem(params[name], name) ?? [])
  return problem === undefined
    ? Result.succeed(path.replace(placeholders, (_, name: string) => encodeURIComponent(String(params[name]))))
    : Result.fail(problem)
}
