/** workerd: Node starts it with the bundled Worker, by Miniflare, and prints what the Worker answers. */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { Miniflare } from "miniflare"

const fromMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"))

const miniflare = new Miniflare({
  modules: [{ type: "ESModule", path: "worker.mjs", contents: readFileSync(process.env.ICR_BUNDLE, "utf8") }],
  compatibilityDate: "2026-07-30",
  host: "127.0.0.1",
  port: 0,
  durableObjects: { SERVER: "ServerObject" },
  bindings: { ICR_WORLD: JSON.parse(process.env.ICR_WORLD) },
  // The data about a request's origin would come from another host.
  cf: false
})
const answer = await fetch(new URL("/run", await miniflare.ready))
if (!answer.ok) throw new Error(await answer.text())
const results = await answer.json()
console.log(JSON.stringify({ version: fromMiniflare("workerd/package.json").version, results }))
await miniflare.dispose()
