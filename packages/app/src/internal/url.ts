/** Everything that decides where a credential may go. */

type Checked = { readonly _tag: "Valid"; readonly url: string } | { readonly _tag: "Invalid"; readonly detail: string }

const isLoopback = (host: string) =>
  host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host)

const invalid = (detail: string): Checked => ({ _tag: "Invalid", detail })

/**
 * The configured base address: https, or http to loopback; no credentials, query or fragment; no trailing slash.
 * `permission` is the name under which plain http can be allowed.
 */
export const checkBaseUrl = (text: string, allowInsecureHttp: boolean, permission: string): Checked => {
  if (!URL.canParse(text)) return invalid("must be an absolute URL such as https://api.carbonregistry.com")
  const url = new URL(text)
  if (url.protocol !== "https:" && url.protocol !== "http:") return invalid("must be an https URL")
  if (url.protocol === "http:" && !allowInsecureHttp && !isLoopback(url.hostname)) {
    return invalid(`must be https; http is for loopback only, unless allowed by name (${permission})`)
  }
  if (url.username !== "" || url.password !== "") return invalid("must not contain a user name or password")
  if (url.search !== "" || url.hash !== "") return invalid("must not contain a query or a fragment")
  return { _tag: "Valid", url: url.origin + url.pathname.replace(/\/+$/, "") }
}

// A segment that the URL parser would read as "." or "..", percent-encoded forms included.
const dots = /^(?:\.|%2e){1,2}$/i

/**
 * Why a path given to `appClient` or `installationClient` must not be sent, or undefined when it may: it has to stay
 * below the base address. Judged before any token is asked for.
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
    .map((segment) => (/^v\d+$/.test(segment) || !/\d|[^\w.-]|.{25}/.test(segment) ? segment : "{id}"))
    .join("/")
}

/** Fills `{placeholders}`. Ids are branded as safe segments; encoding them is the second lock on the same door. */
export const fillPath = (path: string, params: { readonly [name: string]: string } = {}): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""))
