/** Installs the frameworks of these examples, which nothing else needs, unless that was done before. */
import { execFileSync } from "node:child_process"
import { statSync } from "node:fs"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL(".", import.meta.url))
const changedAt = (file: string) => statSync(`${folder}${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0

// pnpm writes this file at the end of each install.
if (changedAt("node_modules/.modules.yaml") < changedAt("pnpm-lock.yaml")) {
  const args = ["-y", "pnpm@12", "install", "--frozen-lockfile", "--dir", folder]
  execFileSync("npx", args, { stdio: ["ignore", 2, 2] })
}
