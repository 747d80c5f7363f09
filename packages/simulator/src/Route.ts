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
  "POST /app/create/user/organization",
  "GET /organizations/{id}",
  "GET /organizations/{id}/addresses",
  "GET /organizations/{id}/inventory",
  "POST /organizations/{id}/inventory/requests/{action}",
  "GET /organizations/{id}/warehouse/inventory",
  "GET /projects",
  "GET /projects/internal",
  "GET /projects/{id}"
] as const

export const Route = Schema.Literals(routes)
export type Route = typeof Route.Type
