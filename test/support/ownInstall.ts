/** Installs of their own, for what only one command needs: nobody else waits for them. */
import { execFileSync } from "node:child_process"
import { statSync } from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { pnpm } from "./run.ts"

const changedAt = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** Installs what the lockfile beside a module says, unless that was done before. */
export const installBeside = (moduleUrl: string): void => {
  const folder = path.dirname(fileURLToPath(moduleUrl))
  // pnpm writes this file at the end of each install.
  const installedAt = changedAt(path.join(folder, "node_modules/.modules.yaml"))
  if (installedAt >= changedAt(path.join(folder, "pnpm-lock.yaml"))) return
  const [command, ...args] = pnpm
  // Standard output belongs to the command that comes after.
  execFileSync(command, [...args, "install", "--frozen-lockfile", "--dir", folder], { stdio: ["ignore", 2, 2] })
}
