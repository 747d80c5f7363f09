/** The TypeScript examples of READMEs and docstrings, as files that can be type-checked and run. */
import * as fs from "node:fs"
import * as path from "node:path"
import { root } from "./run.ts"

/** One example. */
export interface CodeBlock {
  /** Where it stands, such as `README.md, example 2`. */
  readonly name: string
  /** Where {@link writeCodeBlocks} puts it. */
  readonly file: string
  readonly code: string
}

/** Beside the tests, since Node does not strip types below `node_modules`; git and formatters pass over it. */
export const codeBlockFolder = path.join(root, "test/.documentation")

const read = (file: string) => fs.readFileSync(path.join(root, file), "utf8")

const packages = fs.readdirSync(path.join(root, "packages")).map((name) => `packages/${name}`)

const readmes = ["README.md", ...packages.map((name) => `${name}/README.md`)]
  .filter((file) => fs.existsSync(path.join(root, file)))
  .map((name) => ({ name, text: read(name) }))

/** Docstrings without their stars, so that their examples read like those of a README. */
const docstrings = packages
  .flatMap((name) =>
    fs
      .readdirSync(path.join(root, name, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => `${name}/src/${file}`)
  )
  .map((name) => ({
    name,
    text: Array.from(read(name).matchAll(/\/\*\*[\s\S]*?\*\//g), ([comment]) =>
      comment.replaceAll(/^ *(\* ?|\/\*\*)/gm, "")
    ).join("\n")
  }))

/** Every TypeScript block, as a file of its own. */
export const codeBlocks: ReadonlyArray<CodeBlock> = [...readmes, ...docstrings].flatMap(({ name, text }) =>
  Array.from(text.matchAll(/^```ts\n([\s\S]*?)^```$/gm), ([, code = ""], index) => ({
    name: `${name}, example ${index + 1}`,
    file: path.join(codeBlockFolder, `${name.replaceAll(/\W/g, "-")}-${index + 1}.ts`),
    code
  }))
)

/** Writes every block, with a configuration that checks them all. */
export const writeCodeBlocks = () => {
  fs.rmSync(codeBlockFolder, { recursive: true, force: true })
  fs.mkdirSync(codeBlockFolder, { recursive: true })
  for (const { code, file } of codeBlocks) fs.writeFileSync(file, code)
  fs.writeFileSync(
    path.join(codeBlockFolder, "tsconfig.json"),
    JSON.stringify({
      extends: "../../tsconfig.base.json",
      compilerOptions: { types: ["node"], composite: false, noEmit: true, declaration: false, declarationMap: false },
      include: ["*.ts"]
    })
  )
}
