/** Bun: `Bun.serve`. */
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import { createRequire } from "node:module"
import { run } from "../suite/run.mjs"
import { makeServer } from "../suite/server.mjs"

const platform = {
  world: JSON.parse(process.env.ICR_WORLD),
  client: FetchHttpClient.layer,
  require: createRequire(import.meta.url),
  tellsWhyNotConnected: true
}
const { fetch } = makeServer(platform)
const { port } = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch })

const url = `http://127.0.0.1:${port}`
console.log(JSON.stringify({ version: Bun.version, results: await run({ ...platform, url }) }))
process.exit()
