/** Runs programs as people do: a process of its own, with the Node of the workspace. */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

/** The project's root. */
export const root = fileURLToPath(new URL("../..", import.meta.url))

/** pnpm as it runs us: the command, and its first arguments. */
export const pnpm: readonly [command: string, ...args: ReadonlyArray<string>] = /pnpm/.test(
  process.env["npm_execpath"] ?? ""
)
  ? [process.env["npm_execpath"] ?? ""]
  : ["npx", "-y", "pnpm@12"]

/** What became of a process. */
export interface Outcome {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command in the project's root; the variables of this project are only those given. `timeout` in ms. */
export const run = (
  command: string,
  args: ReadonlyArray<string>,
  options: { readonly env?: Record<string, string>; readonly cwd?: string; readonly timeout?: number } = {}
): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("ICR_") && name !== "VITEST")
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...Object.fromEntries(inherited), ...options.env },
      timeout: options.timeout,
      stdio: ["ignore", "pipe", "pipe"]
    })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (chunk) => (stdout += String(chunk)))
    child.stderr.on("data", (chunk) => (stderr += String(chunk)))
    child.on("error", reject)
    child.on("close", (exitCode) => resolve({ exitCode, stdout, stderr }))
  })

/** Runs a TypeScript file. */
export const runNode = (file: string, env: Record<string, string> = {}) => run(process.execPath, [file], { env })
