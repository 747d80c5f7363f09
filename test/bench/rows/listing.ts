/** Row 5: listing 10,000 installations, 50 to a page, and what is held meanwhile. */
import { Octokit } from "@octokit/core"
import { composePaginateRest } from "@octokit/plugin-paginate-rest"
import { NodeHttpClient } from "@effect/platform-node"
import { Effect, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import jsonwebtoken from "jsonwebtoken"
import type { Row } from "../rows.ts"
import { ours } from "../support/clients.ts"
import { beside, type Finding } from "../support/finding.ts"
import { compare, spread } from "../support/measure.ts"
import { type Registry, replaying } from "../support/registry.ts"

const transports = [
  ["ours over fetch", FetchHttpClient.layer],
  ["ours over undici", NodeHttpClient.layerUndici]
] as const

const octokit = ({ appId, baseUrl, privateKey }: Registry) => {
  const now = Math.floor(Date.now() / 1000)
  const jwt = jsonwebtoken.sign({ iss: appId, iat: now - 60, exp: now + 540 }, privateKey, { algorithm: "RS256" })
  return new Octokit({ baseUrl, auth: jwt })
}

const pageSize = 50

/** Walks the whole list; now and then, right after a page has come, looks at what is held. */
const peakHeap = async ({ app, runtime }: Awaited<ReturnType<typeof ours>>, looks: number, total: number) => {
  const held = () => {
    globalThis.gc?.()
    return process.memoryUsage().heapUsed
  }
  const every = Math.max(1, Math.floor(total / pageSize / looks)) * pageSize
  const before = held()
  let peak = 0
  let seen = 0
  await runtime.runPromise(
    Stream.runForEach(app.installations, () =>
      Effect.sync(() => {
        if (seen++ % every === 0) peak = Math.max(peak, held() - before)
      })
    )
  )
  if (seen !== total) throw new Error(`${seen} installations were listed`)
  return peak
}

const mebibytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(2)} MiB`

const memory = async (rounds: number): Promise<Finding> => {
  const [few, many] = [1000, 20_000]
  const servers = await Promise.all([replaying(few), replaying(many)])
  const [short, long] = await Promise.all(servers.map((server) => ours(server.appId, FetchHttpClient.layer, server)))
  if (short === undefined || long === undefined) throw new Error("there are two servers")
  const peaks: { readonly few: Array<number>; readonly many: Array<number> } = { few: [], many: [] }
  // The first walks are not kept: code that becomes hot on the way is held as well.
  for (let round = -2; round < rounds; round++) {
    const [atFew, atMany] = [await peakHeap(short, 20, few), await peakHeap(long, 20, many)]
    if (round < 0) continue
    peaks.few.push(atFew)
    peaks.many.push(atMany)
  }
  await Promise.all(servers.map(({ stop }) => stop()))
  const [atFew, atMany] = [spread(peaks.few).median, spread(peaks.many).median]
  return {
    row: 5,
    work: "peak of what is held, 400 pages",
    beside: "20 pages",
    ours: mebibytes(atMany),
    theirs: mebibytes(atFew),
    result: `${(atMany / atFew).toFixed(2)}×`,
    target: "flat (≤ 1.2×)",
    met: atMany <= atFew * 1.2,
    figures: peaks
  }
}

export const run: Row["run"] = async (effort) => {
  const registry = await replaying(10_000)
  const peer = octokit(registry)
  const contenders = await Promise.all(
    transports.map(async ([name, layer]) => {
      const { app, runtime } = await ours(registry.appId, layer, registry)
      return {
        name,
        run: async () => {
          const count = await runtime.runPromise(Stream.runCount(app.installations))
          if (count !== 10_000) throw new Error(`${count} installations were listed`)
        }
      }
    })
  )
  const timings = await compare(
    [
      ...contenders,
      {
        name: "@octokit/plugin-paginate-rest",
        run: async () => {
          let count = 0
          const first = { list: "installations", limit: pageSize, page: 0 }
          const pages = composePaginateRest.iterator<{ installations: ReadonlyArray<unknown> }>(
            peer,
            "GET /app/{list}",
            first
          )
          for await (const { data } of pages) count += Object(data).installations.length
          if (count !== 10_000) throw new Error(`${count} installations were listed`)
        }
      }
    ],
    { ...effort, millis: 0 }
  )
  await registry.stop()
  return [
    ...transports.map(([name]) =>
      beside(
        { row: 5, work: `list 10,000 installations, ${name}`, target: { fasterBy: 1 } },
        timings,
        name,
        "@octokit/plugin-paginate-rest"
      )
    ),
    ...(effort.quick === true ? [] : [await memory(7)])
  ]
}
