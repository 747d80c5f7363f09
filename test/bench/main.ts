/**
 * `pnpm bench`: our client beside what a user would pick instead, in one run on the same work.
 *
 *     pnpm bench                under five minutes on two cores
 *     pnpm bench --quick        under one; wider spreads, and what takes long is left out
 *     pnpm bench --json FILE    writes every sample as well
 *     pnpm bench --readme       puts the table into test/bench/README.md, and rows 0 to 3 into the README at the front
 *     pnpm bench requests       one row, or several, by name
 */
import "./install.ts"
import { fork } from "node:child_process"
import { once } from "node:events"
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { rows } from "./rows.ts"
import type { Finding } from "./support/finding.ts"
import { atTheFront, checkLabels, inReadme, machine, summary, table } from "./support/report.ts"

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "string" },
    readme: { type: "boolean", default: false }
  }
})

/** A row in a process of its own: what the others made the compiler believe stays out of it. */
const measure = async (name: string): Promise<ReadonlyArray<Finding>> => {
  const child = fork(pathOf("row.ts"), [name, ...(values.quick ? ["--quick"] : [])], { execArgv: ["--expose-gc"] })
  let findings: ReadonlyArray<Finding> | undefined
  child.on("message", (message: ReadonlyArray<Finding>) => (findings = message))
  const [code] = await once(child, "exit")
  if (code !== 0 || findings === undefined) throw new Error(`the row ${name} ended with ${code}`)
  return findings
}

const unknown = positionals.filter((name) => !rows.has(name))
if (unknown.length > 0)
  throw new Error(`no row is named ${unknown.join(", ")}; there are ${[...rows.keys()].join(", ")}`)

if (values.readme && (values.quick || positionals.length > 0))
  throw new Error("the table of the README is that of all rows in full")
const chosen = positionals.length > 0 ? positionals : [...rows.keys()]
const started = performance.now()
const findings: Array<Finding> = []
for (const name of chosen) {
  const before = performance.now()
  findings.push(...(await measure(name)))
  console.error(`${name}: ${((performance.now() - before) / 1000).toFixed(1)} s`)
}

const run = {
  date: new Date().toISOString().slice(0, 10),
  machine: machine(),
  command: ["pnpm bench", ...process.argv.slice(2).filter((word) => word === "--quick")].join(" "),
  seconds: Math.round((performance.now() - started) / 1000)
}
checkLabels(findings)
console.log(table(findings))
console.log(`\n${summary(findings)}\n${run.date}, ${run.machine}, ${run.seconds} s`)

if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ ...run, findings }, undefined, 2)}\n`)
if (values.readme) {
  const inFull = pathOf("README.md")
  writeFileSync(inFull, inReadme(readFileSync(inFull, "utf8"), run, findings))
  const front = pathOf("../../README.md")
  writeFileSync(front, inReadme(readFileSync(front, "utf8"), run, atTheFront(findings)))
}
if (findings.length === 0) process.exitCode = 1
