import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { codeBlockFolder, codeBlocks, writeCodeBlocks } from "./support/codeBlocks.ts"
import { root, run, runNode } from "./support/run.ts"

writeCodeBlocks()

const packages = fs.readdirSync(path.join(root, "packages"))

/** Targets of Markdown links, but for anchors of the same page. */
const linksOf = (file: string) =>
  Array.from(fs.readFileSync(path.join(root, file), "utf8").matchAll(/\]\(([^)#\s]+)[^)]*\)/g), ([, link = ""]) => link)

const isAbsolute = (link: string) => link.startsWith("https:")

describe("the links of READMEs", () => {
  it("lead to something that is there", () => {
    for (const link of linksOf("README.md").filter((link) => !isAbsolute(link))) {
      assert.isTrue(fs.existsSync(path.join(root, link)), link)
    }
  })

  it("of packages are absolute or lead to the licence, since npm shows no other file to a link", () => {
    for (const name of packages) {
      for (const link of linksOf(`packages/${name}/README.md`).filter((link) => !isAbsolute(link))) {
        assert.strictEqual(path.normalize(link), "LICENSE", `${name}: ${link}`)
      }
    }
  })
})

describe("the first lines of a README", () => {
  const files = ["README.md", ...packages.map((name) => `packages/${name}/README.md`)]
  const textOf = (file: string) => fs.readFileSync(path.join(root, file), "utf8")

  it("say that the package is unofficial, 0.x and not on npm yet", () => {
    for (const file of files) {
      const first = textOf(file).split("\n").slice(0, 8).join(" ")
      for (const status of [/unofficial/i, /version 0\.x/i, /not on npm yet/]) assert.match(first, status, file)
    }
  })

  it("are followed by lines of npm install that take files of the clone for what is not on npm", () => {
    for (const file of files) {
      const lines = textOf(file).match(/^npm install .*$/gm) ?? []
      assert.isNotEmpty(lines, file)
      for (const line of lines) assert.notMatch(line.replace(/ +#.*/, ""), / @effect-icr\//, file)
    }
  })
})

describe("the code in READMEs and docstrings", () => {
  it("type-checks", async () => {
    const { exitCode, stdout } = await run(path.join(root, "node_modules/.bin/tsc"), ["-p", codeBlockFolder])
    assert.strictEqual(exitCode, 0, stdout)
  })

  for (const { file, name } of codeBlocks) {
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
