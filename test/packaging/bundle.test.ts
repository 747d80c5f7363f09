import { assert, beforeAll, describe, it } from "@effect/vitest"
import { build } from "esbuild"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { sizes } from "../bench/support/bundle.ts"
import { firstProgram } from "../bench/support/firstProgram.ts"
import { pack } from "../bench/support/packed.ts"
import { root } from "../support/run.ts"

/** Which of our modules, by their paths in `src`, a bundler keeps, and which of them load others when used. */
const bundled = async (program: string) => {
  const { metafile } = await build({
    stdin: { contents: program, resolveDir: path.join(root, "test") },
    bundle: true,
    format: "esm",
    external: ["effect", "effect/*"],
    metafile: true,
    write: false,
    outdir: root,
    absWorkingDir: path.join(root, "packages/app/src")
  })
  const kept = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : []))
  )
  const lazy = Object.entries(metafile.inputs).flatMap(([file, { imports }]) =>
    imports.some(({ kind }) => kind === "dynamic-import") ? [file] : []
  )
  return { kept: new Set(kept), lazy }
}

describe("a bundle", () => {
  const tokens = `import { IcrApp } from "@effect-icr/app/IcrApp"; console.log(IcrApp.layer)`

  const optional = [
    "http/RateLimit.ts",
    "tokens/DeduplicationStore.ts",
    "tokens/KeyValueTokenStore.ts",
    "tokens/TokenSeal.ts",
    "tokens/TokenStore.ts"
  ]

  it("of a program with IcrApp, but no rate limit and no store, has nothing of either", async () => {
    const { kept } = await bundled(tokens)
    assert.isTrue(kept.has("app/IcrApp.ts") && kept.has("tokens/TokenCache.ts"))
    assert.deepStrictEqual(
      optional.filter((file) => kept.has(file)),
      []
    )
  })

  it("of a program that uses a rate limit and a store has them", async () => {
    const all = `export * from "@effect-icr/app"; export * from "@effect-icr/app/extension"`
    const { kept } = await bundled(all)
    assert.deepStrictEqual(
      optional.filter((file) => !kept.has(file)),
      []
    )
  })

  it("is the same by the package's root", async () => {
    const { kept } = await bundled(tokens)
    assert.deepStrictEqual((await bundled(tokens.replace("/IcrApp", ""))).kept, kept)
  })

  // Without code splitting, bundlers wrap all that an import() reaches, Effect too, and drop nothing of it any more.
  it("has no import() of ours", async () => {
    assert.deepStrictEqual((await bundled(`export * from "@effect-icr/app"`)).lazy, [])
  })
})

describe("a bundle of a program that uses nothing of @effect-icr/registry", () => {
  /** Minified, with Effect, as text, and how many bytes of it come from the file whose path ends like this. */
  const minified = async (program: string) => {
    const { metafile, outputFiles } = await build({
      stdin: { contents: program, resolveDir: path.join(root, "test") },
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      metafile: true,
      write: false,
      outdir: root
    })
    const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs))
    const bytesOf = (end: string) =>
      inputs.reduce((sum, [file, { bytesInOutput }]) => (file.endsWith(end) ? sum + bytesInOutput : sum), 0)
    return { text: outputFiles.map(({ text }) => text).join(""), bytesOf }
  }

  const list = `
    import * as Stream from "effect/Stream"
    import { IcrApp } from "@effect-icr/app/IcrApp"
    console.log(IcrApp.layer, Stream.runCollect)`
  const numbers = "[\\d.]{16}"

  it("has no parser of exact amounts and nothing that encodes bodies, only the look for who asks for them", async () => {
    const { bytesOf, text } = await minified(list)
    assert.notInclude(text, numbers)
    assert.isAbove(bytesOf("http/internal/exactDigits.ts"), 0)
    assert.isAtMost(bytesOf("http/internal/exactDigits.ts"), 700)
    // Without its encoder: with it, it has some 1,900.
    assert.isAbove(bytesOf("http/HttpBody.js"), 0)
    assert.isAtMost(bytesOf("http/HttpBody.js"), 1300)
    assert.strictEqual(bytesOf("content-disposition/dist/index.js"), 0)
  })

  it("has the parser where the program reads amounts", async () => {
    const { text } = await minified(
      `import * as Tonnes from "@effect-icr/registry/Tonnes"; console.log(Tonnes.FromDigits)`
    )
    assert.include(text, numbers)
  })
})

describe("the bundle of the README's first program", () => {
  const folder = path.join(root, "node_modules/.cache/bundle")
  const entry = path.join(folder, "firstProgram.ts")

  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const packed = path.join(folder, "app")
    pack(packed)
    writeFileSync(entry, firstProgram(packed))
  })

  // 24 KB for the parts of the first release, 2 for all that came since.
  it("is no more than 26 KB larger, gzipped, than what the program uses of Effect", async () => {
    const { alone, own } = await sizes(entry, folder)
    // The program runs on Effect, so a part that is measured as nothing was not found.
    assert.isAbove(alone, 20_000)
    assert.isAbove(own, 5000)
    assert.isAtMost(own, 26_000)
  })
})
