/** The programs of `programs/` over our package as it is published: without types to strip at the start, and in few files. */
import { execFileSync } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { pnpm, root } from "../../support/run.ts"

const programs = join(root, "test/bench/programs")

/** Where the compiled programs are; below `node_modules`, so that they find their dependencies. */
const folder = join(root, "node_modules/.cache/bench")

/** A statement, not an example in a comment: one of those names all of `effect/http`, which no program would load. */
const statement = /^(?:import|export) (?:[^"]* from )?"([^"]+)"/gm

/** The modules of Effect that a module loads through our package. */
const effectModules = (file: string, seen: Set<string> = new Set(), found: Set<string> = new Set()): Set<string> => {
  if (seen.has(file)) return found
  seen.add(file)
  for (const [, specifier = ""] of readFileSync(file, "utf8").matchAll(statement)) {
    if (specifier.startsWith(".")) effectModules(resolve(dirname(file), specifier), seen, found)
    else if (specifier.startsWith("effect/")) found.add(specifier)
  }
  return found
}

/** Builds, and returns the folder and what the programs need of Effect. */
export const built = (): { readonly folder: string; readonly effect: ReadonlyArray<string> } => {
  const [command, ...args] = pnpm
  execFileSync(command, [...args, "bundle"], { cwd: join(root, "packages/app") })
  const dist = join(root, "packages/app/dist")
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(programs, folder, { recursive: true })
  const ours = readFileSync(join(programs, "ours.mjs"), "utf8")
  writeFileSync(join(folder, "ours.mjs"), ours.replace("@effect-icr/app/IcrApp", join(dist, "IcrApp.js")))
  const effect = new Set(effectModules(join(dist, "IcrApp.js")))
  for (const specifier of effectModules(join(programs, "ours.mjs"))) effect.add(specifier)
  writeFileSync(join(folder, "effectAlone.mjs"), [...effect].map((specifier) => `import "${specifier}"\n`).join(""))
  writeFileSync(join(folder, "nothing.mjs"), "")
  return { folder, effect: [...effect].sort() }
}
