import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { pnpm, root, run } from "../support/run.ts"

const bin = (name: string) => path.join(root, "node_modules/.bin", name)
const names = fs.readdirSync(path.join(root, "packages"))
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "effect-icr-packages-"))
/** A project that has the packed packages installed beside their peers. */
const consumer = path.join(folder, "consumer")
const installed = (name: string) => path.join(consumer, "node_modules/@effect-icr", name)
const tarball = (name: string) => path.join(folder, `${name}.tgz`)

const ok = async (command: string, args: ReadonlyArray<string>, cwd?: string) => {
  const { exitCode, stderr, stdout } = await run(command, args, cwd === undefined ? {} : { cwd })
  assert.strictEqual(exitCode, 0, `${command} ${args.join(" ")}\n${stdout}${stderr}`)
  return stdout
}

beforeAll(async () => {
  await ok(bin("tsc"), ["-b", ...names.map((name) => `packages/${name}`)])
  const [command, ...args] = pnpm
  for (const name of names) {
    await ok(command, [...args, "pack", "--out", tarball(name)], path.join(root, "packages", name))
    fs.mkdirSync(installed(name), { recursive: true })
    await ok("tar", ["-xzf", tarball(name), "--strip-components=1", "-C", installed(name)])
  }
  for (const peer of fs.readdirSync(path.join(root, "node_modules"))) {
    const link = path.join(consumer, "node_modules", peer)
    if (peer !== "@effect-icr" && !peer.startsWith(".")) fs.symlinkSync(path.join(root, "node_modules", peer), link)
  }
  return () => fs.rmSync(folder, { recursive: true })
}, 120_000)

const Manifest = Schema.fromJsonString(
  Schema.Struct({
    exports: Schema.Record(Schema.String, Schema.String),
    peerDependencies: Schema.Record(Schema.String, Schema.String),
    sideEffects: Schema.Array(Schema.String)
  })
)
const manifestOf = (name: string) =>
  Schema.decodeUnknownSync(Manifest)(fs.readFileSync(path.join(installed(name), "package.json"), "utf8"))

/** `.`, `./IcrApp`, … */
const subpathsOf = (name: string) => Object.keys(manifestOf(name).exports).filter((key) => !key.endsWith(".json"))

const importing = (specifier: string) =>
  run(process.execPath, ["--input-type=module", "-e", `await import("${specifier}")`], { cwd: consumer })

for (const name of names) {
  describe(`@effect-icr/${name}, as packed`, () => {
    it("satisfies publint", async () => {
      await ok(bin("publint"), [tarball(name), "--strict"])
    })

    it("has the right types for every resolution of ES modules", async () => {
      await ok(bin("attw"), [tarball(name), "--profile", "esm-only"])
    })

    it("carries its licence, its README, declarations and maps, and only an open peer range on effect", () => {
      const files = fs.readdirSync(installed(name))
      assert.includeMembers(files, ["LICENSE", "README.md", "dist", "src"])
      const dist = fs.readdirSync(path.join(installed(name), "dist"))
      for (const ending of [".js", ".js.map", ".d.ts", ".d.ts.map"]) assert.include(dist, `index${ending}`)
      const { peerDependencies, sideEffects } = manifestOf(name)
      assert.strictEqual(peerDependencies["effect"], "^4.1.0")
      assert.deepStrictEqual(sideEffects, [])
    })

    it("can be imported by its root and by every listed subpath, and by nothing else", async () => {
      const subpaths = subpathsOf(name)
      for (const subpath of subpaths) {
        const { exitCode, stderr } = await importing(`@effect-icr/${name}${subpath.slice(1)}`)
        assert.strictEqual(exitCode, 0, stderr)
      }
      const files = fs
        .readdirSync(path.join(installed(name), "dist"), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".js"))
        .map((file) => `./${file.replace(/\.js$/, "")}`)
      for (const closed of files.filter((file) => !subpaths.includes(file)).slice(0, 10)) {
        const { stderr } = await importing(`@effect-icr/${name}${closed.slice(1)}`)
        assert.include(stderr, "ERR_PACKAGE_PATH_NOT_EXPORTED")
      }
    })
  })
}

describe("the simulator, as packed", () => {
  it("serves its page with style sheets and scripts from itself and its dependencies", async () => {
    for (const name of ["htmx.org", "@picocss"]) {
      fs.symlinkSync(
        path.join(root, "packages/simulator/node_modules", name),
        path.join(consumer, "node_modules", name)
      )
    }
    const program = `
      import { Simulator } from "@effect-icr/simulator"
      import { Effect } from "effect"
      const get = (url) => Effect.promise(() => fetch(url).then(async (one) => [one.status, await one.text()]))
      const statuses = Effect.gen(function* () {
        const { baseUrl } = yield* Simulator
        const [, page] = yield* get(baseUrl + "/")
        const linked = [...page.matchAll(/="([^"]+[.](?:css|js))"/g)].map(([, path]) => baseUrl + path)
        return yield* Effect.forEach(linked, (url) => Effect.map(get(url), ([status]) => status))
      })
      console.log((await Effect.runPromise(Effect.provide(statuses, Simulator.layerServer))).join(" "))`
    const printed = await ok(process.execPath, ["--input-type=module", "-e", program], consumer)
    assert.strictEqual(printed.trim(), "200 200 200 200 200 200 200")
  })
})

describe("the client, as packed", () => {
  const dist = path.join(installed("app"), "dist")

  /** A module and all that it loads of ours. */
  const loaded = (file: string, seen: Set<string> = new Set()): Set<string> => {
    if (seen.has(file)) return seen
    seen.add(file)
    const text = fs.readFileSync(file, "utf8")
    for (const [, specifier = ""] of text.matchAll(/^(?:import|export) (?:[^"]* from )?"(\.[^"]+)"/gm)) {
      loaded(path.resolve(path.dirname(file), specifier), seen)
    }
    return seen
  }

  // Finding sixty small files takes longer than running them: it was a tenth of a cold start.
  it("is in few files", () => {
    assert.isBelow(loaded(path.join(dist, "app/IcrApp.js")).size, 30)
  })

  it("has every class once, whichever module it comes by, and loads nothing that a module does without", async () => {
    const same = `
      import { IcrError, TokenCache } from "@effect-icr/app"
      import * as Errors from "@effect-icr/app/IcrError"
      import * as Tokens from "@effect-icr/app/TokenCache"
      process.exitCode = IcrError === Errors.IcrError && TokenCache === Tokens.TokenCache ? 0 : 1`
    const { exitCode, stderr } = await run(process.execPath, ["--input-type=module", "-e", same], { cwd: consumer })
    assert.strictEqual(exitCode, 0, stderr)
    const ids = [...loaded(path.join(dist, "domain/Ids.js"))].map((file) => fs.readFileSync(file, "utf8")).join("")
    assert.include(ids, "InstallationId")
    assert.notInclude(ids, "IcrError")
  })
})

describe("the command icr, as packed", () => {
  it("runs, and carries the whole starter", async () => {
    const dir = path.join(folder, "started")
    await ok(process.execPath, [path.join(installed("cli"), "dist/main.js"), "init", dir])
    assert.sameMembers(fs.readdirSync(dir), [
      ".env.example",
      ".gitignore",
      "README.md",
      "main.ts",
      "package.json",
      "program.test.ts",
      "program.ts",
      "tsconfig.json"
    ])
  })
})

describe("the repository", () => {
  const tracked = async () => (await ok("git", ["ls-files"])).split("\n").filter((file) => file !== "")

  it("names no package registry's host, the lockfile included", async () => {
    const hosts = new RegExp(["registry", "npmjs"].join("\\.") + "|" + ["registry", "yarnpkg"].join("\\."))
    for (const file of await tracked()) {
      if (fs.existsSync(path.join(root, file)))
        assert.notMatch(fs.readFileSync(path.join(root, file), "utf8"), hosts, file)
    }
  })

  it("has nothing at its top level that is not part of the plan", async () => {
    const top = new Set((await tracked()).map((file) => file.split("/")[0] ?? ""))
    const planned = new Set([
      "packages",
      "examples",
      "test",
      "package.json",
      "pnpm-workspace.yaml",
      "pnpm-lock.yaml",
      "tsconfig.base.json",
      "tsconfig.json",
      "vitest.config.ts",
      "README.md",
      "LICENSE",
      "CHANGELOG.md"
    ])
    assert.deepStrictEqual(
      [...top].filter((name) => !name.startsWith(".") && !planned.has(name)),
      []
    )
  })
})
