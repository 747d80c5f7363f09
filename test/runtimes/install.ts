/**
 * Prepares the project that the suite runs in: the runtimes and the libraries from its own lockfile, and our packages as they
 * are packed. It is no part of the workspace's own install, so that nobody waits for it who does not run the suite.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { installBeside } from "../support/ownInstall.ts"
import { pnpm, root } from "../support/run.ts"

/** The folder of the project. */
export const project = fileURLToPath(new URL("project", import.meta.url))

/** The suite runs the first three; compilers look at all of them. */
const packages = ["app", "webhooks", "registry", "redis", "simulator", "testing"] as const

const [command, ...first] = pnpm

// What is printed on standard output is the table alone.
const runPnpm = (cwd: string, ...args: ReadonlyArray<string>) =>
  execFileSync(command, [...first, ...args], { cwd, stdio: ["ignore", 2, 2] })

/** Installs the runtimes, unless that was done since the lockfile changed. */
export const installRuntimes = (): void => installBeside(pathToFileURL(join(project, "package.json")).href)

/** Builds and packs our packages, and unpacks them where the project finds them. */
export const installPackages = (): void => {
  runPnpm(root, "build")
  const folder = mkdtempSync(join(tmpdir(), "effect-icr-runtimes-"))
  for (const name of packages) {
    const tarball = join(folder, `${name}.tgz`)
    const installed = join(project, "node_modules/@effect-icr", name)
    runPnpm(join(root, "packages", name), "pack", "--silent", "--config.ignore-scripts=true", "--out", tarball)
    rmSync(installed, { recursive: true, force: true })
    mkdirSync(installed, { recursive: true })
    execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed])
  }
  rmSync(folder, { recursive: true })
}
