/** `pnpm run docs`: writes the API reference and fails where it is not whole. `docs/install.ts` has run before. */
import * as path from "node:path"
import { brokenLinks } from "./links.ts"
import { siteFolder, writeSite } from "./site.ts"
import { readSources } from "./sources.ts"
import { unshown } from "./unshown.ts"

const failAt = (title: string, lines: ReadonlyArray<string>) => {
  if (lines.length === 0) return
  console.error(`${title}:\n${lines.map((line) => `  ${line}`).join("\n")}`)
  process.exitCode = 1
}

const sources = readSources()
failAt("Public exports that no example shows", unshown(sources))
if (!(await writeSite(sources))) process.exitCode = 1
failAt("Links that lead nowhere", brokenLinks(siteFolder))
console.log(`${sources.modules.length} modules: ${path.join(siteFolder, "index.html")}`)
