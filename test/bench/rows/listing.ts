/** Row 5: listing 10,000 installations, 50 to a page, and what is held meanwhile. */
import { setImmediate } from "node:timers/promises"
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

/** What finalizers let go and what the runtime keeps for the current turn of the event loop is not held by anyone. */
const held = async () => {
  for (let turn = 0; turn < 2; turn++) {
    await setImmediate()
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed
}

/** Walks the whole list, and tells what is held at so many places on the way, each time right after a page has come. */
const walk = async ({ app, runtime }: Awaited<ReturnType<typeof ours>>, places: number, total: number) => {
  const every = Math.max(1, Math.floor(total / pageSize / places)) * pageSize
  const before = await held()
  const looks: Array<number> = []
  let seen = 0
  const look = Effect.promise(async () => looks.push((await held()) - before))
  await runtime.runPromise(
    Stream.runForEach(app.installations, () => Effect.suspend(() => (seen++ % every === 0 ? look : Effect.void)))
  )
  if (seen !== total) throw new Error(`${seen} installations were listed`)
  return looks
}

/**
 * The most that is held at any place, where a place counts by the median of the walks: what the list itself holds is there
 * in every walk, what the engine keeps for a while (machine code, what it learned about objects) now here, now there.
 */
const peak = (walks: ReadonlyArray<ReadonlyArray<number>>) =>
  Math.max(...(walks[0] ?? []).map((_, place) => spread(walks.map((looks) => looks[place] ?? 0)).median))

const mebibytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(2)} MiB`

/**
 * Ten times the pages. A walk holds one page and what its client and its socket need, less than 200 KiB: 100 bytes that
 * stayed behind with every page would double that.
 */
const memory = async (rounds: number): Promise<Finding> => {
  const [few, many] = [10_000, 100_000]
  const servers = await Promise.all([replaying(few), replaying(many)])
  const [short, long] = await Promise.all(servers.map((server) => ours(server.appId, FetchHttpClient.layer, server)))
  if (short === undefined || long === undefined) throw new Error("there are two servers")
  const walks: { readonly few: Array<Array<number>>; readonly many: Array<Array<number>> } = { few: [], many: [] }
  // The first walks are not kept: code that becomes hot on the way is held as well.
  for (let round = -2; round < rounds; round++) {
    const [ofFew, ofMany] = [await walk(short, 20, few), await walk(long, 20, many)]
    if (round < 0) continue
    walks.few.push(ofFew)
    walks.many.push(ofMany)
  }
  await Promise.all(servers.map(({ stop }) => stop()))
  const [atFew, atMany] = [peak(walks.few), peak(walks.many)]
  return {
    row: 5,
    work: "peak of what is held, 2,000 pages",
    beside: "200 pages",
    ours: mebibytes(atMany),
    theirs: mebibytes(atFew),
    result: `${(atMany / atFew).toFixed(2)}×`,
    target: "flat (≤ 1.2×)",
    met: atMany <= atFew * 1.2,
    figures: { few: walks.few.flat(), many: walks.many.flat() }
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
    ...(effort.quick === true ? [] : [await memory(5)])
  ]
}
