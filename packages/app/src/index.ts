/**
 * The International Carbon Registry for ICR Apps, as Effect services.
 *
 * Every module is also a subpath: `@effect-icr/app/IcrApp`, `@effect-icr/app/domain/Installation`, …
 */
export { type Credential } from "./Credential.ts"
export { AppAccessToken, InstallationAccessToken } from "./domain/AccessToken.ts"
export { AppId, InstallationId, OrganizationId } from "./domain/Ids.ts"
export { Installation, InstallationPage } from "./domain/Installation.ts"
export { Industry, Organization, type OrganizationType } from "./domain/Organization.ts"
export { Pagination } from "./domain/Pagination.ts"
export { PermissionLevel, PermissionName, Permissions } from "./domain/Permissions.ts"
export { IcrApp } from "./IcrApp.ts"
export { IcrConfig } from "./IcrConfig.ts"
export { IcrError } from "./IcrError.ts"
/** The reasons inside an `IcrError`, for tests and for building one's own. */
export * as IcrReason from "./IcrError.ts"
export { IcrHttp, idempotent, schemaBodyJson } from "./IcrHttp.ts"
export { RateLimit } from "./RateLimit.ts"
export * as RetryPolicy from "./RetryPolicy.ts"
export { ServerClock } from "./ServerClock.ts"
export { Signer } from "./Signer.ts"
export { TokenCache } from "./TokenCache.ts"
export * as TokenSeal from "./TokenSeal.ts"
export { TokenStore, TokenStoreError } from "./TokenStore.ts"
