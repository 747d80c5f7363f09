import * as Result from "effect/Result"

const isLoopback = (host: string) =>
  host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host)

/**
 * Checks the configured base address: https, or http to loopback; no credentials, query or fragment; no trailing slash.
 * `permission` is the name under which plain http can be allowed. Fails with what is wrong.
 */
export const checkBaseUrl = (
  text: string,
  allowInsecureHttp: boolean,
  permission: string
): Result.Result<string, string> => {
  if (!URL.canParse(text)) return Result.fail("must be an absolute URL such as https://api.carbonregistry.com")
  const url = new URL(text)
  if (url.protocol !== "https:" && url.protocol !== "http:") return Result.fail("must be an https URL")
  if (url.protocol === "http:" && !allowInsecureHttp && !isLoopback(url.hostname)) {
    return Result.fail(`must be https; http is for loopback only, unless allowed by name (${permission})`)
  }
  if (url.username !== "" || url.password !== "") return Result.fail("must not contain a user name or password")
  if (url.search !== "" || url.hash !== "") return Result.fail("must not contain a query or a fragment")
  return Result.succeed(url.origin + url.pathname.replace(/\/+$/, ""))
}
