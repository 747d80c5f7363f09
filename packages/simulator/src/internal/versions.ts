/**
 * Where a request says which version of the API it is for: in a header (API versions) or in the path (Versions, the newer
 * page).
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type { Behaviour } from "../Behaviour.ts"
import { routes } from "../Route.ts"

/** The version that the simulator can be asked for in the path. V0 and V1 are other APIs. */
export const pathVersion = "v0.5"

/** The version in the path of a request, which its URL is without by then. */
const InPath = Context.Reference<string | undefined>("@effect-icr/simulator/versions/InPath", {
  defaultValue: () => undefined
})

/** First segments of the registry's own paths: the simulator's pages have no versions. */
const families = new Set(routes.map((route) => /\/(\w+)/.exec(route)?.[1]))

const prefix = `/${pathVersion}`

const withoutVersion = (url: string) => {
  if (!url.startsWith(`${prefix}/`)) return undefined
  const rest = url.slice(prefix.length)
  const [, family] = rest.split(/[/?]/, 2)
  return families.has(family) ? rest : undefined
}

/** Handles a request without the version in its path. Other URLs are left as they are. */
export const readPath = <A, E, R>(
  { versionIn }: Behaviour,
  handler: Effect.Effect<A, E, R | HttpServerRequest.HttpServerRequest>
): Effect.Effect<A, E, R | HttpServerRequest.HttpServerRequest> =>
  Effect.flatMap(HttpServerRequest.HttpServerRequest, (request) => {
    const url = versionIn === "header" ? undefined : withoutVersion(request.url)
    return url === undefined
      ? handler
      : handler.pipe(
          Effect.provideService(HttpServerRequest.HttpServerRequest, request.modify({ url })),
          Effect.provideService(InPath, pathVersion)
        )
  })

/** The URL as the client wrote it. */
export const writtenUrl = Effect.zipWith(InPath, HttpServerRequest.HttpServerRequest, (version, { url }) =>
  version === undefined ? url : prefix + url
)

/** The version that applies to a request, or why there is none. */
export type Version =
  | { readonly _tag: "Applies"; readonly version: string }
  | { readonly _tag: "Refused"; readonly status: 400 | 404; readonly complaint: string }

const refused = (status: 400 | 404, complaint: string): Version => ({ _tag: "Refused", status, complaint })

/** Which version a request is for. The newer page says nothing of an unknown one: it is answered like an unknown path. */
export const versionOf = ({ apiVersions, missingVersion, versionIn }: Behaviour) =>
  Effect.map(Effect.zip(InPath, HttpServerRequest.HttpServerRequest), ([inPath, { headers, method, url }]): Version => {
    if (versionIn === "path") {
      const [path = "/"] = url.split("?", 1)
      return inPath === undefined
        ? refused(404, `Cannot ${method} ${path} (the version belongs into the path, such as ${prefix})`)
        : { _tag: "Applies", version: inPath }
    }
    const asked = headers["x-icr-api-version"]
    const version =
      asked === undefined
        ? (inPath ?? { oldest: apiVersions[0], newest: apiVersions.at(-1), refuse: undefined }[missingVersion])
        : apiVersions.find((supported) => supported === asked)
    if (version !== undefined) return { _tag: "Applies", version }
    return refused(400, asked === undefined ? "Header x-icr-api-version is required" : "Unsupported API version")
  })

/** What a 404 says about a path besides. */
export const whyNotFound = (path: string, { versionIn }: Behaviour): string => {
  if (/^\/(v0|v1)(\/|$)/.test(path)) return " (documented, but not simulated)"
  return versionIn === "header" && `${path}/`.startsWith(`${prefix}/`)
    ? " (the version is read in the header only)"
    : ""
}
