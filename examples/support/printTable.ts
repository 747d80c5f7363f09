import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

/** Columns as wide as their longest cell; the last one to the right. */
export const printTable = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>) => {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>) =>
    cells
      .map((cell, column) =>
        column === head.length - 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
      )
      .join("  ")
  return Effect.forEach(
    [line(head), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)],
    (text) => Console.log(text),
    { discard: true }
  )
}
