/**
 * The International Carbon Registry for ICR Apps, as Effect services.
 *
 * Every module is also a subpath: `@effect-icr/app/IcrApp`, `@effect-icr/app/domain/Installation`, …
 */
export { type Claims, ClaimsError } from "./Claims.ts"
export { type Credential } from "./Credential.ts"
export { AppAccessToken, InstallationAccessToken } from "./domain/AccessToken.ts"
export { AppId, InstallationId, OrganizationId } from "./domain/Ids.ts"
export { Installation, InstallationPage } from "./domain/Installation.ts"
export { Industry, Organization, type OrganizationType } from "./domain/Organization.ts"
export { Pagination } from "./domain/Pagination.ts"
export { PermissionLevel, PermissionName, Permissions } from "./domain/Permissions.ts"
export { WebhookEvent } from "./domain/WebhookEvent.ts"
/** The members of the `WebhookEvent` union and their parts. */
export * as WebhookEvents from "./domain/WebhookEvent.ts"
export { IcrApp } from "./IcrApp.ts"
export { IcrConfig } from "./IcrConfig.ts"
export { IcrError } from "./IcrError.ts"
/** The reasons inside an `IcrError`, for tests and for building one's own. */
export * as IcrReason from "./IcrError.ts"
export { IcrHttp, idempotent, schemaBodyJson } from "./IcrHttp.ts"
export { InstallFlow } from "./InstallFlow.ts"
export { InstallStates } from "./InstallStates.ts"
export { RateLimit } from "./RateLimit.ts"
export * as RetryPolicy from "./RetryPolicy.ts"
export { ServerClock } from "./ServerClock.ts"
export { Signer } from "./Signer.ts"
export { TokenCache } from "./TokenCache.ts"
export * as TokenSeal from "./TokenSeal.ts"
export { TokenStore, TokenStoreError } from "./TokenStore.ts"
export { Webhook } from "./Webhook.ts"
export { WebhookDeduplication } from "./WebhookDeduplication.ts"
export * as WebhookMac from "./WebhookMac.ts"
export * as WebhookQueue from "./WebhookQueue.ts"
