/**
 * Services for a fleet of ICR App processes, on Redis or Valkey.
 *
 * This index loads every module, and with two of them the optional peer `@effect-icr/webhooks`. A program without that
 * package imports the subpaths: `@effect-icr/redis/RedisTokenStore` and `@effect-icr/redis/ReconnectingRedis` do without it.
 */
export * as ReconnectingRedis from "./ReconnectingRedis.ts"
export * as RedisInstallStates from "./RedisInstallStates.ts"
export type { Options as RedisInstallStatesOptions } from "./RedisInstallStates.ts"
export * as RedisTokenStore from "./RedisTokenStore.ts"
export type { Options as RedisTokenStoreOptions } from "./RedisTokenStore.ts"
export * as RedisWebhookDeduplication from "./RedisWebhookDeduplication.ts"
export type { Options as RedisWebhookDeduplicationOptions } from "./RedisWebhookDeduplication.ts"
