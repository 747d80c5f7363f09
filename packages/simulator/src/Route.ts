/**
 * Names of the registry's routes, as request counts, the request log and faults use them.
 *
 * ```ts
 * import { routes } from "@effect-icr/simulator/Route"
 * import { Simulator } from "@effect-icr/simulator/Simulator"
 * import { Effect } from "effect"
 *
 * // What a program under test asked for
 * const counts = Effect.flatMap(Simulator, ({ control }) =>
 *   Effect.forEach(routes, (route) => Effect.map(control.requestCount(route), (count) => [route, count] as const))
 * )
 * await Effect.runPromise(Effect.provide(counts, Simulator.layer))
 * ```
 *
 * @module
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
  "GET /organizations/{id}/retirements",
  "GET /organizations/{id}/retirements/{retirementId}/pdf",
  "GET /organizations/{id}/inventory/requests",
  "GET /organizations/{id}/inventory/requests/{requestId}",
  "POST /organizations/{id}/inventory/requests/{action}",
  "GET /organizations/{id}/warehouse/inventory",
  "GET /organizations/{id}/warehouse/inventory/reservations",
  "POST /organizations/{id}/warehouse/inventory/reservations",
  "GET /organizations/{id}/warehouse/inventory/reservations/{reservationId}",
  "DELETE /organizations/{id}/warehouse/inventory/reservations/{reservationId}",
  "POST /organizations/{id}/warehouse/inventory/reservations/{reservationId}/{action}",
  "GET /retirements",
  "GET /retirements/list",
  "GET /retirements/{retirementId}/pdf",
  "GET /carbonCredits/projects/{id}",
  "GET /carbonCredits/icr/inventory/{account}",
  "GET /projects",
  "GET /projects/find/project",
  "GET /projects/internal",
  "GET /projects/internal/{projectId}",
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
