/** Deno: `Deno.serve`, and a `fetch` that sends a write once. */
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import { createRequire } from "node:module"
import { run } from "../suite/run.mjs"
import { makeServer } from "../suite/server.mjs"

// Deno sends a request again when a kept connection breaks before the answer: a write too. A new connection is not kept.
const notKept = Deno.createHttpClient({ poolMaxIdlePerHost: 0 })
const sendOnce = (url, init) => fetch(url, init.method === "GET" ? init : { ...init, client: notKept })

const platform = {
  world: JSON.parse(Deno.env.get("ICR_WORLD")),
  client: FetchHttpClient.layer.pipe(Layer.provide(Layer.succeed(FetchHttpClient.Fetch, sendOnce))),
  require: createRequire(import.meta.url),
  tellsWhyNotConnected: true,
  notes: { sendsOnce: "with the `fetch` below" }
}
const server = makeServer(platform)
const { addr } = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, server.fetch)

const url = `http://127.0.0.1:${addr.port}`
console.log(JSON.stringify({ version: Deno.version.deno, results: await run({ ...platform, url }) }))
Deno.exit()
