/** What an effect costs, counted: time on a shared machine proves nothing. */
import { Effect } from "effect"
import { type Profiler, Session } from "node:inspector"

const callsSince = (session: Session): number => {
  let calls = 0
  session.post("Profiler.takePreciseCoverage", (_error, { result }: Profiler.TakePreciseCoverageReturnType) => {
    for (const { functions } of result) for (const { ranges } of functions) calls += ranges[0]?.count ?? 0
  })
  return calls
}

/** Counts the calls of functions, all of them, while an effect runs: the engine does. Nothing else may run at the same time. */
export const counting = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<number, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const session = new Session()
      session.connect()
      session.post("Profiler.enable")
      session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false })
      return session
    }),
    (session) =>
      Effect.suspend(() => {
        // Starts at zero from here.
        callsSince(session)
        return Effect.map(effect, () => callsSince(session))
      }),
    (session) =>
      Effect.sync(() => {
        session.post("Profiler.stopPreciseCoverage")
        session.disconnect()
      })
  )
