/** Spans and metrics of a call, named after OpenTelemetry's HTTP conventions. */
import * as Cause from "effect/Cause"
import { Clock } from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import type { IcrError } from "../IcrError.ts"
import { monotonic } from "./steadyTime.ts"

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
  readonly request: { readonly method: string }
  readonly path: string
  readonly installation: string | undefined
}

/** What is seen of calls from outside. */
export interface Observe {
  /** One span and one update of each metric around a public operation, which `started` when its clock said so. */
  readonly call: <A>(
    labels: Labels,
    call: (span: Tracer.Span | undefined, clock: Clock, started: number) => Effect.Effect<A, IcrError>
  ) => Effect.Effect<A, IcrError>
  /** A span for one of its requests; `resends` requests went before it. */
  readonly request: <A>(
    labels: Labels,
    resends: number,
    request: (span: Tracer.Span | undefined) => Effect.Effect<A, IcrError>
  ) => Effect.Effect<A, IcrError>
}

const outcomeOf = <A>(exit: Exit.Exit<A, IcrError>): string =>
  Exit.isSuccess(exit)
    ? "Success"
    : Option.match(Cause.findErrorOption(exit.cause), {
        onNone: () => (Cause.hasInterruptsOnly(exit.cause) ? "Interrupted" : "Defect"),
        onSome: ({ reason }) => reason._tag
      })

/** What is made for each label, once: there are few operations and few outcomes. */
const remembered = <M>(make: (label: string) => M) => {
  const made = new Map<string, M>()
  return (label: string): M => {
    const found = made.get(label)
    if (found !== undefined) return found
    const one = make(label)
    made.set(label, one)
    return one
  }
}

/** For the registry at `server`. `always` opens spans also when no tracer is installed, to be propagated. */
export const makeObserve = (server: URL, always: boolean): Observe => {
  const address = server.hostname.replace(/^\[|\]$/g, "")
  const metrics = remembered((operation) => ({
    timed: Metric.withAttributes(duration, { operation }),
    counted: remembered((outcome) => Metric.withAttributes(requests, { operation, outcome }))
  }))

  const attributesOf = ({ installation, path, request }: Labels) => ({
    "http.request.method": request.method,
    "url.template": path,
    "server.address": address,
    ...(installation === undefined ? {} : { "icr.installation.id": installation })
  })

  /** Under a span of its own, unless nobody would ever see it: Effect's own tracer keeps none. */
  const traced = <A>(
    name: string,
    attributes: () => Record<string, unknown>,
    evaluate: (span: Tracer.Span | undefined, fiber: Fiber.Fiber<unknown, unknown>) => Effect.Effect<A, IcrError>
  ) =>
    Effect.withFiber((fiber) =>
      !always && fiber.getRef(Tracer.Tracer) === Tracer.nativeTracer
        ? evaluate(undefined, fiber)
        : Effect.useSpan(name, { kind: "client", attributes: attributes() }, (span) =>
            Effect.withParentSpan(
              Effect.withFiber((fiber) => evaluate(span, fiber)),
              span,
              { captureStackTrace: false }
            )
          )
    )

  const call: Observe["call"] = (labels, call) => {
    const { operation } = labels
    return traced(
      operation,
      () => attributesOf(labels),
      (span, fiber) => {
        const clock = fiber.getRef(Clock)
        const started = monotonic(clock)
        return Effect.onExit(call(span, clock, started), (exit) => {
          const outcome = outcomeOf(exit)
          const { counted, timed } = metrics(operation)
          counted(outcome).updateUnsafe(1, fiber.context)
          timed.updateUnsafe(Duration.millis(monotonic(clock) - started), fiber.context)
          if (outcome !== "Success") span?.attribute("error.type", outcome)
          return Effect.void
        })
      }
    )
  }

  const request: Observe["request"] = (labels, resends, request) =>
    traced(labels.request.method, () => ({ ...attributesOf(labels), "http.request.resend_count": resends }), request)

  return { call, request }
}
