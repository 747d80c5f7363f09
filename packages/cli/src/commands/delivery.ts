/** What `icr webhooks listen` shows of a delivery. */
import type { WebhookError } from "@effect-icr/webhooks/WebhookError"
import type { WebhookEvent } from "@effect-icr/webhooks/WebhookEvent"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { printable } from "../output/printable.ts"
import type { Answer, NoAnswer } from "./post.ts"

/** A delivery, whether it is genuine, and what the program behind it said. */
export interface Seen {
  readonly at: DateTime.Utc
  readonly verified: Result.Result<WebhookEvent, WebhookError>
  readonly forwarded: Option.Option<Result.Result<Answer, NoAnswer>>
}

const about = (event: WebhookEvent) =>
  event._tag === "Unknown"
    ? [event.event]
    : [
        event.event,
        `installation ${event.installation.id}`,
        ...Option.toArray(Option.map(event.installation.organization, ({ displayName }) => displayName))
      ]

const answered = Result.match({
  onSuccess: ({ millis, status }: Answer) => `forwarded: ${status} in ${millis} ms`,
  onFailure: ({ why }: NoAnswer) => `not forwarded: ${why}`
})

/** One line for people. */
export const sentence = ({ at, forwarded, verified }: Seen): string =>
  printable(
    [
      DateTime.formatIso(at),
      ...Result.match(verified, {
        onSuccess: (event) => ["verified", ...about(event)],
        onFailure: ({ kind, message }) => [`refused (${kind})`, message]
      }),
      ...Option.toArray(Option.map(forwarded, answered))
    ].join("  ")
  )

/** One line for programs. */
export const record = ({ at, forwarded, verified }: Seen) => ({
  at: DateTime.formatIso(at),
  ...Result.match(verified, {
    onSuccess: (event) => ({
      verified: true,
      event: event.event,
      installation: event._tag === "Unknown" ? null : event.installation.id
    }),
    onFailure: ({ kind, message }) => ({ verified: false, kind, message })
  }),
  ...Option.match(forwarded, {
    onNone: () => ({}),
    onSome: Result.match({
      onSuccess: ({ millis, status }) => ({ forwarded: { status, millis } }),
      onFailure: ({ why }) => ({ forwarded: { failure: why } })
    })
  })
})
