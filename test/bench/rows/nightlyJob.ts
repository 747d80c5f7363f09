/**
 * Row 0: the nightly job. For each of 1,000 installations a new token and one read with it, 64 installations at a time, from
 * a registry whose answers take 20 ms; nothing is cached at the start, and no connection is open.
 */
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { schemaBodyJson } from "@effect-icr/app/IcrHttp"
import { createAppAuth } from "@octokit/auth-app"
import { request } from "@octokit/request"
import { NodeHttpClient } from "@effect/platform-node"
import { Effect, ManagedRuntime, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import jsonwebtoken from "jsonwebtoken"
import { Agent, request as undiciRequest } from "undici"
import type { Row } from "../rows.ts"
import { apart, type Runner } from "../support/apart.ts"
import { ours } from "../support/clients.ts"
import { beside } from "../support/finding.ts"
import { repeatAsync, repeatEffect } from "../support/loop.ts"
import { compare } from "../support/measure.ts"
import { type Registry, replaying } from "../support/registry.ts"

const latency = 20
const atATime = 64

/** What the job reads of an organization. */
const Inventory = Schema.Struct({
  organizationId: Schema.String,
  credits: Schema.Array(Schema.Struct({ serialization: Schema.String, amount: Schema.Finite }))
})
const decode = Schema.decodeUnknownSync(Inventory)

const Token = Schema.Struct({ token: Schema.String })
const decodeToken = Schema.decodeUnknownSync(Token)

const exchangeOf = (installationId: string) => `/app/installations/${installationId}/accessTokens`
const inventoryOf = (installationId: string) => `/organizations/${installationId}/inventory`

const names = {
  ours: "ours",
  undici: "the same by hand over undici",
  effect: "the same by hand over Effect's client",
  octokit: "@octokit/auth-app and @octokit/request"
} as const

/** What those send that sign for themselves: one JWT lasts for the whole job. */
const headersOf = (bearer: string) => ({
  authorization: `Bearer ${bearer}`,
  accept: "application/json",
  "x-icr-api-version": "2023-06-16"
})

const jobs = ({ appId, baseUrl, installationIds, privateKey }: Registry): ReadonlyMap<string, Runner> => {
  const idAt = (index: number) => InstallationId.make(installationIds[index] ?? "")

  const signed = () => {
    const now = Math.floor(Date.now() / 1000)
    return jsonwebtoken.sign({ iss: appId, iat: now - 60, exp: now + 540 }, privateKey, { algorithm: "RS256" })
  }

  const byOurs: Runner = async (width, installations) => {
    const { app, runtime } = await ours(appId, NodeHttpClient.layerUndici, { baseUrl, privateKey })
    const one = (index: number) => {
      const id = idAt(index)
      return Effect.flatMap(app.installationClient(id).get(inventoryOf(id)), schemaBodyJson(Inventory))
    }
    await runtime.runPromise(repeatEffect(width, installations, one))
    await runtime.dispose()
  }

  const byHand: Runner = async (width, installations) => {
    const dispatcher = new Agent()
    const jwt = signed()
    const send = async (method: "GET" | "POST", path: string, bearer: string): Promise<unknown> => {
      const options = { method, headers: headersOf(bearer), dispatcher }
      const { body, statusCode } = await undiciRequest(baseUrl + path, options)
      const text = await body.text()
      if (statusCode >= 300) throw new Error(`status ${statusCode}`)
      return JSON.parse(text)
    }
    await repeatAsync(width, async (index) => {
      const id = idAt(index)
      const { token } = decodeToken(await send("POST", exchangeOf(id), jwt))
      return decode(await send("GET", inventoryOf(id), token))
    })(installations)
    await dispatcher.close()
  }

  const byEffect: Runner = async (width, installations) => {
    const jwt = signed()
    const runtime = ManagedRuntime.make(NodeHttpClient.layerUndici)
    const client = await runtime.runPromise(HttpClient.HttpClient.pipe(Effect.map(HttpClient.filterStatusOk)))
    const send = (method: "GET" | "POST", path: string, bearer: string) => {
      const request = HttpClientRequest.make(method)(baseUrl + path, { headers: headersOf(bearer) })
      return Effect.flatMap(client.execute(request), ({ json }) => json)
    }
    const one = (index: number) => {
      const id = idAt(index)
      return send("POST", exchangeOf(id), jwt).pipe(
        Effect.flatMap((body) => send("GET", inventoryOf(id), decodeToken(body).token)),
        Effect.map(decode),
        Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
      )
    }
    await runtime.runPromise(repeatEffect(width, installations, one))
    await runtime.dispose()
  }

  const byOctokit: Runner = async (width, installations) => {
    const icr = request.defaults({ baseUrl, headers: { "x-icr-api-version": "2023-06-16" } })
    await repeatAsync(width, async (index) => {
      // octokit's ids are numbers
      const { hook } = createAppAuth({ appId, privateKey, installationId: index + 1, request: icr })
      const { data } = await icr(`GET ${inventoryOf(idAt(index))}`, { request: { hook } })
      return decode(data)
    })(installations)
  }

  return new Map([
    [names.ours, byOurs],
    [names.undici, byHand],
    [names.effect, byEffect],
    [names.octokit, byOctokit]
  ])
}

/** Makes one of them, in the process that is its own. */
export const contender = (name: string, registry: Registry): Runner => {
  const run = jobs(registry).get(name)
  if (run === undefined) throw new Error(`no contender is named ${name}`)
  return run
}

export const run: Row["run"] = async (effort) => {
  const isQuick = effort.quick === true
  const installations = isQuick ? 128 : 1000
  const chosen = Object.values(names).filter((name) => !isQuick || name !== names.effect)
  const registry = await replaying(installations, latency)
  const all = await apart(import.meta.url, chosen, registry)
  const timings = await compare(
    all.at(atATime, "wall").map(({ name, run }) => ({ name, run: () => run(installations) })),
    { ...effort, rounds: 7, millis: 0 }
  )
  all.stop()
  await registry.stop()
  const work = `nightly job: ${installations.toLocaleString("en")} installations, cold, ${latency} ms of network, ${atATime} at a time`
  return [
    beside({ row: 0, work, target: { atMost: 1.05 } }, timings, names.ours, names.undici),
    beside({ row: 0, work, target: { fasterBy: 1 } }, timings, names.ours, names.octokit),
    ...(isQuick ? [] : [beside({ row: 0, work }, timings, names.ours, names.effect)])
  ]
}
