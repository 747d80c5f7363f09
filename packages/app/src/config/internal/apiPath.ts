type Checked = { readonly _tag: "Valid"; readonly path: string } | { readonly _tag: "Invalid"; readonly detail: string }

const invalid = (detail: string): Checked => ({ _tag: "Invalid", detail })

const example = "such as /v0.5"

/**
 * Checks the configured path of the API's version, which goes between the registry's address and the path of a call. A slash
 * that is missing in front or left over at the end is understood; `/` alone is no path. `address` is what it goes after.
 */
export const checkApiPath = (text: string, address: string): Checked => {
  if (/^[a-z][a-z0-9+.-]*:/i.test(text) || /^[\\/]{2}/.test(text)) {
    return invalid(`must be the path alone, ${example}; the address is ICR_BASE_URL or ICR_ENVIRONMENT`)
  }
  if (/[?#]/.test(text)) return invalid("must not contain a query or a fragment")
  const segments = text.replace(/^\/|\/+$/g, "").split("/")
  if (segments.length === 1 && segments[0] === "") return { _tag: "Valid", path: "" }
  if (segments.some((segment) => !/^[\w.~-]+$/.test(segment) || /^\.{1,2}$/.test(segment))) {
    return invalid(
      `must be made of letters, digits, '.', '_', '~' and '-', without '.' or '..' as a segment, ${example}`
    )
  }
  if (/^\d/.test(segments.at(-1) ?? "")) {
    return invalid(`must name the version as the path does, ${example}; a release date is for ICR_API_VERSION`)
  }
  const path = `/${segments.join("/")}`
  return address.endsWith(path)
    ? invalid("is at the end of the registry's address already; set it in one of the two places")
    : { _tag: "Valid", path }
}

/** The path of a call below the address. One that names its version itself, such as `/v1/transactions`, is left as it is. */
export const withApiPath = (apiPath: string, path: string): string =>
  /^\/v\d+(\.\d+)*(?:[/?#]|$)/.test(path) ? path : apiPath + path
