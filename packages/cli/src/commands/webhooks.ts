/** Everything about webhook deliveries. */
import * as Command from "effect/cli/Command"
import { webhooksListen } from "./webhooksListen.ts"
import { webhooksSend } from "./webhooksSend.ts"

/** `icr webhooks` */
export const webhooks = Command.make("webhooks").pipe(
  Command.withDescription("Receive and send webhook deliveries"),
  Command.withSubcommands([webhooksListen, webhooksSend])
)
