/** The programs of `programs/` over our package as it is packed: without types to strip at the start, and in few files. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { firstProgram } from "./firstProgram.ts"
import { pack } from "./packed.ts"

const programs = fileURLToPath(new URL("../programs", import.meta.url))

/** Where they are; below `node_modules` of the benchmark, so that they find the peers. */
const folder = fileURLToPath(new URL("../node_modules/.cache/bench", import.meta.url))

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

/** Builds them, and `effectAlone.mjs`, which loads the modules of Effect that `ours.mjs` loads. Returns their folder. */
export const built = (): string => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(programs, folder, { recursive: true })
  const packed = join(folder, "app")
  pack(packed)
  const entry = join(packed, "app/IcrApp.js")
  const ours = readFileSync(join(programs, "ours.mjs"), "utf8")
  writeFileSync(join(folder, "ours.mjs"), ours.replace("@effect-icr/app/IcrApp", entry))
  const effect = new Set([...effectModules(entry), ...effectModules(join(programs, "ours.mjs"))])
  writeFileSync(join(folder, "effectAlone.mjs"), [...effect].map((specifier) => `import "${specifier}"\n`).join(""))
  writeFileSync(join(folder, "nothing.mjs"), "")
  writeFileSync(join(folder, "firstProgram.ts"), firstProgram(packed))
  return folder
}
