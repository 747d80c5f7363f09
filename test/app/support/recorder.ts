/** A tracer, a metric registry and loggers that keep everything. */
import { Effect, Layer, Logger, Metric, References, Tracer } from "effect"

/** Records everything observable of the effects it is provided to. */
export const recorder = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const logs: Array<string> = []
  const registry = new Map()
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  // Each of Effect's own formats, since a secret that one of them hides may show in another.
  const loggers = [Logger.formatSimple, Logger.formatLogFmt, Logger.formatJson].map((format) =>
    Logger.map(format, (line) => void logs.push(line))
  )
  const layer = Layer.mergeAll(
    Layer.succeed(Tracer.Tracer, tracer),
    Layer.succeed(Metric.MetricRegistry, registry),
    Layer.succeed(References.MinimumLogLevel, "Trace"),
    Logger.layer(loggers)
  )
  const metrics = Effect.provideService(Metric.snapshot, Metric.MetricRegistry, registry)
  return { layer, logs, metrics, spans }
}

/** A span without what differs from run to run. */
export const view = (span: Tracer.NativeSpan) => ({
  name: span.name,
  kind: span.kind,
  attributes: Object.fromEntries(span.attributes),
  events: (span._events ?? []).map(([name, , attributes]) => ({ name, attributes })),
  ended: span.status._tag === "Ended" ? span.status.exit._tag : "not ended"
})
