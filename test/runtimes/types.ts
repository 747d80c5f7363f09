/** What users' compilers say about the packed packages: two versions, two ways to resolve, every declaration checked. */
import { join } from "node:path"
import { root, run } from "../support/run.ts"
import { project } from "./install.ts"
import type { Outcome, Result } from "./report.ts"

const node = process.execPath
const compilers = {
  "TypeScript 5.9": [node, join(project, "node_modules/typescript/bin/tsc")],
  "TypeScript 7": [join(root, "node_modules/.bin/tsc")]
} as const

/** The files of options in `project/types`, by what they stand for. */
const programs = {
  nodenext: "nodenext: app, webhooks, registry, `require` included",
  bundler: "bundler: app, webhooks, registry",
  node: "nodenext with the types of Node: redis, simulator, testing"
} as const

const check = async (command: ReadonlyArray<string>, file: string, name: string): Promise<Result> => {
  const [program = "", ...args] = [...command, "-p", join(project, "types", `${file}.json`)]
  const { exitCode, stderr, stdout } = await run(program, args)
  return exitCode === 0 ? { name, passed: true } : { name, passed: false, problem: `${stdout}${stderr}` }
}

/** The compilers, in the form of runtimes, so that they are reported like them. */
export const checkTypes = async (): Promise<ReadonlyArray<Outcome>> => {
  const outcomes: Array<Outcome> = []
  for (const [runtime, command] of Object.entries(compilers)) {
    const results: Array<Result> = []
    for (const [file, name] of Object.entries(programs)) results.push(await check(command, file, name))
    outcomes.push({ runtime, version: runtime.split(" ")[1], results })
  }
  return outcomes
}
