/** Our package as it is packed: its `bundle` script, into a folder of one's own. */
import { execSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { Schema } from "effect"
import { root } from "../../support/run.ts"

const Manifest = Schema.fromJsonString(Schema.Struct({ scripts: Schema.Struct({ bundle: Schema.String }) }))

const cwd = join(root, "packages/app")

/** Makes the package's files in `folder`, which is below `node_modules`, so that they find their dependencies. */
export const pack = (folder: string): void => {
  const { scripts } = Schema.decodeUnknownSync(Manifest)(readFileSync(join(cwd, "package.json"), "utf8"))
  const [, command = ""] = /(esbuild .*)$/.exec(scripts.bundle) ?? []
  if (!command.includes(" --outdir=dist ")) throw new Error("the package is bundled in another way than this knows")
  const PATH = [join(cwd, "node_modules/.bin"), process.env["PATH"]].join(delimiter)
  execSync(command.replace(" --outdir=dist ", ` --outdir="${folder}" `), { cwd, env: { ...process.env, PATH } })
}
