/** Node: `createServer`, with the listener that the package has for it. */
import * as WebhookNode from "@effect-icr/webhooks/WebhookNode"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import { once } from "node:events"
import { createServer } from "node:http"
import { createRequire } from "node:module"
import { run } from "../suite/run.mjs"
import { makeServer } from "../suite/server.mjs"

const platform = {
  world: JSON.parse(process.env.ICR_WORLD),
  client: FetchHttpClient.layer,
  require: createRequire(import.meta.url),
  tellsWhyNotConnected: true
}
const { answer, webhook } = makeServer(platform)
const receive = WebhookNode.fromWeb(webhook)

const send = async (answer, response) => {
  const answered = await answer
  response.writeHead(answered.status)
  response.end(await answered.text())
}

const server = createServer((request, response) => {
  if (request.url === "/webhook") receive(request, response)
  else void send(answer(request.url), response)
})
server.listen(0, "127.0.0.1")
await once(server, "listening")

const url = `http://127.0.0.1:${server.address().port}`
console.log(JSON.stringify({ version: process.versions.node, results: await run({ ...platform, url }) }))
process.exit()
