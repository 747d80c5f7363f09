import { assert, describe, it } from "@effect/vitest"
import { build } from "esbuild"
import * as path from "node:path"
import { root } from "../support/run.ts"

/** What a bundler keeps of a program: our modules and those of other packages, Effect left out. */
const bundled = async (program: string) => {
  const { metafile } = await build({
    stdin: { contents: program, resolveDir: path.join(root, "test") },
    bundle: true,
    format: "esm",
    external: ["effect", "effect/*"],
    metafile: true,
    write: false,
    outdir: root,
    absWorkingDir: root
  })
  return Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : []))
  )
}

const has = (kept: ReadonlyArray<string>, part: string) => kept.some((file) => file.includes(part))

/** What holds an app's tokens and key. */
const app = ["RefreshCache.ts", "TokenCache.ts", "Signer.ts", "IcrHttp.ts", "IcrApp.ts"]

describe("a bundle of a program with webhooks", () => {
  for (const from of ["@effect-icr/webhooks/Webhook", "@effect-icr/webhooks"]) {
    it(`has no token cache where it only verifies, imported from ${from}`, async () => {
      const kept = await bundled(`import { Webhook } from "${from}"; console.log(Webhook.layerVerifyOnly)`)
      assert.isTrue(has(kept, "Webhook.ts") && has(kept, "receiver.ts"))
      assert.deepStrictEqual(
        [...app, "InstallFlow.ts", "WebhookQueue.ts", "WebhookNode.ts", "WebhookWeb.ts"].filter((part) =>
          has(kept, part)
        ),
        []
      )
    })
  }

  it("has them where it also asks for tokens", async () => {
    const kept = await bundled(`
      import { IcrApp } from "@effect-icr/app/IcrApp"
      import { Webhook } from "@effect-icr/webhooks/Webhook"
      console.log(Webhook.layer, IcrApp.layer)`)
    assert.deepStrictEqual(
      app.filter((part) => !has(kept, part)),
      []
    )
  })
})
