/** The table of a run, as people and as README.md read it. */
import { machine } from "../bench/support/report.ts"

/** One check on one runtime, as the suite tells it. */
export interface Result {
  readonly name: string
  readonly passed: boolean
  /** Why it did not pass. */
  readonly problem?: string | undefined
  /** What stands in its cell instead of "ok", and the note that explains it. */
  readonly cell?: string | undefined
  readonly note?: string | undefined
}

/** A runtime's run. Without results it could not run, and `problem` says why. */
export interface Outcome {
  readonly runtime: string
  readonly version?: string | undefined
  readonly results: ReadonlyArray<Result>
  readonly problem?: string | undefined
}

const cellOf = ({ results }: Outcome, name: string) => {
  const result = results.find((result) => result.name === name)
  if (result === undefined) return "not run"
  return result.passed ? (result.cell ?? "ok") : "**failed**"
}

/** A Markdown table with aligned columns: a row for each check, a column for each runtime. */
const table = (outcomes: ReadonlyArray<Outcome>): string => {
  const names = [...new Set(outcomes.flatMap(({ results }) => results.map(({ name }) => name)))]
  const title = ({ runtime, version }: Outcome) =>
    version === undefined ? runtime : `${runtime.split(" ")[0]} ${version}`
  const head = ["An app", ...outcomes.map(title)]
  const body = names.map((name) => [name].concat(outcomes.map((outcome) => cellOf(outcome, name))))
  const widths = head.map((_, column) => Math.max(3, ...[head, ...body].map((row) => row[column]?.length ?? 0)))
  const line = (row: ReadonlyArray<string>) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n")
}

const notes = (outcomes: ReadonlyArray<Outcome>) =>
  outcomes.flatMap(({ results, runtime }) =>
    results.flatMap(({ name, note }) => (note === undefined ? [] : [`- ${runtime}, "${name}": ${note}.`]))
  )

/** What went wrong, one paragraph each. Empty after a good run. */
export const problems = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<string> =>
  outcomes.flatMap(({ problem, results, runtime }) => [
    ...(problem === undefined ? [] : [`${runtime}: ${problem}`]),
    ...results.filter(({ passed }) => !passed).map(({ name, problem }) => `${runtime}, "${name}": ${problem ?? "?"}`)
  ])

/** The table with its notes. */
export const report = (outcomes: ReadonlyArray<Outcome>): string =>
  [table(outcomes), ...(notes(outcomes).length > 0 ? ["", ...notes(outcomes)] : [])].join("\n")

const begin = "<!-- runtimes: written by `pnpm test:runtimes --readme` -->"
const end = "<!-- end of the runtimes -->"

/** The text of a README with its table of runtimes replaced. */
export const inReadme = (text: string, date: string, outcomes: ReadonlyArray<Outcome>): string => {
  const [before, rest] = text.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error("the README has no place for the runtimes")
  const made = `${date}, ${machine()}, \`pnpm test:runtimes\`.`
  return `${before}${begin}\n\n${made}\n\n${report(outcomes)}\n\n${end}${after}`
}
