/**
 * The International Carbon Registry for ICR Apps, as Effect services.
 *
 * Every module is also a subpath, such as `@effect-icr/app/IcrApp` or `@effect-icr/app/domain/Installation`. Prefer those:
 * a bundler then takes only what is used.
 *
 * @module
 */
export {
  IcrApp,
  type InstallationOutcome,
  type NewOrganization,
  type Options as IcrAppOptions,
  type PageOptions as IcrAppPageOptions,
  type ServiceOptions as IcrAppServiceOptions,
  type Service as IcrAppService
} from "./app/IcrApp.ts"
export { type ObserveOptions, ServerClock, type Service as ServerClockService } from "./clock/ServerClock.ts"
export {
  apiBaseUrls,
  defaultApiVersion,
  type Environment,
  IcrConfig,
  type Options as IcrConfigOptions,
  type Service as IcrConfigService
} from "./config/IcrConfig.ts"
export { AppAccessToken, InstallationAccessToken } from "./domain/AccessToken.ts"
export { AppId, idProblem, InstallationId, OrganizationId, pathSegment } from "./domain/Ids.ts"
export { Installation, InstallationPage } from "./domain/Installation.ts"
export { Industry, Organization, type OrganizationType } from "./domain/Organization.ts"
export { Pagination } from "./domain/Pagination.ts"
export {
  type AnyPermissionLevel,
  type MissingPermission,
  missingPermissions,
  PermissionLevel,
  PermissionName,
  Permissions
} from "./domain/Permissions.ts"
/** Tokens, installations and organizations for tests. */
export * as TestValues from "./domain/TestValues.ts"
export { Timestamp } from "./domain/Timestamp.ts"
export { IcrError, notDone } from "./errors/IcrError.ts"
/** The reasons inside an `IcrError`, for tests and for building one's own. */
export * as IcrReason from "./errors/IcrReason.ts"
export { type Credential, fixed, giveUp, type Presented, type Refusal, type Verdict } from "./http/Credential.ts"
export {
  IcrHttp,
  type ClientOptions as IcrHttpClientOptions,
  type Mismatch as IcrHttpMismatch,
  type Options as IcrHttpOptions,
  type Request as IcrHttpRequest,
  type Service as IcrHttpService,
  type TestRequest as IcrHttpTestRequest,
  type TestResponse as IcrHttpTestResponse,
  type TestScript as IcrHttpTestScript,
  Idempotent,
  idempotent,
  schemaBodyJson
} from "./http/IcrHttp.ts"
export { RateLimit, type Options as RateLimitOptions, type Service as RateLimitService } from "./http/RateLimit.ts"
export * as RetryPolicy from "./http/RetryPolicy.ts"
export { type Claims as SignerClaims, Signer, type Service as SignerService } from "./signer/Signer.ts"
export {
  defaultCapacity as defaultDeduplicationCapacity,
  type DeduplicationStore,
  DeduplicationStoreError,
  makeMemory as makeMemoryDeduplicationStore,
  withTimeout as withDeduplicationTimeout
} from "./tokens/DeduplicationStore.ts"
export * as KeyValueTokenStore from "./tokens/KeyValueTokenStore.ts"
export {
  type GetOptions as TokenOptions,
  TokenCache,
  type Options as TokenCacheOptions,
  type Service as TokenCacheService,
  type TestTokens as TokenCacheTestTokens
} from "./tokens/TokenCache.ts"
export { type Service as TokenInvalidationService, TokenInvalidation } from "./tokens/TokenInvalidation.ts"
export * as TokenSeal from "./tokens/TokenSeal.ts"
export {
  TokenStore,
  type Entry as TokenStoreEntry,
  TokenStoreError,
  type Removal as TokenStoreRemoval,
  type Service as TokenStoreService
} from "./tokens/TokenStore.ts"
