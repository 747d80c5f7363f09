import type * as Clock from "effect/Clock"

/** Milliseconds since whenever, which nobody can set. */
export const monotonic = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/**
 * Milliseconds that never go back, for measuring how long a token still lives.
 *
 * The wall clock may be set back, which would prolong every token; the monotonic clock may stand still while the machine
 * sleeps, which would too. So the monotonic clock counts, and whenever the wall clock gains more than a second on it
 * (sleep, or the clock set forward) that gain is added; when the wall clock falls back, only the reference moves.
 *
 * An end is given on the wall clock, in whole milliseconds. As long as the two clocks agree to a millisecond the wall
 * clock's own ticks count, else a token would outlive its end by the fraction that was lost when the two were compared.
 */
export const makeSteadyTime = (): ((clock: Clock.Clock) => number) => {
  let gained = 0
  let reference: number | undefined
  let last = -Infinity
  return (clock) => {
    const running = monotonic(clock)
    const wall = clock.currentTimeMillisUnsafe()
    const lead = wall - running
    reference ??= lead
    const change = lead - reference
    if (change > 1000) gained += change
    if (change > 1000 || change < -1000) reference = lead
    const ticks = wall - reference + gained
    const counted = running + gained
    last = Math.max(last, counted - ticks < 1 ? ticks : counted)
    return last
  }
}
