/**
 * Webhook deliveries and install callbacks of the International Carbon Registry, verified.
 *
 * Every module is also a subpath, such as `@effect-icr/webhooks/Webhook`. Prefer those: a bundler then takes only what is used.
 *
 * @module
 */
export { InstallError, InstallErrorKind } from "./install/InstallError.ts"
export {
  type CallbackOptions as InstallCallbackOptions,
  InstallFlow,
  type InstallUrlOptions,
  type Options as InstallFlowOptions,
  type Service as InstallFlowService,
  type Verified as VerifiedInstall,
  uiBaseUrls
} from "./install/InstallFlow.ts"
export { InstallStates } from "./install/InstallStates.ts"
export {
  type Accepted as AcceptedWebhookDelivery,
  type Delivery as WebhookDelivery,
  type Handler as WebhookHandler,
  Webhook,
  type Options as WebhookOptions,
  type Secrets as WebhookSecrets,
  type Service as WebhookService,
  type VerifyOnlyOptions as WebhookVerifyOnlyOptions,
  type WorkOptions as WebhookWorkOptions
} from "./webhooks/Webhook.ts"
export { WebhookDeduplication } from "./webhooks/WebhookDeduplication.ts"
export { WebhookError, WebhookErrorKind } from "./webhooks/WebhookError.ts"
export { WebhookEvent } from "./webhooks/WebhookEvent.ts"
/** The members of the `WebhookEvent` union and their parts. */
export * as WebhookEvents from "./webhooks/WebhookEvent.ts"
export * as WebhookNode from "./webhooks/WebhookNode.ts"
export type { Listener as WebhookNodeListener, NodeRequest, NodeResponse } from "./webhooks/WebhookNode.ts"
export { type Platform as WebhookPlatformService, WebhookPlatform } from "./webhooks/WebhookPlatform.ts"
export * as WebhookQueue from "./webhooks/WebhookQueue.ts"
export {
  type HandlerOptions as WebhookQueueHandlerOptions,
  type QueueOptions as WebhookQueueOptions,
  type WorkerOptions as WebhookQueueWorkerOptions
} from "./webhooks/WebhookQueue.ts"
export * as WebhookWeb from "./webhooks/WebhookWeb.ts"
export type { Receiver as WebhookWebReceiver } from "./webhooks/WebhookWeb.ts"
