/**
 * Contenders side by side. In every round each of them does the same work once, in an order that turns, so that whatever
 * slows the machine down for a while slows all of them; a ratio is taken within a round and never across two.
 */
import { GCProfiler } from "node:v8"

/** Something to be timed. */
export interface Contender {
  readonly name: string
  /** Run before each time its work is timed. */
  readonly prepare?: () => Promise<void>
  /** Does its work so many times. One in a process of its own tells what that took, in the unit of the clock. */
  readonly run: (operations: number) => unknown
}

/** A median with the middle half of the samples around it. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** How long to measure. */
export interface Effort {
  /** An odd number, at least 7. */
  readonly rounds: number
  /** How long each contender works in each round, at least (of allocation: megabytes); with 0 it does its work once. */
  readonly millis: number
  /**
   * `processor` counts the processor time of the whole process, for work that never waits: other programs on the machine
   * do not count then. `allocation` counts what is put on the heap. Default `wall`.
   */
  readonly by?: ClockName
  /** Milliseconds that nobody counts: the compiler takes its time. Default 300. */
  readonly warmUp?: number
  /** Whether a minute has to do for all rows: those that would take long leave out a part. */
  readonly quick?: boolean
}

/** What a contender took for one operation, round by round: nanoseconds, or bytes. */
export type Timings = ReadonlyMap<string, ReadonlyArray<number>>

const at = (sorted: ReadonlyArray<number>, part: number): number => {
  const place = (sorted.length - 1) * part
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

/** The part of the samples (0 to 1) that lies at or below the result. */
export const quantile = (samples: ReadonlyArray<number>, part: number): number =>
  at(
    samples.toSorted((a, b) => a - b),
    part
  )

/** Median and middle half. */
export const spread = (samples: ReadonlyArray<number>): Spread => {
  const sorted = samples.toSorted((a, b) => a - b)
  return { median: at(sorted, 0.5), low: at(sorted, 0.25), high: at(sorted, 0.75) }
}

/** Round by round, what `name` took for each unit of what `beside` took. */
export const ratios = (timings: Timings, name: string, beside: string): ReadonlyArray<number> => {
  const theirs = samplesOf(timings, beside)
  return samplesOf(timings, name).map((ours, round) => ours / (theirs[round] ?? Number.NaN))
}

/** The samples of one contender. */
export const samplesOf = (timings: Timings, name: string): ReadonlyArray<number> => {
  const samples = timings.get(name)
  if (samples === undefined) throw new Error(`nothing was measured under the name "${name}"`)
  return samples
}

/**
 * Counts what is put on the heap, in megabytes: each collection tells what it found and what it left. Counting goes on from
 * the first time it is asked.
 */
const allocation = () => {
  let profiler: GCProfiler | undefined
  let total = 0
  let left = 0
  return () => {
    for (const { afterGC, beforeGC } of profiler?.stop()?.statistics ?? []) {
      total += beforeGC.heapStatistics.usedHeapSize - left
      left = afterGC.heapStatistics.usedHeapSize
    }
    const { heapUsed } = process.memoryUsage()
    if (profiler !== undefined) total += heapUsed - left
    left = heapUsed
    profiler = new GCProfiler()
    profiler.start()
    return total / 1e6
  }
}

/** What a contender is measured by: milliseconds, or megabytes. A sample is the millionth part: nanoseconds, or bytes. */
export const clocks = {
  wall: () => performance.now(),
  processor: () => {
    const { system, user } = process.cpuUsage()
    return (system + user) / 1000
  },
  allocation: allocation()
}

/** What a contender is measured by. */
export type ClockName = keyof typeof clocks

const timed = async ({ prepare, run }: Contender, operations: number, now: () => number): Promise<number> => {
  await prepare?.()
  const start = now()
  const told = await run(operations)
  return typeof told === "number" ? told : now() - start
}

/** How many operations fill the time. Warms up on the way, and goes on for a while once it knows. */
const calibrate = async (contender: Contender, millis: number, warmUp: number, now: () => number): Promise<number> => {
  if (millis === 0) return 1
  let operations = 1
  // The very first time is no measure: it loads what comes later on is there.
  await timed(contender, operations, now)
  let took = await timed(contender, operations, now)
  while (took < millis) {
    operations = Math.ceil(operations * Math.min(10, Math.max(1.3, (1.1 * millis) / took)))
    took = await timed(contender, operations, now)
  }
  const warm = performance.now() + warmUp
  while (performance.now() < warm) took = await timed(contender, operations, now)
  // What is warm does more in the same time.
  return Math.ceil(operations * Math.max(1, millis / took))
}

/** Runs the contenders against each other. */
export const compare = async (
  contenders: ReadonlyArray<Contender>,
  { by = "wall", millis, rounds, warmUp = 300 }: Effort
): Promise<Timings> => {
  const now = clocks[by]
  const entries = []
  for (const contender of contenders) {
    const samples: Array<number> = []
    entries.push({ contender, samples, operations: await calibrate(contender, millis, warmUp, now) })
  }
  // The first round is not kept: the last contender to be calibrated would be the only warm one.
  for (let round = -1; round < rounds; round++) {
    const turn = (round + 1) % entries.length
    for (const { contender, operations, samples } of [...entries.slice(turn), ...entries.slice(0, turn)]) {
      const took = await timed(contender, operations, now)
      if (round >= 0) samples.push((took * 1e6) / operations)
    }
  }
  return new Map(entries.map(({ contender, samples }) => [contender.name, samples]))
}
