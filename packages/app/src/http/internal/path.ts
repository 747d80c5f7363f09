/** Paths of requests: which may be sent, how they are named, and how they are filled. */
import * as Result from "effect/Result"
import { idProblem } from "../../domain/Ids.ts"

/** A path with a segment that the URL parser would read as "." or "..", percent-encoded forms included. */
const dotsForm = /^(?:[^?#]*\/)?(?:\.|%2e){1,2}(?:[/?#]|$)/i

/**
 * Why a path given to `appClient` or `installationClient` must not be sent, or undefined when it may: it has to stay below the
 * base address. Checked before any token is asked for.
 */
export const whyNotRelative = (path: string): string | undefined => {
  if (/^[a-z][a-z0-9+.-]*:/i.test(path)) return "an absolute URL was given; give a path such as /projects"
  if (/^[\\/]{2}/.test(path)) return "a URL with another host was given; give a path such as /projects"
  // eslint-disable-next-line no-control-regex -- URL parsers drop tabs and line ends, which would hide a scheme
  if (/[\\\u0000-\u001f\u007f]/.test(path)) return "the path contains a backslash or a control character"
  return dotsForm.test(path) ? "the path contains '.' or '..' as a segment" : undefined
}

/** A segment that is a version or a word, and so no id. */
const wordForm = /^(?:v\d+(?:\.\d+)*|[A-Za-z_.-]{1,24})$/

/** A path for spans and errors: what looks like an id becomes `{id}`, so that names stay few. */
export const pathTemplate = (path: string): string =>
  path.replace(/[?#][^]*/, "").replace(/[^/]+/g, (segment) => (wordForm.test(segment) ? segment : "{id}"))

const placeholders = /\{(\w+)\}/g

/**
 * Fills `{placeholders}` with ids. Encodes them, although they are safe as segments; fails with what is wrong with a value of
 * plain JavaScript, or of a brand that was asserted.
 */
export const fillPath = (
  path: string,
  params: { readonly [name: string]: unknown } = {}
): Result.Result<string, string> => {
  for (const [, name = ""] of path.matchAll(placeholders)) {
    const problem = idProblem(params[name], name)
    if (problem !== undefined) return Result.fail(problem)
  }
  return Result.succeed(path.replace(placeholders, (_, name: string) => encodeURIComponent(String(params[name]))))
}
