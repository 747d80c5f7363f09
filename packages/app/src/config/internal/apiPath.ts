import * as Result from "effect/Result"

const example = "such as /v0.5"

/**
 * Checks the configured path of the API's version, which goes between the registry's address and the path of a call. A slash
 * that is missing in front or left over at the end is understood; `/` alone is no path. `address` is what it goes after.
 * Fails with what is wrong.
 */
export const checkApiPath = (text: string, address: string): Result.Result<string, string> => {
  if (/^[a-z][a-z0-9+.-]*:/i.test(text) || /^[\\/]{2}/.test(text)) {
    return Result.fail(`must be the path alone, ${example}; the address is ICR_BASE_URL or ICR_ENVIRONMENT`)
  }
  const path = `/${text.replace(/^\/|\/+$/g, "")}`
  if (path === "/") return Result.succeed("")
  if (!/^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/.test(path)) {
    return Result.fail(
      `must be made of letters, digits, '.', '_', '~' and '-', without '..', a query or a fragment, ${example}`
    )
  }
  if (/\/\d[^/]*$/.test(path)) {
    return Result.fail(`must name the version as the path does, ${example}; a release date is for ICR_API_VERSION`)
  }
  return address.endsWith(path)
    ? Result.fail("is at the end of the registry's address already; set it in one of the two places")
    : Result.succeed(path)
}

/** The path of a call below the address. One that names its version itself, such as `/v1/transactions`, is left as it is. */
export const withApiPath = (apiPath: string, path: string): string =>
  /^\/v\d+(\.\d+)*(?:[/?#]|$)/.test(path) ? path : apiPath + path
