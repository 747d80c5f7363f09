/** Row 4: one installation over HTTP, authorised and decoded, the server in another process. */
import { Installation } from "@effect-icr/app/domain/Installation"
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { request } from "@octokit/request"
import { NodeHttpClient } from "@effect/platform-node"
import { Effect, ManagedRuntime, Schema } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import jsonwebtoken from "jsonwebtoken"
import { Agent, request as undiciRequest } from "undici"
import type { Row } from "../rows.ts"
import { ours } from "../support/clients.ts"
import { beside, type Finding } from "../support/finding.ts"
import { repeatAsync, repeatEffect } from "../support/loop.ts"
import { compare } from "../support/measure.ts"
import { type Registry, replaying, simulator } from "../support/registry.ts"

const transports = [
  ["ours over undici", NodeHttpClient.layerUndici],
  ["ours over fetch", FetchHttpClient.layer],
  ["ours over node:http", NodeHttpClient.layerNodeHttp]
] as const

const contenders = async (registry: Registry) => {
  const { appId, baseUrl, installationIds, privateKey } = registry
  const id = await Effect.runPromise(Schema.decodeUnknownEffect(InstallationId)(installationIds[0]))
  const now = Math.floor(Date.now() / 1000)
  const jwt = jsonwebtoken.sign({ iss: appId, iat: now - 60, exp: now + 540 }, privateKey, { algorithm: "RS256" })
  const headers = { authorization: `Bearer ${jwt}`, accept: "application/json", "x-icr-api-version": "2023-06-16" }
  const path = `/app/installations/${id}`
  const decode = Schema.decodeUnknownSync(Installation)
  const octokit = request.defaults({ baseUrl, headers })
  const dispatcher = new Agent()

  const byHand = [
    {
      name: "undici by hand",
      one: async () => {
        const { body, statusCode } = await undiciRequest(baseUrl + path, { headers, dispatcher })
        const text = await body.text()
        if (statusCode !== 200) throw new Error(`status ${statusCode}`)
        return decode(JSON.parse(text))
      }
    },
    {
      name: "fetch by hand",
      one: async () => {
        const answer = await fetch(baseUrl + path, { headers })
        if (answer.status !== 200) throw new Error(`status ${answer.status}`)
        return decode(JSON.parse(await answer.text()))
      }
    },
    { name: "@octokit/request", one: () => octokit(`GET ${path}`) }
  ]
  const apps = await Promise.all(
    transports.map(async ([name, layer]) => ({ name, ...(await ours(appId, layer, { baseUrl, privateKey })) }))
  )
  const floors = await Promise.all(
    [
      ["Effect's client over undici", NodeHttpClient.layerUndici] as const,
      ["Effect's client over fetch", FetchHttpClient.layer] as const
    ].map(async ([name, layer]) => {
      const runtime = ManagedRuntime.make(layer)
      const client = await runtime.runPromise(HttpClient.HttpClient.pipe(Effect.map(HttpClient.filterStatusOk)))
      const one = client.get(baseUrl + path, { headers }).pipe(
        Effect.flatMap(({ text }) => text),
        Effect.map((text) => decode(JSON.parse(text))),
        Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
      )
      return {
        name,
        run: (width: number, operations: number) => runtime.runPromise(repeatEffect(width, operations, () => one))
      }
    })
  )
  return (width: number) => [
    ...floors.map(({ name, run }) => ({ name, run: (operations: number) => run(width, operations) })),
    ...apps.map(({ app, name, runtime }) => ({
      name,
      run: (operations: number) => runtime.runPromise(repeatEffect(width, operations, () => app.installation(id)))
    })),
    ...byHand.map(({ name, one }) => ({ name, run: repeatAsync(width, one) }))
  ]
}

export const run: Row["run"] = async (effort) => {
  const findings: Array<Finding> = []
  const servers = [
    ["simulator", simulator],
    ["replaying server", replaying]
  ] as const
  for (const [server, start] of effort.quick === true ? servers.slice(0, 1) : servers) {
    const registry = await start(10)
    const at = await contenders(registry)
    for (const width of [1, 64]) {
      const timings = await compare(at(width), { ...effort, millis: effort.millis })
      const line = (name: string) => ({ row: 4, work: `GET + decode, ${width} at a time, ${server}: ${name}` })
      const undici = line("ours over undici")
      // The targets are for the simulator; a server that does next to nothing shows what a client costs by itself.
      const isTarget = start === simulator
      const overUndici = isTarget ? { atMost: width === 1 ? 1.3 : 1.8 } : undefined
      const thanOctokit = isTarget ? { fasterBy: 1 } : undefined
      findings.push(
        beside({ ...undici, target: overUndici }, timings, "ours over undici", "undici by hand"),
        beside(line("ours over fetch"), timings, "ours over fetch", "fetch by hand"),
        beside(undici, timings, "ours over undici", "Effect's client over undici"),
        beside(line("ours over fetch"), timings, "ours over fetch", "Effect's client over fetch"),
        ...transports.map(([name]) => beside({ ...line(name), target: thanOctokit }, timings, name, "@octokit/request"))
      )
    }
    await registry.stop()
  }
  return findings
}
