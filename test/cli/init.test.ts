/** `icr init`: the starter, as a user gets it. */
import { Simulator } from "@effect-icr/simulator/Simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { root, run } from "../support/run.ts"
import { directory, icr } from "./support/icr.ts"

const bin = (name: string) => path.join(root, "node_modules/.bin", name)

/** The starter in a folder of its own, with the packages of the workspace in place of installed ones. */
const copied = Effect.gen(function* () {
  const dir = path.join(yield* directory, "new/my-app")
  const { exitCode, stderr, stdout } = yield* icr(["init", dir])
  assert.deepStrictEqual([exitCode, stdout], [0, ""])
  assert.match(stderr, /^icr: .*my-app has a program, its configuration and a test.*\n$/)
  fs.symlinkSync(path.join(root, "node_modules"), path.join(dir, "node_modules"))
  return dir
})

const succeeds = Effect.fnUntraced(function* (
  dir: string,
  command: string,
  args: ReadonlyArray<string>,
  env: Record<string, string> = {}
) {
  const { exitCode, stderr, stdout } = yield* Effect.promise(() => run(command, args, { cwd: dir, env }))
  assert.strictEqual(exitCode, 0, stdout + stderr)
  return stdout
})

/** What installs the packages today, in a project beside the clone. */
const install = "npm install ../effect-icr/effect-icr-*.tgz"

describe("icr init", () => {
  it.live("says how to install packages that are not on npm, at the end and in the project's README", () =>
    Effect.gen(function* () {
      const dir = path.join(yield* directory, "my-app")
      const { stderr } = yield* icr(["init", dir])
      const readme = fs.readFileSync(path.join(dir, "README.md"), "utf8")
      for (const text of [stderr, readme]) {
        assert.include(text, install)
        assert.include(text, "not on npm yet")
      }
      const front = fs.readFileSync(path.join(root, "README.md"), "utf8")
      const [pack = ""] = /^npx .* pack .*$/m.exec(readme) ?? []
      assert.include(front.split("\n"), pack)
    })
  )

  it.live("copies to where the person stands when pnpm runs it as the workspace's script", () =>
    Effect.gen(function* () {
      const dir = yield* directory
      const { exitCode } = yield* icr(["init", "here"], { npm_lifecycle_event: "icr", INIT_CWD: dir })
      assert.strictEqual(exitCode, 0)
      assert.include(fs.readdirSync(path.join(dir, "here")), "program.ts")
    })
  )

  it.live("ends with one line where no folder can be made", () =>
    Effect.gen(function* () {
      const { exitCode, stderr, stdout } = yield* icr(["init", "/proc/a/b"])
      assert.deepStrictEqual([exitCode, stdout], [1, ""])
      assert.match(stderr, /^icr: the folder \/proc\/a\/b cannot be made \(\w+\)\n$/)
    })
  )

  it.live("copies a project of some 40 lines, which depends on this release", () =>
    Effect.gen(function* () {
      const dir = yield* copied
      const read = (file: string) => fs.readFileSync(path.join(dir, file), "utf8")
      assert.sameMembers(
        fs.readdirSync(dir).filter((name) => name !== "node_modules"),
        [
          ".env.example",
          ".gitignore",
          "README.md",
          "main.ts",
          "package.json",
          "program.test.ts",
          "program.ts",
          "tsconfig.json"
        ]
      )
      const lines = ["main.ts", "program.ts", "program.test.ts"].flatMap((file) => read(file).trim().split("\n"))
      assert.isAtMost(lines.length, 50)
      assert.include(read(".gitignore"), ".env")
      const manifest = fs.readFileSync(path.join(root, "packages/cli/package.json"), "utf8")
      const [, version = ""] = /"version": "([^"]+)"/.exec(manifest) ?? []
      assert.include(read("package.json"), `"@effect-icr/app": "^${version}"`)
      assert.notInclude(read("package.json"), "0.0.0")
    })
  )

  it.live("makes a project that type-checks and whose test passes", () =>
    Effect.gen(function* () {
      const dir = yield* copied
      yield* succeeds(dir, bin("tsc"), ["--noEmit", "-p", dir])
      const output = yield* succeeds(dir, bin("vitest"), ["run"])
      assert.match(output, /1 passed/)
    })
  )

  it.live("makes a program that runs against the simulator with the values of .env.example", () =>
    Effect.gen(function* () {
      const dir = yield* copied
      const { app, baseUrl } = yield* Simulator
      fs.writeFileSync(path.join(dir, "icr_private_key.pem"), Redacted.value(app.privateKey))
      fs.copyFileSync(path.join(dir, ".env.example"), path.join(dir, ".env"))
      const { stdout } = yield* Effect.promise(() =>
        run(process.execPath, ["--env-file=.env", "main.ts"], { cwd: dir, env: { ICR_BASE_URL: baseUrl } })
      )
      assert.match(stdout, /^3 installations: .+\n$/)
    }).pipe(Effect.provide(Simulator.layerServer))
  )

  it.live("writes over nothing", () =>
    Effect.gen(function* () {
      const dir = yield* directory
      fs.writeFileSync(path.join(dir, "program.ts"), "mine")
      const { exitCode, stderr } = yield* icr(["init", dir])
      assert.deepStrictEqual([exitCode, stderr], [2, `icr: ${dir} is there already and not an empty folder\n`])
      assert.deepStrictEqual(fs.readdirSync(dir), ["program.ts"])
      assert.strictEqual(fs.readFileSync(path.join(dir, "program.ts"), "utf8"), "mine")
    })
  )
})
