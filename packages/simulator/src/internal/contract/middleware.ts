/** How requests are authorised and validated. */
import * as Context from "effect/Context"
import * as HttpApiMiddleware from "effect/http-api/HttpApiMiddleware"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as ErrorBody from "../../ErrorBody.ts"
import type { AppRecord, TokenRecord } from "../Tables.ts"

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
