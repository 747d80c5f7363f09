import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { root, run, runNode } from "./support/run.ts"

/** Beside the tests, since Node does not strip types below `node_modules`; git and formatters pass over it. */
const folder = path.join(root, "test/.documentation")

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
const blocks = [...readmes, ...docstrings].flatMap(({ name, text }) =>
  Array.from(text.matchAll(/^```ts\n([\s\S]*?)^```$/gm), ([, code = ""], index) => ({
    name: `${name}, example ${index + 1}`,
    file: path.join(folder, `${name.replaceAll(/\W/g, "-")}-${index + 1}.ts`),
    code
  }))
)

fs.rmSync(folder, { recursive: true, force: true })
fs.mkdirSync(folder, { recursive: true })
for (const { code, file } of blocks) fs.writeFileSync(file, code)
fs.writeFileSync(
  path.join(folder, "tsconfig.json"),
  JSON.stringify({
    extends: "../../tsconfig.base.json",
    compilerOptions: { types: ["node"], composite: false, noEmit: true, declaration: false, declarationMap: false },
    include: ["*.ts"]
  })
)

describe("the code in READMEs and docstrings", () => {
  it("type-checks", async () => {
    const { exitCode, stdout } = await run(path.join(root, "node_modules/.bin/tsc"), ["-p", folder])
    assert.strictEqual(exitCode, 0, stdout)
  })

  for (const { file, name } of blocks) {
    it.live(`${name} runs`, () =>
      Effect.gen(function* () {
        const { app, baseUrl } = yield* Simulator
        const environment = {
          ICR_APP_ID: app.appId,
          ICR_PRIVATE_KEY: Redacted.value(app.privateKey),
          ICR_BASE_URL: baseUrl,
          ICR_WEBHOOK_SECRET: Redacted.value(app.webhookSecret)
        }
        const { exitCode, stderr, stdout } = yield* Effect.promise(() => runNode(file, environment))
        assert.strictEqual(exitCode, 0, stdout + stderr)
      }).pipe(Effect.provide(Simulator.layerServer))
    )
  }
})
