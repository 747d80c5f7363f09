/** The first program of the README at the front, as a bundler would get it. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "../../support/run.ts"

const imported = /^import \{([^}]+)\} from "([^"]+)"$/gm

const namesIn = (list: string) => list.split(",").map((name) => name.trim())

/**
 * Its text, over our package in `packed`. Effect's modules are imported one by one, so that a bundler keeps only what the
 * program uses: esbuild keeps whole modules of what comes by the index.
 */
export const firstProgram = (packed: string): string => {
  const [, program] = /^```ts\n([^]*?)^```$/m.exec(readFileSync(join(root, "README.md"), "utf8")) ?? []
  if (program === undefined) throw new Error("the README has no program")
  return program.replace(imported, (statement, list: string, from: string) => {
    if (from === "effect" || from.startsWith("effect/"))
      return namesIn(list)
        .map((name) => `import * as ${name} from "${from}/${name}"`)
        .join("\n")
    return from === "@effect-icr/app" ? statement.replace(from, join(packed, "index.js")) : statement
  })
}
