/**
 * The names of the simulated registry's routes, as request counts, the request log and faults use them.
 */
import * as Schema from "effect/Schema"

export const routes = [
  "POST /app/accessTokens",
  "POST /app/installations/{installationId}/accessTokens",
  "DELETE /app/installations/token",
  "GET /app/installations",
  "GET /app/installations/{installationId}",
  "GET /app/organizations/{organizationId}/installation",
  "GET /organizations/{id}",
  "GET /projects",
  "GET /projects/{id}"
] as const

export const Route = Schema.Literals(routes)
export type Route = typeof Route.Type

const matchers = routes.map((route) => {
  const pattern = route.replace(/\{[^}]+\}/g, "[^/]+")
  return [route, new RegExp(`^${pattern}$`)] as const
})

/** The route of a request, or undefined for one the registry does not know. `path` carries no query. */
export const match = (method: string, path: string): Route | undefined => {
  const known = `${method} ${path}`
  return routes.find((route) => route === known) ?? matchers.find(([, pattern]) => pattern.test(known))?.[0]
}
