/**
 * The contenders of row 4: each gets one installation and decodes it with the same schema.
 *
 * octokit "doing the same" has the same transport, a time limit for each request, and its answer is decoded. As it comes it
 * does neither, and is measured too.
 */
import { Installation } from "@effect-icr/app/domain/Installation"
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { request } from "@octokit/request"
import { NodeHttpClient } from "@effect/platform-node"
import { Effect, Layer, ManagedRuntime, Schema, Tracer } from "effect"
import { FetchHttpClient, HttpClient, HttpClientResponse } from "effect/http"
import jsonwebtoken from "jsonwebtoken"
import nodeFetch from "node-fetch"
import { Agent, fetch as undiciFetch, request as undiciRequest } from "undici"
import type { Runner } from "../support/apart.ts"
import { ours } from "../support/clients.ts"
import { repeatAsync, repeatEffect } from "../support/loop.ts"
import type { Registry } from "../support/registry.ts"

/** What a contender works on; `answer` is what those in memory are answered. */
export interface Input extends Omit<Registry, "stop"> {
  readonly answer: string
}

/** Effect's transports, and the `fetch` that takes octokit over the same one. */
export const transports = [
  { over: "undici", layer: NodeHttpClient.layerUndici, fetch: undiciFetch },
  { over: "fetch", layer: FetchHttpClient.layer, fetch: globalThis.fetch },
  // node-fetch uses `node:http`. Without `keepAlive` Effect's opens a connection for each request.
  { over: "node:http", layer: NodeHttpClient.layerNodeHttpOptions({ keepAlive: true }), fetch: nodeFetch }
] as const

/** The names of the contenders. */
export const names = {
  ours: (over: string) => `ours over ${over}`,
  effect: (over: string) => `Effect's client over ${over}`,
  octokit: (over: string) => `@octokit/request over ${over}, doing the same`,
  octokitAsItComes: "@octokit/request, not decoded, no time limit",
  traced: "ours over undici, every call traced",
  undici: "undici by hand",
  fetch: "fetch by hand",
  oursInMemory: "ours",
  effectInMemory: "Effect's client"
} as const

// Not the tracer that comes with Effect: for that one we open no span, since nobody would see it.
const tracer = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })

type Factory = (input: Input) => Promise<Runner> | Runner

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
const given = ({ appId, baseUrl, installationIds, privateKey }: Input) => {
  const now = Math.floor(Date.now() / 1000)
  const jwt = jsonwebtoken.sign({ iss: appId, iat: now - 60, exp: now + 540 }, privateKey, { algorithm: "RS256" })
  const headers = { authorization: `Bearer ${jwt}`, accept: "application/json", "x-icr-api-version": "2023-06-16" }
  const path = `/app/installations/${installationIds[0]}`
  return { url: baseUrl + path, headers, path, octokit: request.defaults({ baseUrl, headers }) }
}

type Transport = (input: Input) => Layer.Layer<HttpClient.HttpClient>

/** Answers at once, without a socket. */
const inMemory: Transport = ({ answer }) =>
  Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) =>
      Effect.sync(() =>
        HttpClientResponse.fromWeb(
          request,
          new Response(answer, { headers: { "content-type": "application/json", date: new Date().toUTCString() } })
        )
      )
    )
  )

const oursOver =
  (transport: Transport, isTraced = false): Factory =>
  async (input) => {
    const { appId, baseUrl, installationIds, privateKey } = input
    const { app, runtime } = await ours(appId, transport(input), { baseUrl, privateKey })
    const one = app.installation(InstallationId.make(installationIds[0] ?? ""))
    return onFibers(runtime, isTraced ? Effect.withTracer(one, tracer) : one)
  }

const effectOver =
  (transport: Transport): Factory =>
  async (input) => {
    const { headers, url } = given(input)
    const runtime = ManagedRuntime.make(transport(input))
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
    names.undici,
    (input) => {
      const { headers, url } = given(input)
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
    names.fetch,
    (input) => {
      const { headers, url } = given(input)
      return promised(async () => {
        const answer = await fetch(url, { headers })
        if (answer.status !== 200) throw new Error(`status ${answer.status}`)
        return decode(JSON.parse(await answer.text()))
      })
    }
  ],
  [
    names.octokitAsItComes,
    (input) => {
      const { octokit, path } = given(input)
      return promised(() => octokit(`GET ${path}`))
    }
  ],
  [names.traced, oursOver(() => NodeHttpClient.layerUndici, true)],
  [names.oursInMemory, oursOver(inMemory)],
  [names.effectInMemory, effectOver(inMemory)],
  ...transports.flatMap(({ fetch, layer, over }): ReadonlyArray<readonly [string, Factory]> => [
    [names.ours(over), oursOver(() => layer)],
    [names.effect(over), effectOver(() => layer)],
    [
      names.octokit(over),
      (input) => {
        const { octokit, path } = given(input)
        return promised(async () => {
          const { data } = await octokit(`GET ${path}`, { request: { fetch, signal: AbortSignal.timeout(10_000) } })
          return decode(data)
        })
      }
    ]
  ])
])

/** Makes one of them, in the process that is its own. */
export const contender = (name: string, input: Input): Promise<Runner> | Runner => {
  const make = factories.get(name)
  if (make === undefined) throw new Error(`no contender is named ${name}`)
  return make(input)
}
