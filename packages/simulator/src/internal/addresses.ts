import * as Effect from "effect/Effect"
import { SimulatorError } from "../SimulatorError.ts"
import type { WebhookTarget } from "../Webhooks.ts"

const isHttp = (text: string) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/** Where deliveries go, if that is a place they can go to. */
export const webhookTarget = (target: WebhookTarget | undefined) =>
  typeof target !== "string" || isHttp(target)
    ? Effect.succeed(target)
    : Effect.fail(new SimulatorError({ message: `webhook URL: ${target} is not an http URL` }))

/** Where the install page may send a browser. */
export const callbackUrls = (urls: ReadonlyArray<string>) => {
  const bad = urls.find((url) => !isHttp(url))
  return bad === undefined
    ? Effect.succeed(urls)
    : Effect.fail(new SimulatorError({ message: `callback URL: ${bad} is not an http URL` }))
}
