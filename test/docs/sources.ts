/** The public modules of all packages, in one TypeScript program with everything that shows how to use them. */
import * as fs from "node:fs"
import * as path from "node:path"
import ts from "typescript"
import { codeBlocks, writeCodeBlocks } from "../support/codeBlocks.ts"
import { root } from "../support/run.ts"

/** A public module, by the name that programs import it with. */
export interface PublicModule {
  readonly name: string
  readonly sourceFile: ts.SourceFile
}

export interface Sources {
  readonly program: ts.Program
  /** The index of a package comes after its subpaths, which are where a name is at home. */
  readonly modules: ReadonlyArray<PublicModule>
  readonly examples: ReadonlyArray<ts.SourceFile>
}

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string>>
}

const isManifest = (value: unknown): value is Manifest =>
  typeof value === "object" && value !== null && "name" in value && "exports" in value

const manifestOf = (folder: string) => {
  const manifest: unknown = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"))
  if (!isManifest(manifest)) throw new Error(`${folder}: package.json has no name or no exports`)
  return manifest
}

/** The folders of all packages. */
export const packageFolders = fs
  .readdirSync(path.join(root, "packages"))
  .map((name) => path.join(root, "packages", name))

/** Helpers for the sister packages: public for them alone. */
const notForPrograms = "@effect-icr/app/extension"

const publicFiles = packageFolders.flatMap((folder) => {
  const { exports, name } = manifestOf(folder)
  return Object.entries(exports)
    .filter(([, file]) => file.endsWith(".ts"))
    .toSorted(([self], [that]) => Number(self === ".") - Number(that === "."))
    .map(([subpath, file]) => ({ name: path.posix.join(name, subpath), file: path.join(folder, file) }))
    .filter((module) => module.name !== notForPrograms)
})

const exampleFiles = fs
  .readdirSync(path.join(root, "examples"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.includes("node_modules"))
  .map((file) => path.join(root, "examples", file))

const options = () => {
  const base: unknown = ts.readConfigFile(path.join(root, "tsconfig.base.json"), (file) => ts.sys.readFile(file)).config
  const compilerOptions = typeof base === "object" && base !== null && "compilerOptions" in base && base.compilerOptions
  if (typeof compilerOptions !== "object") throw new Error("tsconfig.base.json has no compilerOptions")
  const own = { composite: false, declaration: false, declarationMap: false, noEmit: true, types: ["node"] }
  return ts.convertCompilerOptionsFromJson({ ...compilerOptions, ...own }, root).options
}

/** Reads all of it. */
export const readSources = (): Sources => {
  writeCodeBlocks()
  const exampleNames = [...exampleFiles, ...codeBlocks.map(({ file }) => file)]
  const program = ts.createProgram({
    rootNames: [...publicFiles.map(({ file }) => file), ...exampleNames],
    options: options()
  })
  const fileOf = (name: string) => {
    const sourceFile = program.getSourceFile(name)
    if (sourceFile === undefined) throw new Error(`${name} cannot be read`)
    return sourceFile
  }
  return {
    program,
    modules: publicFiles.map(({ file, name }) => ({ name, sourceFile: fileOf(file) })),
    examples: exampleNames.map(fileOf)
  }
}
