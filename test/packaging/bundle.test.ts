import { assert, describe, it } from "@effect/vitest"
import { build } from "esbuild"
import { mkdirSync } from "node:fs"
import * as path from "node:path"
import { effectAlone, gzipped } from "../bench/support/bundle.ts"
import { root } from "../support/run.ts"

/** Which of our modules, by their paths in `src`, a bundler keeps, and which of them load others when used. */
const bundled = async (program: string) => {
  const { metafile } = await build({
    stdin: { contents: program, resolveDir: path.join(root, "test") },
    bundle: true,
    format: "esm",
    external: ["effect", "effect/*", "jose"],
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
  const tokens = `import { IcrApp } from "@effect-icr/app/IcrApp"; console.log(IcrApp.layerEnv)`

  it("of a program that asks for tokens has no stores, seals, rate limits, webhooks or install flow", async () => {
    const { kept } = await bundled(tokens)
    assert.isTrue(kept.has("IcrApp.ts") && kept.has("TokenCache.ts"))
    const without = [
      "TokenStore",
      "TokenSeal",
      "RateLimit",
      "Webhook",
      "WebhookQueue",
      "InstallFlow",
      "Claims",
      "index"
    ]
    assert.deepStrictEqual(
      without.filter((name) => kept.has(`${name}.ts`)),
      []
    )
    assert.isFalse(kept.has("internal/keyValueTokens.ts"))
  })

  it("is the same by the package's root", async () => {
    const { kept } = await bundled(tokens)
    assert.deepStrictEqual((await bundled(tokens.replace("/IcrApp", ""))).kept, kept)
  })

  it("of the least program is no more than 26 KB larger, gzipped, than what it uses of Effect", async () => {
    const folder = path.join(root, "node_modules/.cache/bundle")
    mkdirSync(folder, { recursive: true })
    const entry = path.join(root, "test/bench/programs/ours.mjs")
    assert.isBelow((await gzipped(entry)) - (await effectAlone(entry, folder)), 26_000)
  })

  // Without code splitting, bundlers wrap all that an import() reaches, Effect too, and drop nothing of it any more.
  it("has no import() of ours", async () => {
    assert.deepStrictEqual((await bundled(`export * from "@effect-icr/app"`)).lazy, [])
  })
})
