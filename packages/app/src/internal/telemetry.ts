/** Spans and metrics of a call, named after OpenTelemetry's HTTP conventions. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Cause from "effect/Cause"
import type { IcrError } from "../IcrError.ts"

const requests = Metric.counter("icr_requests", {
  description: "Calls to the registry, by operation and outcome",
  incremental: true
})

const duration = Metric.timer("icr_request_duration", {
  description: "How long calls to the registry took, retries and waits included, by operation"
})

/** What a span says of a call from the start. */
export interface Labels {
  readonly operation: string
  readonly method: string
  readonly path: string
  readonly server: string
  readonly installation: Option.Option<string>
}

const outcomeOf = <A>(exit: Exit.Exit<A, IcrError>): string =>
  Exit.isSuccess(exit)
    ? "Success"
    : Option.match(Cause.findErrorOption(exit.cause), {
        onNone: () => (Cause.hasInterruptsOnly(exit.cause) ? "Interrupted" : "Defect"),
        onSome: ({ reason }) => reason._tag
      })

const record = Effect.fnUntraced(function* (operation: string, outcome: string, started: number) {
  const ended = yield* Clock.currentTimeMillis
  yield* Metric.update(Metric.withAttributes(requests, { operation, outcome }), 1)
  yield* Metric.update(Metric.withAttributes(duration, { operation }), Duration.millis(ended - started))
  if (outcome !== "Success") yield* Effect.annotateCurrentSpan("error.type", outcome)
})

/** One span and one update of each metric around a public operation. */
export const observed =
  (labels: Labels) =>
  <A, R>(call: Effect.Effect<A, IcrError, R>): Effect.Effect<A, IcrError, R> =>
    Effect.flatMap(Clock.currentTimeMillis, (started) =>
      Effect.withSpan(
        Effect.onExit(call, (exit) => record(labels.operation, outcomeOf(exit), started)),
        labels.operation,
        {
          kind: "client",
          captureStackTrace: false,
          attributes: {
            "http.request.method": labels.method,
            "url.template": labels.path,
            "server.address": labels.server,
            ...Option.match(labels.installation, {
              onNone: () => ({}),
              onSome: (id) => ({ "icr.installation.id": id })
            })
          }
        }
      )
    )

/** An event on the current span, if there is one. */
export const spanEvent = (name: string, attributes: Record<string, unknown>): Effect.Effect<void> =>
  Effect.flatMap(Effect.option(Effect.currentSpan), (span) =>
    Effect.flatMap(Clock.currentTimeNanos, (now) =>
      Effect.sync(() => Option.map(span, (span) => span.event(name, now, attributes)))
    )
  )
