/**
 * The control interface over HTTP, for tests written in another language. Its endpoints lie under `/_simulator/`, need
 * the control token, and are answered on loopback names only.
 *
 * ```ts
 * import { ControlApi } from "@effect-icr/simulator/ControlApi"
 * import { Simulator } from "@effect-icr/simulator/Simulator"
 * import { Effect, Redacted } from "effect"
 * import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
 * import { HttpApiClient } from "effect/http-api"
 *
 * const program = Effect.gen(function* () {
 *   const { baseUrl, controlToken } = yield* Simulator // another process reads both from what the simulator prints
 *   const { control } = yield* HttpApiClient.make(ControlApi, {
 *     baseUrl,
 *     transformClient: HttpClient.mapRequest(HttpClientRequest.bearerToken(Redacted.value(controlToken)))
 *   })
 *   return yield* control.apps()
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.provide([Simulator.layerServer, FetchHttpClient.layer])))
 * ```
 *
 * @module
 * @since 0.1.0
 */
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { Behaviour } from "./Behaviour.ts"
import { Validation } from "./Contract.ts"
import { BadRequest, Unauthorized } from "./ErrorBody.ts"
import { Fault, FaultStep, PlannedFaults } from "./Fault.ts"
import { Skew } from "./internal/bounds.ts"
import { creditGroup } from "./internal/credits/controlApi.ts"
import { webhookGroup } from "./internal/webhookControlApi.ts"
import { RequestEntry } from "./RequestLog.ts"
import { Route } from "./Route.ts"
import { OrganizationType, Permissions } from "./Wire.ts"

/**
 * Authorises with the simulator's own token, which is none of the registry's.
 *
 * @since 0.1.0
 * @category middleware
 */
export class ControlToken extends HttpApiMiddleware.Service<ControlToken>()(
  "@effect-icr/simulator/ControlApi/ControlToken",
  { security: { controlToken: HttpApiSecurity.bearer }, error: Unauthorized }
) {}

const App = Schema.Struct({
  appId: Schema.String,
  appNameId: Schema.String,
  installations: Schema.Int,
  keyFingerprints: Schema.Array(Schema.String)
})
const NewApp = Schema.Struct({
  appId: Schema.String,
  appNameId: Schema.String,
  privateKey: Schema.String,
  webhookSecret: Schema.String
})
const Installation = Schema.Struct({
  id: Schema.String,
  appId: Schema.String,
  organizationId: Schema.String,
  status: Schema.Literals(["active", "suspended"]),
  permissions: Permissions,
  pending: Schema.NullOr(Permissions)
})
const Token = Schema.Struct({
  id: Schema.String,
  masked: Schema.String,
  appId: Schema.NullOr(Schema.String),
  installationId: Schema.NullOr(Schema.String),
  organizationId: Schema.NullOr(Schema.String),
  expiresAt: Schema.Finite
})
/** The only answer that shows the token's value. */
const NewToken = Schema.Struct({ token: Schema.String })
const life = { lifeMillis: Schema.optionalKey(Schema.Finite) }
const Key = Schema.Struct({ fingerprint: Schema.String, privateKey: Schema.String })

const appId = { appId: Schema.optionalKey(Schema.String) }
const id = { id: Schema.String }
const target = Schema.Union([Route, Schema.Literal("*")])
const error = BadRequest

const group = HttpApiGroup.make("control")
  .add(
    HttpApiEndpoint.get("apps", "/apps", { success: Schema.Array(App) }),
    HttpApiEndpoint.post("createApp", "/apps", {
      payload: Schema.Struct({ appNameId: Schema.NonEmptyString }),
      success: NewApp,
      error
    }),
    HttpApiEndpoint.post("createOrganizationToken", "/organizationTokens", {
      payload: Schema.Struct({ organizationId: Schema.String, permissions: Permissions, ...life }),
      success: NewToken,
      error
    }),
    HttpApiEndpoint.post("createUserToken", "/userTokens", {
      payload: Schema.Struct(life),
      success: NewToken,
      error
    }),
    HttpApiEndpoint.get("installations", "/installations", {
      query: { ...appId, limit: Schema.optionalKey(Schema.Finite) },
      success: Schema.Array(Installation),
      error
    }),
    HttpApiEndpoint.post("install", "/installations", {
      payload: Schema.Struct({
        ...appId,
        organizationId: Schema.optionalKey(Schema.String),
        organizationType: Schema.optionalKey(OrganizationType),
        fullName: Schema.optionalKey(Schema.String),
        permissions: Schema.optionalKey(Permissions)
      }),
      success: Installation,
      error
    }),
    HttpApiEndpoint.delete("uninstall", "/installations/:id", { params: id, success: Schema.Boolean, error }),
    HttpApiEndpoint.post("suspend", "/installations/:id/suspend", { params: id, success: Schema.Boolean, error }),
    HttpApiEndpoint.post("unsuspend", "/installations/:id/unsuspend", { params: id, success: Schema.Boolean, error }),
    HttpApiEndpoint.put("setPermissions", "/installations/:id/permissions", {
      params: id,
      payload: Permissions,
      success: Schema.Boolean,
      error
    }),
    HttpApiEndpoint.post("approvePermissions", "/installations/:id/permissions/approve", {
      params: id,
      success: Schema.Boolean,
      error
    }),
    HttpApiEndpoint.post("rejectPermissions", "/installations/:id/permissions/reject", {
      params: id,
      success: Schema.Boolean,
      error
    }),
    HttpApiEndpoint.post("requestPermissions", "/permissions", {
      payload: Schema.Struct({ ...appId, permissions: Permissions }),
      success: Schema.Boolean,
      error
    }),
    HttpApiEndpoint.post("addKey", "/keys", { payload: Schema.Struct(appId), success: Key, error }),
    HttpApiEndpoint.post("addPublicKey", "/keys/public", {
      payload: Schema.Struct({ ...appId, pem: Schema.String }),
      success: Schema.Struct({ fingerprint: Schema.String }),
      error
    }),
    HttpApiEndpoint.post("rotateKey", "/keys/rotate", { payload: Schema.Struct(appId), success: Key, error }),
    HttpApiEndpoint.post("revokeKey", "/keys/revoke", {
      payload: Schema.Struct({ ...appId, fingerprint: Schema.String }),
      success: Schema.Boolean,
      error
    }),
    HttpApiEndpoint.get("tokens", "/tokens", { success: Schema.Array(Token) }),
    HttpApiEndpoint.post("revokeToken", "/tokens/revoke", {
      payload: Schema.Struct({ token: Schema.String }),
      success: Schema.Boolean,
      error
    }),
    HttpApiEndpoint.post("expireAllTokens", "/tokens/expire", { success: Schema.Boolean }),
    HttpApiEndpoint.put("skewClock", "/clock", {
      payload: Schema.Struct({ skewMillis: Skew }),
      success: Schema.Boolean,
      error
    }),
    HttpApiEndpoint.get("behaviour", "/behaviour", { success: Behaviour }),
    HttpApiEndpoint.patch("setBehaviour", "/behaviour", {
      payload: Behaviour.mapFields(Struct.map(Schema.optionalKey)),
      success: Behaviour,
      error
    }),
    HttpApiEndpoint.post("scriptFaults", "/faults/script", {
      payload: Schema.Struct({ route: target, steps: Schema.Array(FaultStep) }),
      success: Schema.Boolean,
      error
    }),
    HttpApiEndpoint.post("addFault", "/faults/probability", {
      payload: Schema.Struct({
        route: target,
        probability: Schema.Finite,
        fault: Schema.Union([Fault, Schema.Array(Fault)])
      }),
      success: Schema.Boolean,
      error
    }),
    HttpApiEndpoint.get("faults", "/faults", { success: PlannedFaults }),
    HttpApiEndpoint.delete("clearFaults", "/faults", { success: Schema.Boolean }),
    HttpApiEndpoint.get("requests", "/requests", { success: Schema.Array(RequestEntry) }),
    HttpApiEndpoint.post("reset", "/reset", { success: Schema.Boolean })
  )
  .middleware(ControlToken)
  .middleware(Validation)
  .prefix("/_simulator")

/**
 * The contract of the control interface, from which `/_simulator/openapi.json` is generated.
 *
 * @since 0.1.0
 * @category api
 */
export class ControlApi extends HttpApi.make("simulator-control")
  .add(group)
  .add(creditGroup.middleware(ControlToken).middleware(Validation).prefix("/_simulator"))
  .add(webhookGroup.middleware(ControlToken).middleware(Validation).prefix("/_simulator"))
  .annotateMerge(OpenApi.annotations({ title: "Simulator control", version: "1" })) {}
