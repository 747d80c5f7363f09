/**
 * Row 4: one installation over HTTP, authorised and decoded, the server in another process.
 *
 * Beside octokit "doing the same": its own request function over the same transport, with a time limit for each request
 * and the answer decoded, which is what the row is about. Without these it is in the table too, with no target.
 */
import { Installation } from "@effect-icr/app/domain/Installation"
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { request } from "@octokit/request"
import { NodeHttpClient } from "@effect/platform-node"
import { Effect, ManagedRuntime, Schema, Tracer } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import jsonwebtoken from "jsonwebtoken"
import nodeFetch from "node-fetch"
import { Agent, fetch as undiciFetch, request as undiciRequest } from "undici"
import type { Row } from "../rows.ts"
import { ours } from "../support/clients.ts"
import { beside, type Finding } from "../support/finding.ts"
import { repeatAsync, repeatEffect } from "../support/loop.ts"
import { compare, type Contender } from "../support/measure.ts"
import { type Registry, replaying, simulator } from "../support/registry.ts"

/** Effect's transports, and the `fetch` that takes octokit over the same one. */
const transports = [
  { over: "undici", layer: NodeHttpClient.layerUndici, fetch: undiciFetch },
  { over: "fetch", layer: FetchHttpClient.layer, fetch: globalThis.fetch },
  // As `node:http` itself is used by node-fetch. Without `keepAlive` Effect's opens a connection for each request.
  { over: "node:http", layer: NodeHttpClient.layerNodeHttpOptions({ keepAlive: true }), fetch: nodeFetch }
] as const

// Not the one that comes with Effect: for that one we open no span, since nobody would see it.
const tracer = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })

type Runner = (width: number) => Contender["run"]

const contenders = async (registry: Registry): Promise<ReadonlyMap<string, Runner>> => {
  const { appId, baseUrl, installationIds, privateKey } = registry
  const id = await Effect.runPromise(Schema.decodeUnknownEffect(InstallationId)(installationIds[0]))
  const now = Math.floor(Date.now() / 1000)
  const jwt = jsonwebtoken.sign({ iss: appId, iat: now - 60, exp: now + 540 }, privateKey, { algorithm: "RS256" })
  const headers = { authorization: `Bearer ${jwt}`, accept: "application/json", "x-icr-api-version": "2023-06-16" }
  const path = `/app/installations/${id}`
  const decode = Schema.decodeUnknownSync(Installation)
  const octokit = request.defaults({ baseUrl, headers })
  const dispatcher = new Agent()

  const all = new Map<string, Runner>()
  const promised = (name: string, one: () => Promise<unknown>) => all.set(name, (width) => repeatAsync(width, one))
  promised("undici by hand", async () => {
    const { body, statusCode } = await undiciRequest(baseUrl + path, { headers, dispatcher })
    const text = await body.text()
    if (statusCode !== 200) throw new Error(`status ${statusCode}`)
    return decode(JSON.parse(text))
  })
  promised("fetch by hand", async () => {
    const answer = await fetch(baseUrl + path, { headers })
    if (answer.status !== 200) throw new Error(`status ${answer.status}`)
    return decode(JSON.parse(await answer.text()))
  })
  promised("@octokit/request, not decoded, no time limit", () => octokit(`GET ${path}`))

  for (const { fetch, layer, over } of transports) {
    const { app, runtime } = await ours(appId, layer, { baseUrl, privateKey })
    const one = app.installation(id)
    const traced = Effect.withTracer(one, tracer)
    all.set(`ours over ${over}`, (width) => (count) => runtime.runPromise(repeatEffect(width, count, () => one)))
    if (over === "undici") {
      const name = `ours over ${over}, every call traced`
      all.set(name, (width) => (count) => runtime.runPromise(repeatEffect(width, count, () => traced)))
    }
    const bare = ManagedRuntime.make(layer)
    const client = await bare.runPromise(HttpClient.HttpClient.pipe(Effect.map(HttpClient.filterStatusOk)))
    const floor = client.get(baseUrl + path, { headers }).pipe(
      Effect.flatMap(({ text }) => text),
      Effect.map((text) => decode(JSON.parse(text))),
      Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
    )
    const name = `Effect's client over ${over}`
    all.set(name, (width) => (count) => bare.runPromise(repeatEffect(width, count, () => floor)))
    promised(`@octokit/request over ${over}, doing the same`, async () => {
      const { data } = await octokit(`GET ${path}`, { request: { fetch, signal: AbortSignal.timeout(10_000) } })
      return decode(data)
    })
  }
  return all
}

export const run: Row["run"] = async (effort) => {
  const findings: Array<Finding> = []
  const servers = [
    ["simulator", simulator],
    ["replaying server", replaying]
  ] as const
  for (const [server, start] of effort.quick === true ? servers.slice(0, 1) : servers) {
    const registry = await start(10)
    const all = await contenders(registry)
    for (const width of [1, 64]) {
      // The targets are for the simulator; a server that does next to nothing shows what a client costs by itself.
      const isTarget = start === simulator
      const timings = await compare(
        [...all].map(([name, run]) => ({ name, run: run(width) })),
        // Two processes that wait for each other meet the machine's whims more than one that works alone.
        isTarget && effort.quick !== true
          ? { ...effort, rounds: 2 * effort.rounds - 1, millis: 2 * effort.millis }
          : effort
      )
      const line = (name: string, peer: string, target?: { atMost: number } | { fasterBy: number }) =>
        beside(
          {
            row: 4,
            work: `GET + decode, ${width} at a time, ${server}: ${name}`,
            target: isTarget ? target : undefined
          },
          timings,
          name,
          peer
        )
      findings.push(
        line("ours over undici", "undici by hand", { atMost: width === 1 ? 1.3 : 1.8 }),
        line("ours over undici, every call traced", "undici by hand"),
        line("ours over fetch", "fetch by hand"),
        ...transports.map(({ over }) => line(`ours over ${over}`, `Effect's client over ${over}`)),
        ...transports.map(({ over }) =>
          line(`ours over ${over}`, `@octokit/request over ${over}, doing the same`, { fasterBy: 1 })
        ),
        ...transports.map(({ over }) => line(`ours over ${over}`, "@octokit/request, not decoded, no time limit"))
      )
    }
    await registry.stop()
  }
  return findings
}
