/**
 * Row 4: one installation over HTTP, authorised and decoded, the server and each contender in a process of its own.
 *
 * Beside octokit "doing the same": its own request function over the same transport, with a time limit for each request
 * and the answer decoded, which is what the row is about. Without these it is in the table too, with no target.
 */
import { Installation } from "@effect-icr/app/domain/Installation"
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { request } from "@octokit/request"
import { NodeHttpClient } from "@effect/platform-node"
import { Effect, type Layer, ManagedRuntime, Schema, Tracer } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import jsonwebtoken from "jsonwebtoken"
import nodeFetch from "node-fetch"
import { Agent, fetch as undiciFetch, request as undiciRequest } from "undici"
import type { Row } from "../rows.ts"
import { apart, type Runner } from "../support/apart.ts"
import { ours } from "../support/clients.ts"
import { beside, type Finding, type Target } from "../support/finding.ts"
import { repeatAsync, repeatEffect } from "../support/loop.ts"
import { compare, type Effort } from "../support/measure.ts"
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

type Factory = (registry: Registry) => Promise<Runner> | Runner

const promised =
  (one: () => Promise<unknown>): Runner =>
  (width, operations) =>
    repeatAsync(width, one)(operations)

const onFibers =
  <R, E>(runtime: ManagedRuntime.ManagedRuntime<R, E>, one: Effect.Effect<unknown, unknown, R>): Runner =>
  (width, operations) =>
    runtime.runPromise(repeatEffect(width, operations, () => one))

const decode = Schema.decodeUnknownSync(Installation)

/** What those send that are given no key. */
const given = ({ appId, baseUrl, installationIds, privateKey }: Registry) => {
  const now = Math.floor(Date.now() / 1000)
  const jwt = jsonwebtoken.sign({ iss: appId, iat: now - 60, exp: now + 540 }, privateKey, { algorithm: "RS256" })
  const headers = { authorization: `Bearer ${jwt}`, accept: "application/json", "x-icr-api-version": "2023-06-16" }
  const path = `/app/installations/${installationIds[0]}`
  return { url: baseUrl + path, headers, path, octokit: request.defaults({ baseUrl, headers }) }
}

const oursOver =
  (layer: Layer.Layer<HttpClient.HttpClient>, isTraced: boolean): Factory =>
  async ({ appId, baseUrl, installationIds, privateKey }) => {
    const { app, runtime } = await ours(appId, layer, { baseUrl, privateKey })
    const one = app.installation(InstallationId.make(installationIds[0] ?? ""))
    return onFibers(runtime, isTraced ? Effect.withTracer(one, tracer) : one)
  }

const effectOver =
  (layer: Layer.Layer<HttpClient.HttpClient>): Factory =>
  async (registry) => {
    const { headers, url } = given(registry)
    const runtime = ManagedRuntime.make(layer)
    const client = await runtime.runPromise(HttpClient.HttpClient.pipe(Effect.map(HttpClient.filterStatusOk)))
    const one = client.get(url, { headers }).pipe(
      Effect.flatMap(({ text }) => text),
      Effect.map((text) => decode(JSON.parse(text))),
      Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
    )
    return onFibers(runtime, one)
  }

const factories = new Map<string, Factory>([
  [
    "undici by hand",
    (registry) => {
      const { headers, url } = given(registry)
      const dispatcher = new Agent()
      return promised(async () => {
        const { body, statusCode } = await undiciRequest(url, { headers, dispatcher })
        const text = await body.text()
        if (statusCode !== 200) throw new Error(`status ${statusCode}`)
        return decode(JSON.parse(text))
      })
    }
  ],
  [
    "fetch by hand",
    (registry) => {
      const { headers, url } = given(registry)
      return promised(async () => {
        const answer = await fetch(url, { headers })
        if (answer.status !== 200) throw new Error(`status ${answer.status}`)
        return decode(JSON.parse(await answer.text()))
      })
    }
  ],
  [
    "@octokit/request, not decoded, no time limit",
    (registry) => {
      const { octokit, path } = given(registry)
      return promised(() => octokit(`GET ${path}`))
    }
  ],
  ["ours over undici, every call traced", oursOver(NodeHttpClient.layerUndici, true)],
  ...transports.flatMap(({ fetch, layer, over }): ReadonlyArray<readonly [string, Factory]> => [
    [`ours over ${over}`, oursOver(layer, false)],
    [`Effect's client over ${over}`, effectOver(layer)],
    [
      `@octokit/request over ${over}, doing the same`,
      (registry) => {
        const { octokit, path } = given(registry)
        return promised(async () => {
          const { data } = await octokit(`GET ${path}`, { request: { fetch, signal: AbortSignal.timeout(10_000) } })
          return decode(data)
        })
      }
    ]
  ])
])

/** Makes one of them, in the process that is its own. */
export const contender = (name: string, registry: Registry): Promise<Runner> | Runner => {
  const make = factories.get(name)
  if (make === undefined) throw new Error(`no contender is named ${name}`)
  return make(registry)
}

interface Group {
  readonly over: string
  readonly also: ReadonlyArray<string>
  readonly peers: ReadonlyArray<string>
}

/** What is compared with each other, one group after the other: the fewer take turns, the less of the machine's whims they see. */
const groups = transports.map(({ over }): Group => {
  const sameAsOurs = [`Effect's client over ${over}`, `@octokit/request over ${over}, doing the same`]
  switch (over) {
    case "undici":
      return { over, also: ["ours over undici, every call traced"], peers: ["undici by hand", ...sameAsOurs] }
    case "fetch":
      return { over, also: [], peers: ["fetch by hand", ...sameAsOurs, "@octokit/request, not decoded, no time limit"] }
    default:
      return { over, also: [], peers: sameAsOurs }
  }
})

const namesOf = ({ also, over, peers }: Group) => [`ours over ${over}`, ...also, ...peers]

const targetOf = (over: string, peer: string, overUndici: Target): Target =>
  peer === "undici by hand"
    ? overUndici
    : peer === `@octokit/request over ${over}, doing the same`
      ? { fasterBy: 1 }
      : undefined

/**
 * 64 at a time the simulator is what is waited for, whoever asks, so there what the asking process spends is compared. It comes
 * first, since it takes thousands of calls until the compiler is done, and they are made in less time that way.
 */
const ways = [
  { work: "64 at a time, processor time", width: 64, by: "processor", warmUp: 1500, overUndici: { atMost: 1.8 } },
  { work: "1 at a time", width: 1, by: "wall", warmUp: 500, overUndici: { atMost: 1.3 } }
] as const

type Way = (typeof ways)[number]

const measure = async (
  server: string,
  start: (installations: number) => Promise<Registry>,
  ways: ReadonlyArray<Way>,
  groups: ReadonlyArray<Group>,
  effort: Effort,
  isTarget: boolean
): Promise<ReadonlyArray<Finding>> => {
  const registry = await start(10)
  const all = await apart(import.meta.url, [...new Set(groups.flatMap(namesOf))], registry)
  const findings: Array<Finding> = []
  for (const { by, overUndici, warmUp, width, work } of ways) {
    for (const group of groups) {
      const { also, over, peers } = group
      const first = `ours over ${over}`
      const names = new Set(namesOf(group))
      const contenders = all.at(width, by).filter(({ name }) => names.has(name))
      const timings = await compare(contenders, { warmUp, ...effort, by })
      const line = (name: string, peer: string, target?: Target) =>
        beside({ row: 4, work: `GET + decode, ${work}, ${server}: ${name}`, target }, timings, name, peer)
      findings.push(
        ...peers.map((peer) => line(first, peer, isTarget ? targetOf(over, peer, overUndici) : undefined)),
        ...also.map((name) => line(name, first))
      )
    }
  }
  all.stop()
  await registry.stop()
  return findings
}

/** The targets are for the simulator; a server that does next to nothing shows what a client costs by itself. */
export const run: Row["run"] = async (effort) => {
  if (effort.quick === true) {
    const withTarget = groups.map(({ over, peers }) => {
      return { over, also: [], peers: peers.filter((peer) => targetOf(over, peer, { atMost: 1 }) !== undefined) }
    })
    return measure("simulator", simulator, ways, withTarget, effort, true)
  }
  // So long at a time that a process finds its caches again: a program that makes many calls does not share them with twelve others.
  const inFull = await measure("simulator", simulator, ways, groups, { ...effort, millis: 2 * effort.millis }, true)
  const few = { ...effort, rounds: 7, warmUp: 300 }
  return [...inFull, ...(await measure("replaying server", replaying, ways.slice(0, 1), groups, few, false))]
}
