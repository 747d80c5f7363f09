/** Deno: `Deno.serve`, and a `fetch` that sends a write once. */
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import { createRequire } from "node:module"
import { run } from "../suite/run.mjs"
import { makeServer } from "../suite/server.mjs"

const platform = {
  world: JSON.parse(Deno.env.get("ICR_WORLD")),
  client: FetchHttpClient.layer,
  require: createRequire(import.meta.url),
  tellsWhyNotConnected: true
}
const server = makeServer(platform)
const { addr } = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, server.fetch)

const url = `http://127.0.0.1:${addr.port}`
console.log(JSON.stringify({ version: Deno.version.deno, results: await run({ ...platform, url }) }))
Deno.exit()
