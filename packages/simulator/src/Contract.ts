/**
 * The registry's HTTP interface as an `HttpApi` value: Apps, Projects, Organizations, Inventory, Warehouse, Retirements
 * and Credits (v0.5).
 *
 * ```ts
 * import { CurrentApp, CurrentToken, RegistryApi } from "@effect-icr/simulator/Contract"
 * import { Effect } from "effect"
 * import { OpenApi } from "effect/http-api"
 * import * as assert from "node:assert"
 *
 * // The document behind /openapi.json, for generators of clients in other languages
 * assert.ok("/projects" in OpenApi.fromApi(RegistryApi).paths)
 *
 * // For handlers of one's own over the contract: who is asking.
 * export const whichApp = Effect.map(CurrentApp, ({ appId }) => appId)
 * export const whichToken = Effect.map(CurrentToken, ({ id }) => id)
 * ```
 *
 * @module
 * @since 0.1.0
 */
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as ErrorBody from "./ErrorBody.ts"
import { credits, inventory, organizations, retirements, warehouse } from "./internal/contract/credits.ts"
import { AccessToken, AnyCredential, AppJwt, Validation } from "./internal/contract/middleware.ts"
import { headers, page } from "./internal/contract/parts.ts"
import * as Wire from "./Wire.ts"

export {
  AccessToken,
  AnyCredential,
  AppJwt,
  CurrentApp,
  CurrentToken,
  Validation
} from "./internal/contract/middleware.ts"

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

const projects = HttpApiGroup.make("Projects")
  .add(
    HttpApiEndpoint.get("listProjects", "/projects", {
      headers,
      query: page,
      success: Wire.ProjectPage,
      error: ErrorBody.BadRequest
    }).annotate(OpenApi.Summary, "Get all public projects"),
    HttpApiEndpoint.get("findProject", "/projects/find/project", {
      headers,
      query: { serialization: Schema.optionalKey(Schema.String), creditId: Schema.optionalKey(Schema.String) },
      success: Wire.Project,
      error: [ErrorBody.BadRequest, ErrorBody.NotFound]
    }).annotate(OpenApi.Summary, "Get the project that issued a credit"),
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
    }).annotate(OpenApi.Summary, "Get all projects, those not yet public among them"),
    HttpApiEndpoint.get("getInternalProject", "/projects/internal/:projectId", {
      headers,
      params: { projectId: Schema.String },
      success: Wire.Project,
      error: [ErrorBody.NotFound, ErrorBody.Forbidden]
    }).annotate(OpenApi.Summary, "Get a project, which may not be public yet")
  )
  .middleware(AccessToken)
  .middleware(Validation)

/**
 * The contract that the simulator serves and from which it generates `/openapi.json` and `/v0.5/openapi`.
 *
 * @since 0.1.0
 * @category api
 */
export class RegistryApi extends HttpApi.make("registry")
  .add(apps, tokens, organizations, inventory, warehouse, internalProjects, projects, retirements, credits)
  .annotateMerge(OpenApi.annotations({ title: "International Carbon Registry, simulated", version: "2023-06-16" })) {}
