/** One token for a fleet of processes, on Redis or Valkey. */
export * as ReconnectingRedis from "./ReconnectingRedis.ts"
export * as RedisInstallStates from "./RedisInstallStates.ts"
export * as RedisTokenStore from "./RedisTokenStore.ts"
export * as RedisWebhookDeduplication from "./RedisWebhookDeduplication.ts"
