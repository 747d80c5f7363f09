/**
 * Names of the registry's routes, as request counts, the request log and faults use them.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * All routes.
 *
 * @since 0.1.0
 * @category constructors
 */
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

/**
 * Name of a route.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Route = Schema.Literals(routes)

/**
 * Name of a route.
 *
 * @since 0.1.0
 * @category models
 */
export type Route = typeof Route.Type
