/** Spans and metrics of calls, named after OpenTelemetry's HTTP conventions. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Tracer from "effect/Tracer"
import { monotonicMillis } from "../../clock/internal/elapsedTime.ts"
import type { IcrError } from "../../errors/IcrError.ts"
import type { Call } from "./subject.ts"

const requests = Metric.counter("icr_requests", {
  description: "Calls to the registry",
  incremental: true
})

const duration = Metric.timer("icr_request_duration", {
  description: "How long calls took, waits included"
})

/** The span of a call or of one of its requests; none where nobody would see it. */
export type Span = Tracer.Span | undefined

/** The metrics of one operation and one outcome. */
interface Metrics {
  readonly requests: Metric.Counter<number>
  readonly duration: Metric.Histogram<Duration.Duration>
}

/** How the calls of a layer are observed. */
export interface Telemetry {
  /** The registry's host. */
  readonly address: string
  /** Also open spans where no tracer is installed, to be propagated. */
  readonly always: boolean
  /** Kept by operation and outcome, of which there are few: to set the attributes anew costs a call 7 µs. */
  readonly metrics: Ref.Ref<HashMap.HashMap<string, Metrics>>
}

/** For the registry at `server`. */
export const makeTelemetry = (server: URL, always: boolean): Effect.Effect<Telemetry> =>
  Effect.map(Ref.make(HashMap.empty<string, Metrics>()), (metrics) => ({
    address: server.hostname.replace(/^\[|\]$/g, ""),
    always,
    metrics
  }))

const metricsOf = ({ metrics }: Telemetry, operation: string, outcome: string): Effect.Effect<Metrics> =>
  Ref.modify(metrics, (all) => {
    const key = `${operation} ${outcome}`
    const known = HashMap.get(all, key)
    if (Option.isSome(known)) return [known.value, all]
    const made = {
      requests: Metric.withAttributes(requests, { operation, outcome }),
      duration: Metric.withAttributes(duration, { operation })
    }
    return [made, HashMap.set(all, key, made)]
  })

/** Adds an event to a span. */
export const event = (span: Span, name: string, attributes: Record<string, unknown>): Effect.Effect<void> =>
  span === undefined ? Effect.void : Effect.map(Clock.currentTimeNanos, (now) => span.event(name, now, attributes))

/** Opens a span, unless nobody would see it: Effect's own tracer keeps none. */
export const traced = <A>(
  { address, always }: Telemetry,
  name: string,
  { installation, path, request }: Call,
  extra: Record<string, unknown>,
  self: (span: Span, context: Context.Context<never>) => Effect.Effect<A, IcrError>
): Effect.Effect<A, IcrError> =>
  Effect.contextWith((context: Context.Context<never>) => {
    if (Context.get(context, Tracer.Tracer) === Tracer.nativeTracer && !always) return self(undefined, context)
    const attributes = {
      "http.request.method": request.method,
      "url.template": path,
      "server.address": address,
      ...(installation === undefined ? {} : { "icr.installation.id": installation }),
      ...extra
    }
    return Effect.useSpan(name, { kind: "client", attributes }, (span) =>
      Effect.withParentSpan(self(span, context), span, { captureStackTrace: false })
    )
  })

const outcomeOf = (exit: Exit.Exit<unknown, IcrError>): string =>
  Exit.isSuccess(exit)
    ? "Success"
    : Option.match(Cause.findErrorOption(exit.cause), {
        onNone: () => (Cause.hasInterruptsOnly(exit.cause) ? "Interrupted" : "Defect"),
        onSome: ({ reason }) => reason._tag
      })

/** Makes one span of a public operation, and one update of each metric. */
export const traceCall = <A>(
  telemetry: Telemetry,
  call: Call,
  self: (span: Span, context: Context.Context<never>) => Effect.Effect<A, IcrError>
): Effect.Effect<A, IcrError> =>
  traced(telemetry, call.operation, call, {}, (span, context) => {
    const clock = Context.get(context, Clock.Clock)
    const started = monotonicMillis(clock)
    return Effect.onExit(self(span, context), (exit) => {
      const outcome = outcomeOf(exit)
      if (outcome !== "Success") span?.attribute("error.type", outcome)
      const took = Duration.millis(monotonicMillis(clock) - started)
      return Effect.flatMap(metricsOf(telemetry, call.operation, outcome), ({ duration, requests }) =>
        Effect.andThen(Metric.update(requests, 1), Metric.update(duration, took))
      )
    })
  })
