/** What a bundler makes of a program. */
import { build } from "esbuild"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"

const options = { bundle: true, format: "esm", platform: "browser", write: false, logLevel: "error" } as const

const textOf = async (entry: string, more: { readonly external?: Array<string>; readonly minify: boolean }) => {
  const { outputFiles } = await build({ ...options, ...more, entryPoints: [entry] })
  return outputFiles.map(({ text }) => text).join("")
}

const sizeOf = (text: string) => gzipSync(text, { level: 9 }).length

/** What belongs to the program's platform and is no part of a bundle. */
const platform = "@effect/platform-node"

/** Minified and gzipped, in bytes. */
export const gzipped = async (entry: string, external: Array<string> = []): Promise<number> =>
  sizeOf(await textOf(entry, { external: [platform, ...external], minify: true }))

/** The list that keeps what is used; it is no part of Effect. */
const list = /globalThis\.kept=\[[^\]]*\];?/

/**
 * The size of a program that uses of each module of Effect exactly what `entry` uses, ours included, and nothing else: what
 * the bundle would be if our own code weighed nothing.
 */
const effectAlone = async (entry: string, folder: string): Promise<number> => {
  const text = await textOf(entry, { external: [platform, "effect/*"], minify: false })
  const uses = new Map<string, Set<string>>()
  for (const [, name = "", specifier = ""] of text.matchAll(/^import \* as (\S+) from "(effect\/[^"]+)"/gm)) {
    const members = uses.get(specifier) ?? new Set()
    uses.set(specifier, members)
    for (const [, member = ""] of text.matchAll(
      new RegExp(`(?<![\\w$.])${name.replaceAll("$", "\\$")}\\.(\\w+)`, "g")
    )) {
      members.add(member)
    }
  }
  for (const [, names = "", specifier = ""] of text.matchAll(/^import \{([^}]+)\} from "(effect\/[^"]+)"/gm)) {
    const members = uses.get(specifier) ?? new Set()
    uses.set(specifier, members)
    for (const name of names.split(",")) members.add(name.trim().split(" as ")[0] ?? "")
  }
  const modules = [...uses].map(([specifier, members], index) => ({ specifier, members: [...members], index }))
  const file = join(folder, "effectOnly.mjs")
  writeFileSync(
    file,
    [
      ...modules.map(({ index, specifier }) => `import * as m${index} from "${specifier}"`),
      `globalThis.kept = [${modules.flatMap(({ index, members }) => members.map((member) => `m${index}.${member}`)).join(", ")}]`
    ].join("\n")
  )
  return sizeOf((await textOf(file, { minify: true })).replace(list, ""))
}

/** Sizes of a bundle, minified and gzipped, in bytes. */
export interface Sizes {
  readonly whole: number
  /** What it uses of Effect. */
  readonly alone: number
  /** The rest: what we add. */
  readonly own: number
}

/** `folder` is where a file may be written that finds Effect. */
export const sizes = async (entry: string, folder: string): Promise<Sizes> => {
  const whole = await gzipped(entry)
  const alone = await effectAlone(entry, folder)
  return { whole, alone, own: whole - alone }
}
