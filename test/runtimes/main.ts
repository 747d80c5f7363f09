/**
 * `pnpm test:runtimes`: what an app does, on six runtimes and under two compilers, with our packages as they are packed.
 *
 *     pnpm test:runtimes             under a minute on two cores, once the runtimes are installed
 *     pnpm test:runtimes Deno        one runtime, or several, by name
 *     pnpm test:runtimes --readme    puts the table into the README at the front
 *
 * Ends with exit code 1 when a check fails or a runtime cannot be run.
 */
import { Effect } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { root } from "../support/run.ts"
import { installPackages, installRuntimes } from "./install.ts"
import { inReadme, problems, report } from "./report.ts"
import { runtimes } from "./runtimes.ts"
import { runSuite } from "./suite.ts"
import { checkTypes } from "./types.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { readme: { type: "boolean", default: false } }
})

const names = runtimes.map(({ name }) => name)
const unknown = positionals.filter((name) => !names.includes(name))
if (unknown.length > 0) throw new Error(`no runtime is named ${unknown.join(", ")}; there are ${names.join(", ")}`)
if (values.readme && positionals.length > 0) throw new Error("the table of the README is that of all runtimes")

installRuntimes()
installPackages()

const started = performance.now()
const chosen = positionals.length > 0 ? runtimes.filter(({ name }) => positionals.includes(name)) : runtimes
const suites = Effect.forEach(chosen, (runtime) => Effect.promise(() => runSuite(runtime)), { concurrency: 2 })
const [outcomes, types] = await Effect.runPromise(
  Effect.all([suites, Effect.promise(checkTypes)], { concurrency: "unbounded" })
)

console.log(`${report(outcomes)}\n\n${report(types)}`)
console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s`)
const failed = problems([...outcomes, ...types])
for (const problem of failed) console.error(`\n${problem}`)
if (failed.length > 0) process.exitCode = 1
else if (values.readme) {
  const readme = join(root, "README.md")
  writeFileSync(readme, inReadme(readFileSync(readme, "utf8"), new Date().toISOString().slice(0, 10), outcomes))
}
