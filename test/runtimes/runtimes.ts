/** The six runtimes: where npm puts their binaries, and how each starts the suite. */
import { Schema } from "effect"
import { build } from "esbuild"
import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { project } from "./install.ts"

/** A command that runs the suite, with what it needs beside the world. */
export interface Start {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly env: Record<string, string>
}

/** A runtime by its name in the table. `start` rejects with the reason where it is not installed on this platform. */
export interface Runtime {
  readonly name: string
  readonly start: () => Promise<Start>
}

const Manifest = Schema.fromJsonString(
  Schema.Struct({ optionalDependencies: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)) })
)

const manifestOf = (name: string) => join(project, "node_modules", name, "package.json")

const driver = (name: string) => join(project, "drivers", `${name}.mjs`)

const noRuntime = (name: string) =>
  new Error(`npm has no ${name} for ${process.platform} on ${process.arch}, or its install failed`)

/**
 * The binary of a package that brings one package for each platform. It is run where it lies: the install script that would
 * move it is not.
 */
const binaryOf = (name: string, paths: ReadonlyArray<string>): string => {
  if (!existsSync(manifestOf(name))) throw noRuntime(name)
  const { optionalDependencies = {} } = Schema.decodeUnknownSync(Manifest)(readFileSync(manifestOf(name), "utf8"))
  const require = createRequire(createRequire(manifestOf(name)).resolve(`${name}/package.json`))
  for (const platform of Object.keys(optionalDependencies)) {
    const folders = require.resolve.paths(platform) ?? []
    const found = folders.flatMap((folder) => paths.map((path) => join(folder, platform, path))).find(existsSync)
    if (found !== undefined) return found
  }
  throw noRuntime(name)
}

/** The npm package `node` has its binary in itself. */
const node = (major: number): Runtime => ({
  name: `Node ${major}`,
  start: async () => {
    const command = join(dirname(manifestOf(`node-${major}`)), "bin/node")
    if (!existsSync(command)) throw noRuntime(`node ${major}`)
    return { command, args: [driver("node")], env: {} }
  }
})

const bun: Runtime = {
  name: "Bun",
  start: async () => ({ command: binaryOf("bun", ["bin/bun", "bin/bun.exe"]), args: [driver("bun")], env: {} })
}

const deno: Runtime = {
  name: "Deno",
  start: async () => ({
    command: binaryOf("deno", ["deno", "deno.exe"]),
    args: ["run", "--node-modules-dir=manual", "--allow-net", "--allow-read", "--allow-env", driver("deno")],
    env: { DENO_NO_UPDATE_CHECK: "1" }
  })
}

/** A Worker is one file. Miniflare needs a Node, and gets the one that runs this. */
const workerd: Runtime = {
  name: "workerd",
  start: async () => {
    if (!existsSync(manifestOf("miniflare"))) throw noRuntime("miniflare")
    const outfile = join(project, "node_modules/.cache/worker.mjs")
    await build({
      entryPoints: [driver("worker")],
      outfile,
      bundle: true,
      external: ["cloudflare:*"],
      format: "esm",
      target: "es2023",
      conditions: ["workerd", "worker", "browser"],
      logLevel: "warning"
    })
    return { command: process.execPath, args: [driver("workerd")], env: { ICR_BUNDLE: outfile } }
  }
}

/** In the order of the table. */
export const runtimes: ReadonlyArray<Runtime> = [node(22), node(24), node(26), bun, deno, workerd]
