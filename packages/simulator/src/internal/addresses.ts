/** Validates the URLs that a simulator is given. */
import * as Effect from "effect/Effect"
import { SimulatorError } from "../SimulatorError.ts"
import type { WebhookTarget } from "../Webhooks.ts"

const isHttp = (text: string) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/** Accepts a function, an http(s) URL or nothing as the target of deliveries. */
export const webhookTarget = (target: WebhookTarget | undefined) =>
  typeof target !== "string" || isHttp(target)
    ? Effect.succeed(target)
    : Effect.fail(new SimulatorError({ message: `webhook URL: ${target} is not an http URL` }))

/** Accepts http(s) URLs as targets of the install page's redirect. */
export const callbackUrls = (urls: ReadonlyArray<string>) => {
  const bad = urls.find((url) => !isHttp(url))
  return bad === undefined
    ? Effect.succeed(urls)
    : Effect.fail(new SimulatorError({ message: `callback URL: ${bad} is not an http URL` }))
}
