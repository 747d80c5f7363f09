/**
 * One row, in this process, for profiling:
 *
 *     node --expose-gc --cpu-prof test/bench/row.ts decoding [--quick]
 *
 * `main.ts` runs each row this way, so that no row meets the machine code that another one left behind.
 */
import { table } from "./support/report.ts"
import { rows } from "./rows.ts"

const name = process.argv[2] ?? ""
const load = rows.get(name)
if (load === undefined) throw new Error(`no row is named "${name}"; there are ${[...rows.keys()].join(", ")}`)

const quick = process.argv.includes("--quick")
const { run } = await load()
const findings = await run(quick ? { rounds: 7, millis: 15, warmUp: 100, quick } : { rounds: 9, millis: 60 })
if (process.send === undefined) console.log(table(findings))
else await new Promise((done) => process.send?.(findings, undefined, undefined, done))
process.exit(0)
