/**
 * A server that repeats what the simulator said, so that a client's own cost is not lost in the server's:
 *
 * - `GET /app/installations`, page by page, with the `link` header that octokit's iterator follows. Behind the last page
 *   of the simulator the list starts again, up to the `total` that the query asks for: `?limit=50&page=0`.
 * - `GET /app/installations/{id}`: the first installation, whatever the id.
 * - `POST …/accessTokens`: a new token for that installation, that lives for two hours.
 * - `GET /organizations/{id}/inventory`: the first organization's inventory, whatever the id.
 *
 * With `--latency 20` each answer is sent 20 ms after its request, as from a registry at that distance.
 */
import { createServer } from "node:http"
import { writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { privateKeyPem } from "../../support/keys.ts"
import { bodies } from "./wire.ts"

const limit = 50

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    "key-file": { type: "string", default: "" },
    installations: { type: "string", default: "1000" },
    latency: { type: "string", default: "0" }
  }
})
const total = Number(values.installations)
const latency = Number(values.latency)

// No more than 1,000 are kept; a longer list repeats them, with the counters of the longer one.
const { appId, installation, installationIds, inventory, pages, token } = await bodies(
  { installations: Math.min(1000, total) },
  limit
)
const counters = /^\{"pagination":\{.*?\}/
const pageCount = Math.ceil(total / limit)
const tokenShape: object = JSON.parse(token)

const pageBody = (page: number) => {
  const pagination = {
    total,
    currentPage: page + 1,
    pageCount,
    nextPage: page + 1 < pageCount ? page + 2 : null,
    prevPage: page
  }
  return (pages[page % pages.length] ?? "").replace(counters, `{"pagination":${JSON.stringify(pagination)}`)
}

let exchanges = 0

const json = { "content-type": "application/json; charset=utf-8" }

const server = createServer((request, response) => {
  const send = (status: number, body: string, headers: { readonly [name: string]: string } = {}) => {
    const answer = () =>
      response.writeHead(status, { ...json, ...headers, "content-length": Buffer.byteLength(body) }).end(body)
    return latency === 0 ? answer() : setTimeout(answer, latency)
  }
  const url = new URL(request.url ?? "/", "http://localhost")
  if (request.method === "POST") {
    const expires = new Date(Date.now() + 7_200_000).toISOString()
    const [, installationId] = /installations\/([^/]+)\//.exec(url.pathname) ?? []
    const issued = `crs_${(exchanges++).toString(16).padStart(48, "0")}`
    // octokit reads the names of the registry it was written for
    const names = { installationId, token: issued, expiresAt: expires, expires_at: expires }
    return send(201, JSON.stringify({ ...tokenShape, ...names }))
  }
  if (url.pathname.endsWith("/inventory")) return send(200, inventory)
  if (url.pathname !== "/app/installations") return send(200, installation)
  const page = Number(url.searchParams.get("page") ?? 0)
  const next = `http://${request.headers.host}/app/installations?limit=${limit}&page=${page + 1}`
  return send(200, pageBody(page), page + 1 < pageCount ? { link: `<${next}>; rel="next"` } : {})
})

server.listen(Number(values.port), "127.0.0.1", () => {
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the server has no port")
  writeFileSync(values["key-file"], privateKeyPem, { mode: 0o600 })
  console.log(JSON.stringify({ baseUrl: `http://127.0.0.1:${address.port}`, appId, installationIds }))
})
