/**
 * Installs the libraries that the benchmark measures us beside. They are no part of the workspace's own install, so that
 * nobody waits for them who does not run the benchmark.
 */
import { execFileSync } from "node:child_process"
import { statSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { pnpm } from "../support/run.ts"

const folder = fileURLToPath(new URL(".", import.meta.url))

const changedAt = (file: string) => statSync(`${folder}${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0

// pnpm writes this file at the end of each install.
if (changedAt("node_modules/.modules.yaml") < changedAt("pnpm-lock.yaml")) {
  const [command, ...args] = pnpm
  // What is printed on standard output is the table alone.
  execFileSync(command, [...args, "install", "--frozen-lockfile", "--dir", folder], { stdio: ["ignore", 2, 2] })
}
