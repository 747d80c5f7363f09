/** What the tests of a receiver share. */
import { type VerifyOnlyOptions, Webhook } from "@effect-icr/webhooks/Webhook"
import type { WebhookEvent } from "@effect-icr/webhooks/WebhookEvent"
import { Effect, Metric, Redacted, Ref } from "effect"
import { secret } from "./deliveries.ts"

/** A receiver that knows no tokens. */
export const receiver = (options: Partial<VerifyOnlyOptions> = {}) =>
  Webhook.layerVerifyOnly({ secret: Redacted.make(secret), ...options })

/** The status and the text that a request is answered with. */
export const send = (fetch: (request: Request) => Promise<Response>, request: Request) =>
  Effect.promise(async () => {
    const response = await fetch(request)
    return { status: response.status, text: await response.text() }
  })

/** No work. */
export const nothing = () => Effect.void

/** Remembers what was worked on. */
export const recorder = Effect.map(Ref.make<ReadonlyArray<string>>([]), (seen) => ({
  work: ({ event }: WebhookEvent) => Ref.update(seen, (all) => [...all, event]),
  seen: Ref.get(seen)
}))

/** What a counter says, over all its labels. */
export const counted = (name: string) =>
  Effect.map(Metric.snapshot, (all) =>
    all.reduce((sum, one) => (one.type === "Counter" && one.id === name ? sum + Number(one.state.count) : sum), 0)
  )

/** The event of a delivery. */
export const verify = Effect.fnUntraced(function* (given: {
  readonly body: string | Uint8Array
  readonly signature?: string | null
}) {
  return yield* (yield* Webhook).verify({ body: given.body, signature: given.signature })
})

/** What became of a delivery: the event's name, or the kind of the refusal. */
export const outcome = (given: { readonly body: string | Uint8Array; readonly signature?: string | null }) =>
  Effect.match(verify(given), { onSuccess: ({ event }) => event, onFailure: ({ kind }) => kind })
