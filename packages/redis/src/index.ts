/**
 * Services for a fleet of ICR App processes, on Redis or Valkey.
 *
 * This index loads every module, and with some of them the optional peers `@effect-icr/webhooks` and `@effect-icr/registry`. A
 * program without those imports the subpaths: `@effect-icr/redis/RedisTokenStore` and `@effect-icr/redis/ReconnectingRedis` do
 * without them.
 *
 * @module
 */
export * as ReconnectingRedis from "./ReconnectingRedis.ts"
export * as RedisInstallStates from "./RedisInstallStates.ts"
export type { Options as RedisInstallStatesOptions } from "./RedisInstallStates.ts"
export * as RedisReservationClaims from "./RedisReservationClaims.ts"
export type { Options as RedisReservationClaimsOptions } from "./RedisReservationClaims.ts"
export * as RedisTokenStore from "./RedisTokenStore.ts"
export type { Options as RedisTokenStoreOptions } from "./RedisTokenStore.ts"
export * as RedisWebhookDeduplication from "./RedisWebhookDeduplication.ts"
export type { Options as RedisWebhookDeduplicationOptions } from "./RedisWebhookDeduplication.ts"
