/** Runs `worker.ts` on workerd, the runtime of Cloudflare Workers, with the variables of this process, until it is stopped. */
import { build } from "esbuild"
import { Miniflare } from "miniflare"
import { fileURLToPath } from "node:url"

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL("../worker.ts", import.meta.url))],
  bundle: true,
  conditions: ["worker", "browser"],
  format: "esm",
  logLevel: "error",
  write: false
})

const bindings = Object.entries(process.env).flatMap(([name, value]) =>
  name.startsWith("ICR_") && value !== undefined ? [[name, value] as const] : []
)

const worker = new Miniflare({
  bindings: Object.fromEntries(bindings),
  compatibilityDate: "2026-07-01",
  host: "127.0.0.1",
  kvNamespaces: ["TOKENS"],
  modules: true,
  port: Number(process.env["PORT"] ?? 4044),
  script: outputFiles[0]?.text ?? ""
})

console.log(`Listening on ${(await worker.ready).origin}`)
