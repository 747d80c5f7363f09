/**
 * Drops the cached token of an installation. The one method that other packages need of an app: a webhook that says
 * `uninstalled` makes the token worthless. `IcrApp`'s layers provide it.
 *
 * The key stands alone, so that a program that only verifies deliveries bundles no token cache.
 *
 * ```ts
 * import { TokenInvalidation } from "@effect-icr/app/TokenInvalidation"
 * import { Webhook } from "@effect-icr/webhooks/Webhook"
 * import { Console, Layer } from "effect"
 *
 * // The tokens are in another process: it is told over a channel of one's own
 * const Remote = Layer.succeed(TokenInvalidation, {
 *   invalidateInstallationToken: (id) => Console.log(`drop the token of ${id}`)
 * })
 * export const WebhookLive = Webhook.layer.pipe(Layer.provide(Remote))
 * ```
 *
 * @module
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { InstallationId } from "../domain/Ids.ts"

/**
 * Drops cached tokens.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** Drops the token of an installation without telling the registry; the next caller gets a new one. */
  readonly invalidateInstallationToken: (id: InstallationId) => Effect.Effect<void>
}

/**
 * Drops cached tokens.
 *
 * @category services
 * @since 0.1.0
 */
export class TokenInvalidation extends Context.Service<TokenInvalidation, Service>()(
  "@effect-icr/app/TokenInvalidation"
) {}
