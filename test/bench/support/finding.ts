/** What a row of the benchmark found out, with the target it was measured against. */
import { ratios, samplesOf, type Spread, spread, type Timings } from "./measure.ts"

/** One line of the table. */
export interface Finding {
  /** The row of the table of targets. */
  readonly row: number
  readonly work: string
  readonly beside: string
  /** As printed. */
  readonly ours: string
  /** As printed; empty where there is nothing to put beside. */
  readonly theirs: string
  /** As printed: mostly a ratio with its spread. */
  readonly result: string
  /** Empty for what is measured without a target. */
  readonly target: string
  /** Whether the target was met; absent without a target. */
  readonly met?: boolean
  /** The figures behind the text. */
  readonly figures: { readonly [name: string]: number | ReadonlyArray<number> }
}

/** What a ratio must be. `ours` over `theirs` is at most `atMost`; or `theirs` over `ours` at least `fasterBy`. */
export type Target = { readonly atMost: number } | { readonly fasterBy: number } | undefined

const digits = (value: number) =>
  value >= 100
    ? value.toFixed(0)
    : value >= 10
      ? value.toFixed(1)
      : value >= 0.1
        ? value.toFixed(2)
        : value.toPrecision(2)

/** A time in the unit that suits it. */
export const time = (nanos: number): string =>
  nanos < 1e3
    ? `${digits(nanos)} ns`
    : nanos < 1e6
      ? `${digits(nanos / 1e3)} µs`
      : nanos < 1e9
        ? `${digits(nanos / 1e6)} ms`
        : `${digits(nanos / 1e9)} s`

/** A ratio with the middle half of its rounds. */
export const times = ({ high, low, median }: Spread): string => `${digits(median)}× (${digits(low)}–${digits(high)})`

/** An amount of memory. */
export const memory = (bytes: number): string =>
  bytes < 1024 ? `${bytes.toFixed(0)} B` : `${digits(bytes / 1024)} KiB`

/** What a line is about. No two lines of the table have the same work and the same peer. */
interface Line {
  readonly row: number
  readonly work: string
}

/** Two contenders of one comparison as a line of the table. */
export const beside = (
  { row, target, work }: Line & { readonly target?: Target },
  timings: Timings,
  ours: string,
  theirs: string
): Finding => {
  const slower = spread(ratios(timings, ours, theirs))
  const faster = spread(ratios(timings, theirs, ours))
  const wantsFaster = target !== undefined && "fasterBy" in target
  return {
    row,
    work,
    beside: theirs,
    ours: time(spread(samplesOf(timings, ours)).median),
    theirs: time(spread(samplesOf(timings, theirs)).median),
    result: !wantsFaster ? times(slower) : faster.median >= 1 ? `${times(faster)} faster` : `${times(slower)} slower`,
    target:
      target === undefined
        ? ""
        : "atMost" in target
          ? `≤ ${target.atMost}×`
          : target.fasterBy === 1
            ? "faster"
            : `≥ ${target.fasterBy}× faster`,
    ...(target === undefined
      ? {}
      : { met: "atMost" in target ? slower.median <= target.atMost : faster.median >= target.fasterBy }),
    figures: {
      ours: samplesOf(timings, ours),
      theirs: samplesOf(timings, theirs),
      ratio: ratios(timings, ours, theirs)
    }
  }
}

/** As {@link beside}, for a target on what ours takes more than theirs, in microseconds, the difference taken within a round. */
export const more = (
  { atMost, row, work }: Line & { readonly atMost: number },
  timings: Timings,
  ours: string,
  theirs: string
): Finding => {
  const peer = samplesOf(timings, theirs)
  const differences = samplesOf(timings, ours).map((sample, round) => (sample - (peer[round] ?? Number.NaN)) / 1000)
  const { high, low, median } = spread(differences)
  return {
    ...beside({ row, work }, timings, ours, theirs),
    result: `${median.toFixed(1)} µs (${low.toFixed(1)}–${high.toFixed(1)}) more`,
    target: `≤ ${atMost} µs more`,
    met: median <= atMost
  }
}

/** Two contenders measured by allocation as a line of the table, with a target on what ours allocates, in KiB. */
export const allocated = (
  { atMost, row, work }: Line & { readonly atMost?: number },
  sizes: Timings,
  ours: string,
  theirs: string
): Finding => {
  const { median } = spread(samplesOf(sizes, ours))
  return {
    ...beside({ row, work }, sizes, ours, theirs),
    ours: memory(median),
    theirs: memory(spread(samplesOf(sizes, theirs)).median),
    ...(atMost === undefined ? {} : { target: `≤ ${atMost} KiB`, met: median <= atMost * 1024 })
  }
}

/** Whole numbers that must be the same in every round, such as requests sent. */
export const counted = (
  line: Line & { readonly by: string; readonly wanted: number | undefined },
  counts: ReadonlyArray<number>
): Finding => {
  const { by, row, wanted, work } = line
  const least = Math.min(...counts)
  const most = Math.max(...counts)
  const seen = least === most ? most.toLocaleString("en") : `${least} to ${most}`
  return {
    row,
    work: `${work}: exchanges`,
    beside: by === "ours" ? "" : by,
    ours: by === "ours" ? seen : "",
    theirs: by === "ours" ? "" : seen,
    result: "",
    target: wanted === undefined ? "" : `exactly ${wanted.toLocaleString("en")}`,
    ...(wanted === undefined ? {} : { met: least === wanted && most === wanted }),
    figures: { counts }
  }
}
