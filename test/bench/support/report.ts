/** The table, as people and as README.md read it. */
import { availableParallelism, cpus, release } from "node:os"
import type { Finding } from "./finding.ts"

const columns = ["#", "Work", "Beside", "Ours", "Theirs", "Ratio", "Target", ""]

const verdict = ({ met }: Finding) => (met === undefined ? "" : met ? "ok" : "**missed**")

const cells = (finding: Finding): ReadonlyArray<string> => [
  String(finding.row),
  finding.work,
  finding.beside,
  finding.ours,
  finding.theirs,
  finding.result,
  finding.target,
  verdict(finding)
]

/** A Markdown table with aligned columns. */
export const table = (findings: ReadonlyArray<Finding>): string => {
  const rows = [columns, ...findings.map(cells)]
  const widths = columns.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: ReadonlyArray<string>) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`
  const [head = [], ...body] = rows
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n")
}

/** The machine, without its name. */
export const machine = (): string => {
  const model = cpus()[0]?.model.trim() ?? "unknown processor"
  return `${availableParallelism()} cores of ${model}, ${process.platform} ${release()}, Node ${process.version.slice(1)}`
}

/** The lines that have a target. */
const withTarget = (findings: ReadonlyArray<Finding>): ReadonlyArray<Finding> =>
  findings.filter(({ met }) => met !== undefined)

/** What the README at the front shows: the lines of rows 0 to 3 that have a target. */
export const atTheFront = (findings: ReadonlyArray<Finding>): ReadonlyArray<Finding> =>
  withTarget(findings).filter(({ row }) => row <= 3)

/** Throws where two lines are about the same work beside the same peer: nobody could tell them apart. */
export const checkLabels = (findings: ReadonlyArray<Finding>): void => {
  const seen = new Set<string>()
  for (const { beside, row, work } of findings) {
    const label = `row ${row}: ${work} beside ${beside}`
    if (seen.has(label)) throw new Error(`two lines are labelled "${label}"`)
    seen.add(label)
  }
}

/** How many targets were met, and which were not. */
export const summary = (findings: ReadonlyArray<Finding>): string => {
  const all = withTarget(findings)
  const missed = all.filter(({ met }) => met === false)
  const names = missed.map(({ beside, row, work }) => `row ${row}: ${work} beside ${beside}`)
  return [`${all.length - missed.length} of ${all.length} targets met`, ...names].join("; missed: ")
}

/** When, where and how a table was made. */
export interface Run {
  readonly date: string
  readonly machine: string
  readonly command: string
  readonly seconds: number
}

const begin = "<!-- table: written by `pnpm bench --readme` -->"
const end = "<!-- end of the table -->"

/** The text of a README with its table replaced. */
export const inReadme = (text: string, run: Run, findings: ReadonlyArray<Finding>): string => {
  const [before, rest] = text.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined) throw new Error("the README has no place for the table")
  const { command, date, machine, seconds } = run
  const made = `${date}, ${machine}, \`${command}\` in ${seconds} s.`
  return `${before}${begin}\n\n${made}\n\n${table(findings)}\n\n${summary(findings)}.\n\n${end}${after}`
}
