/**
 * Row 9 once more, in a program that lets Effect compile its schemas with `Function`, as zod does by itself. Whether it does
 * is the program's choice: it is for the whole program, and needs a place that allows `Function`.
 */
import "effect/schema/SchemaJITCompiler/enable"
import type { Row } from "../rows.ts"
import { beside } from "../support/finding.ts"
import { kinds, timings } from "./decoding.ts"

export const run: Row["run"] = async (effort) => {
  const findings = []
  for (const data of kinds) {
    const work = `decode 100 installations, fields as ${data}, schemas compiled by Effect`
    findings.push(beside({ row: 9, work, target: { atMost: 1.2 } }, await timings(data, effort), "ours", "zod"))
  }
  return findings
}
