type Checked = { readonly _tag: "Valid"; readonly url: string } | { readonly _tag: "Invalid"; readonly detail: string }

const isLoopback = (host: string) =>
  host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host)

const invalid = (detail: string): Checked => ({ _tag: "Invalid", detail })

/**
 * Checks the configured base address: https, or http to loopback; no credentials, query or fragment; no trailing slash.
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
