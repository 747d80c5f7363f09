/** Validates the URLs that a simulator is given. */
import * as Effect from "effect/Effect"
import { SimulatorError } from "../SimulatorError.ts"
import type { WebhookTarget } from "../Webhooks.ts"

const isHttp = (text: unknown) =>
  typeof text === "string" && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

const refused = (name: string, value: unknown) =>
  Effect.fail(
    new SimulatorError({ message: `${name}: ${typeof value === "string" ? value : typeof value} is not an http URL` })
  )

/** Accepts a function, an http(s) URL or nothing as the target of deliveries. */
export const webhookTarget = (target: WebhookTarget | undefined) =>
  target === undefined || typeof target === "function" || isHttp(target)
    ? Effect.succeed(target)
    : refused("webhook URL", target)

/** Accepts http(s) URLs as targets of the install page's redirect. */
export const callbackUrls = (urls: ReadonlyArray<string>) => {
  if (!Array.isArray(urls)) return Effect.fail(new SimulatorError({ message: "callback URLs must be a list" }))
  const bad = urls.findIndex((url) => !isHttp(url))
  return bad < 0 ? Effect.succeed(urls) : refused("callback URL", urls[bad])
}
