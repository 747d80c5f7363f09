import type * as Clock from "effect/Clock"

/**
 * Milliseconds that only ever grow, for measuring how long a token still lives.
 *
 * The wall clock may be set back, which would prolong every token; the monotonic clock may stand still while the machine
 * sleeps, which would too. So the monotonic clock counts, and whenever the wall clock gains more than a second on it
 * (sleep, or the clock set forward) that gain is added; when the wall clock falls back, only the reference moves.
 */
export const makeSteadyTime = (): ((clock: Clock.Clock) => number) => {
  let gained = 0
  let reference: number | undefined
  return (clock) => {
    const monotonic = Number(clock.monotonicTimeNanosUnsafe()) / 1e6
    const lead = clock.currentTimeMillisUnsafe() - monotonic
    reference ??= lead
    const change = lead - reference
    if (change > 1000) gained += change
    if (change > 1000 || change < -1000) reference = lead
    return monotonic + gained
  }
}
