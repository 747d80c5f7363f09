/**
 * The registry's HTTP interface as an `HttpApi` value: the Apps endpoints (v0.5), and the endpoints of Projects,
 * Organizations, Inventory and Warehouse that an app calls with its tokens.
 *
 * @since 0.1.0
 */
import type { AppRecord, TokenRecord } from "./internal/Tables.ts"
import * as Context from "effect/Context"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as Credits from "./Credits.ts"
import * as ErrorBody from "./ErrorBody.ts"
import * as Wire from "./Wire.ts"

/**
 * The app whose JWT authorised the current request.
 *
 * @since 0.1.0
 * @category services
 */
export class CurrentApp extends Context.Service<CurrentApp, AppRecord>()("@effect-icr/simulator/Contract/CurrentApp") {}

/**
 * The access token that authorised the current request.
 *
 * @since 0.1.0
 * @category services
 */
export class CurrentToken extends Context.Service<CurrentToken, TokenRecord>()(
  "@effect-icr/simulator/Contract/CurrentToken"
) {}

/**
 * Authorises endpoints that take a JWT signed by the app (Authenticate as an app).
 *
 * @since 0.1.0
 * @category middleware
 */
export class AppJwt extends HttpApiMiddleware.Service<AppJwt, { provides: CurrentApp }>()(
  "@effect-icr/simulator/Contract/AppJwt",
  { security: { jwt: HttpApiSecurity.bearer }, error: [ErrorBody.Unauthorized, ErrorBody.Forbidden] }
) {}

/**
 * Authorises endpoints that take an access token.
 *
 * @since 0.1.0
 * @category middleware
 */
export class AccessToken extends HttpApiMiddleware.Service<AccessToken, { provides: CurrentToken }>()(
  "@effect-icr/simulator/Contract/AccessToken",
  { security: { accessToken: HttpApiSecurity.bearer }, error: [ErrorBody.Unauthorized, ErrorBody.Forbidden] }
) {}

/**
 * Authorises endpoints that take an access token and, by one documented sample, the app JWT (Generate a JWT).
 *
 * @since 0.1.0
 * @category middleware
 */
export class AnyCredential extends HttpApiMiddleware.Service<AnyCredential>()(
  "@effect-icr/simulator/Contract/AnyCredential",
  { security: { accessToken: HttpApiSecurity.bearer }, error: [ErrorBody.Unauthorized, ErrorBody.Forbidden] }
) {}

/**
 * Answers a request outside the contract with the registry's error body instead of an empty 400.
 *
 * @since 0.1.0
 * @category middleware
 */
export class Validation extends HttpApiMiddleware.Service<Validation>()("@effect-icr/simulator/Contract/Validation", {
  error: ErrorBody.BadRequest
}) {}

const headers = {
  "x-icr-api-version": Schema.optionalKey(Schema.String.annotate({ description: "API version", default: "2023-06-16" }))
}
const page = {
  limit: Schema.optionalKey(Schema.Finite.annotate({ description: "The amount of items to return", examples: [10] })),
  page: Schema.optionalKey(Schema.Finite.annotate({ description: "The page to return", examples: [0] }))
}
const installationId = { installationId: Schema.String }

const apps = HttpApiGroup.make("Apps")
  .add(
    HttpApiEndpoint.post("createAppAccessToken", "/app/accessTokens", {
      headers,
      success: Wire.AppAccessToken
    }).annotate(OpenApi.Summary, "Generate an app access token"),
    HttpApiEndpoint.post("createInstallationAccessToken", "/app/installations/:installationId/accessTokens", {
      headers,
      params: installationId,
      success: Wire.InstallationAccessToken,
      error: [ErrorBody.Forbidden, ErrorBody.NotFound]
    }).annotate(OpenApi.Summary, "Generate an installation access token"),
    HttpApiEndpoint.get("listInstallations", "/app/installations", {
      headers,
      query: page,
      success: Wire.InstallationPage,
      error: ErrorBody.BadRequest
    }).annotate(OpenApi.Summary, "Get all installations for an app"),
    HttpApiEndpoint.get("getInstallation", "/app/installations/:installationId", {
      headers,
      params: installationId,
      success: Wire.Installation,
      error: ErrorBody.NotFound
    }).annotate(OpenApi.Summary, "Get an installation"),
    HttpApiEndpoint.get("getOrganizationInstallation", "/app/organizations/:organizationId/installation", {
      headers,
      params: { organizationId: Schema.String },
      success: Wire.Installation,
      error: ErrorBody.NotFound
    }).annotate(OpenApi.Summary, "Get the installation on an organization"),
    HttpApiEndpoint.post("createUserOrganization", "/app/create/user/organization", {
      headers,
      payload: Wire.CreateUserOrganization,
      success: Wire.CreatedUserOrganization,
      error: ErrorBody.NotFound
    }).annotate(OpenApi.Summary, "Create a user and an organization that has the app installed")
  )
  .middleware(AppJwt)
  .middleware(Validation)

const tokens = HttpApiGroup.make("Access tokens")
  .add(
    HttpApiEndpoint.delete("deleteAccessToken", "/app/installations/token", {
      headers,
      success: Schema.Boolean
    }).annotate(OpenApi.Summary, "Delete an installation access token")
  )
  .middleware(AccessToken)
  .middleware(Validation)

const ofOrganization = {
  headers,
  params: { id: Schema.String },
  error: [ErrorBody.Forbidden, ErrorBody.NotFound]
} as const
/** Selects the development inventory. Accepted without effect, since no page says what that inventory holds. */
const development = { development: Schema.optionalKey(Schema.String) }

const organizations = HttpApiGroup.make("Organizations")
  .add(
    HttpApiEndpoint.get("getOrganization", "/organizations/:id", {
      ...ofOrganization,
      success: Wire.Organization
    }).annotate(OpenApi.Summary, "Get an organization"),
    HttpApiEndpoint.get("getOrganizationAddresses", "/organizations/:id/addresses", {
      ...ofOrganization,
      success: Wire.Organization
    }).annotate(OpenApi.Summary, "Get the addresses of an organization"),
    HttpApiEndpoint.get("getInventory", "/organizations/:id/inventory", {
      ...ofOrganization,
      query: development,
      success: Credits.Inventory
    }).annotate(OpenApi.Summary, "Get the inventory of an organization"),
    HttpApiEndpoint.post("createCreditRequest", "/organizations/:id/inventory/requests/:action", {
      ...ofOrganization,
      params: { ...ofOrganization.params, action: Credits.CreditAction },
      payload: Credits.NewCreditRequest,
      success: Credits.CreditRequest,
      error: [...ofOrganization.error, ErrorBody.BadRequest]
    }).annotate(OpenApi.Summary, "Request an action on credits of the inventory"),
    HttpApiEndpoint.get("getWarehouseInventory", "/organizations/:id/warehouse/inventory", {
      ...ofOrganization,
      query: development,
      success: Credits.Warehouse
    }).annotate(OpenApi.Summary, "Get the warehouse inventory of an organization")
  )
  .middleware(AccessToken)
  .middleware(Validation)

const projects = HttpApiGroup.make("Projects")
  .add(
    HttpApiEndpoint.get("listProjects", "/projects", {
      headers,
      query: page,
      success: Wire.ProjectPage,
      error: ErrorBody.BadRequest
    }).annotate(OpenApi.Summary, "Get all public projects"),
    HttpApiEndpoint.get("getProject", "/projects/:id", {
      headers,
      params: { id: Schema.String },
      success: Wire.Project,
      error: ErrorBody.NotFound
    }).annotate(OpenApi.Summary, "Get a project")
  )
  .middleware(AnyCredential)
  .middleware(Validation)

/** Separate from the public projects, because no reading of the documents gives a JWT access to these. */
const internalProjects = HttpApiGroup.make("Internal projects")
  .add(
    HttpApiEndpoint.get("listInternalProjects", "/projects/internal", {
      headers,
      query: page,
      success: Wire.ProjectPage,
      error: [ErrorBody.BadRequest, ErrorBody.Forbidden]
    }).annotate(OpenApi.Summary, "Get all projects, those not yet public among them")
  )
  .middleware(AccessToken)
  .middleware(Validation)

/**
 * The contract that the simulator serves and from which it generates `/openapi.json`.
 *
 * @since 0.1.0
 * @category api
 */
export class RegistryApi extends HttpApi.make("registry")
  .add(apps, tokens, organizations, internalProjects, projects)
  .annotateMerge(OpenApi.annotations({ title: "International Carbon Registry, simulated", version: "2023-06-16" })) {}
