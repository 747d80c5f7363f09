/** The registry's address and the path below it, as they are configured. */
import * as Effect from "effect/Effect"
import type { IcrError } from "../../errors/IcrError.ts"
import { configurationError } from "./validate.ts"

const isLoopback = (host: string) => /^(?:(?:.*\.)?localhost|\[::1\]|127(?:\.\d{1,3}){3})$/.test(host)

const baseUrlProblem = (text: string, isInsecureAllowed: boolean, permission: string): string | undefined => {
  if (!URL.canParse(text)) return "must be an absolute URL such as https://api.carbonregistry.com"
  const { hash, hostname, password, protocol, search, username } = new URL(text)
  if (!/^https?:$/.test(protocol)) return "must be an https URL"
  if (protocol === "http:" && !isInsecureAllowed && !isLoopback(hostname)) {
    return `must be https; http is for loopback only, unless allowed by name (${permission})`
  }
  if (username + password !== "") return "must not contain a user name or password"
  return search + hash === "" ? undefined : "must not contain a query or a fragment"
}

const example = "such as /v0.5"

const apiPathProblem = (text: string, path: string, address: string): string | undefined => {
  if (/^[a-z][a-z0-9+.-]*:|^[\\/]{2}/i.test(text)) {
    return `must be the path alone, ${example}; the address is ICR_BASE_URL or ICR_ENVIRONMENT`
  }
  if (!/^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)*$/.test(path)) {
    return `must be made of letters, digits, '.', '_', '~' and '-', without '..', a query or a fragment, ${example}`
  }
  if (/\/\d[^/]*$/.test(path)) {
    return `must name the version as the path does, ${example}; a release date is for ICR_API_VERSION`
  }
  return path === "" || !address.endsWith(path)
    ? undefined
    : "is at the end of the registry's address already; set it in one of the two places"
}

const checked = (name: string, problem: string | undefined, value: () => string): Effect.Effect<string, IcrError> =>
  problem === undefined ? Effect.sync(value) : Effect.fail(configurationError(name, problem))

/**
 * The configured address, without a trailing slash: https, or http to loopback; no credentials, query or fragment.
 * `permission` is the name under which plain http can be allowed.
 */
export const checkBaseUrl = (
  name: string,
  text: string,
  isInsecureAllowed: boolean,
  permission: string
): Effect.Effect<string, IcrError> =>
  checked(name, baseUrlProblem(text, isInsecureAllowed, permission), () =>
    // Only an empty `?` or `#` can be left here; drop it.
    new URL(text).href.replace(/[/?#]+$/, "")
  )

/**
 * The configured path of the API's version, which goes between the registry's address and the path of a call. A slash
 * that is missing in front or left over at the end is understood; `/` alone is no path. `address` is what it goes after.
 */
export const checkApiPath = (name: string, text: string, address: string): Effect.Effect<string, IcrError> => {
  const path = `/${text.replace(/^\/|\/+$/g, "")}`.replace(/^\/$/, "")
  return checked(name, apiPathProblem(text, path, address), () => path)
}

/** The path of a call below the address. One that names its version itself, such as `/v1/transactions`, is left as it is. */
export const withApiPath = (apiPath: string, path: string): string =>
  /^\/v\d+(\.\d+)*(?:[/?#]|$)/.test(path) ? path : apiPath + path
