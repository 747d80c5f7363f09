import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { ChildProcess, ChildProcessSpawner } from "effect/process"
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../", import.meta.url))
const readme = fs.readFileSync(`${root}packages/simulator/README.md`, "utf8")

/** Fenced blocks by the words after the fence. */
const blocks = (info: string): ReadonlyArray<string> =>
  Array.from(readme.matchAll(new RegExp(`^\`\`\`${info}\n(.*?)^\`\`\`$`, "gms")), ([, code]) => code ?? "")

/** Runs a block as a file of its own next to these tests, where the packages resolve by name. */
const inFile = Effect.fnUntraced(function* (name: string, code: string) {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(`${root}test/simulator/.readme-`)),
    (path) => Effect.sync(() => fs.rmSync(path, { recursive: true }))
  )
  const file = `${directory}/${name}`
  fs.writeFileSync(file, code)
  return file
})

const node = Effect.fnUntraced(function* (...args: ReadonlyArray<string>) {
  const spawner = yield* ChildProcessSpawner.ChildProcessSpawner
  const handle = yield* spawner.spawn(ChildProcess.make(process.execPath, args, { cwd: root }))
  const [code, output] = yield* Effect.all([handle.exitCode, handle.all.pipe(Stream.decodeText(), Stream.mkString)], {
    concurrency: 2
  })
  assert.strictEqual(code, 0, output)
  return output
})

describe("the README's code", () => {
  it.live(
    "runs as a test",
    Effect.fnUntraced(
      function* () {
        const [code = "", ...others] = blocks("ts vitest")
        assert.deepStrictEqual(others, [])
        const file = yield* inFile("readme.test.ts", code)
        const output = yield* node("node_modules/vitest/vitest.mjs", "run", file)
        assert.include(output, "1 passed, 0 failed, 0 skipped")
      },
      Effect.scoped,
      Effect.provide(NodeServices.layer)
    )
  )

  it.live(
    "runs as a program and prints what its comments say",
    Effect.fnUntraced(
      function* () {
        const programs = blocks("ts run")
        assert.strictEqual(programs.length, 2)
        for (const code of programs) {
          const output = yield* node(yield* inFile("program.ts", code))
          const said = Array.from(code.matchAll(/^\/\/ (.*)$/gm), ([, line]) => line).join("\n")
          assert.strictEqual(output.trim(), said)
        }
      },
      Effect.scoped,
      Effect.provide(NodeServices.layer)
    )
  )

  it("names the options that the program has, all of them and no others", () => {
    const main = fs.readFileSync(`${root}packages/simulator/src/SimulatorCommand.ts`, "utf8")
    const options = (text: string, form: RegExp) => new Set(Array.from(text.matchAll(form), ([, option]) => option))
    assert.deepStrictEqual(
      [...options(readme, /`--([\w-]+)/g)].toSorted(),
      [...options(main, /Flag\.[A-Z]\w+\("([\w-]+)"/g)].toSorted()
    )
  })
})
