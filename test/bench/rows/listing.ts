/** Row 5: listing 10,000 installations, 50 to a page, and what is held meanwhile. */
import { setImmediate } from "node:timers/promises"
import { InstallationPage } from "@effect-icr/app/domain/Installation"
import { Octokit } from "@octokit/core"
import { composePaginateRest } from "@octokit/plugin-paginate-rest"
import { NodeHttpClient } from "@effect/platform-node"
import { Effect, Schema, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import jsonwebtoken from "jsonwebtoken"
import { fetch as undiciFetch } from "undici"
import type { Row } from "../rows.ts"
import { ours } from "../support/clients.ts"
import { beside, type Finding, type Target } from "../support/finding.ts"
import { compare, spread } from "../support/measure.ts"
import { type Registry, replaying } from "../support/registry.ts"

/** Effect's transports, and the `fetch` that takes octokit over the same one. */
const transports = [
  { over: "fetch", layer: FetchHttpClient.layer, fetch: globalThis.fetch },
  { over: "undici", layer: NodeHttpClient.layerUndici, fetch: undiciFetch }
] as const

const decoding = (over: string) => `@octokit/plugin-paginate-rest over ${over}, decoded`
const asItComes = "@octokit/plugin-paginate-rest over fetch, not decoded"

const decode = Schema.decodeUnknownSync(InstallationPage)

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

const pageCount = 1200
const lookEvery = 30

/** Walks a long list, looks at what is held on the way, and tells the first quarter of the walk from the last. */
const walk = async ({ app, runtime }: Awaited<ReturnType<typeof ours>>) => {
  const before = await held()
  const looks: Array<number> = []
  let seen = 0
  // Right after a page has come, with all of it in hand.
  const look = Effect.promise(async () => looks.push((await held()) - before))
  await runtime.runPromise(
    Stream.runForEach(app.installations, () =>
      Effect.suspend(() => (seen++ % (lookEvery * pageSize) === 0 ? look : Effect.void))
    )
  )
  if (seen !== pageCount * pageSize) throw new Error(`${seen} installations were listed`)
  const quarter = looks.length / 4
  // Nothing of the connection is there yet when the first page comes.
  return { first: spread(looks.slice(1, quarter + 1)).median, last: spread(looks.slice(-quarter)).median }
}

const mebibytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(2)} MiB`

/**
 * Within one walk, since what an earlier walk leaves to be collected moves the next one's start by as much as a page; with
 * looks at even distances, since every look has the engine throw away code. What a walk holds, a page and what its client
 * and its socket need, is less than 200 KiB and goes up and down by 60 KiB with the engine's code alone, so a ratio of two
 * looks says little. What stays behind with a page does: one installation that stayed would be 1,600 bytes.
 */
const memory = async (rounds: number): Promise<Finding> => {
  const server = await replaying(pageCount * pageSize)
  const client = await ours(server.appId, FetchHttpClient.layer, server)
  const walks: Array<Awaited<ReturnType<typeof walk>>> = []
  // The first walks are not kept: code that becomes hot on the way is held as well.
  for (let round = -2; round < rounds; round++) {
    const result = await walk(client)
    if (round >= 0) walks.push(result)
  }
  await server.stop()
  const [first, last] = [walks.map((one) => one.first), walks.map((one) => one.last)]
  const pagesBetween = (pageCount * 3) / 4
  const stays = spread(walks.map((one) => (one.last - one.first) / pagesBetween)).median
  return {
    row: 5,
    work: `what stays behind with every page, ${pageCount.toLocaleString("en")} pages`,
    beside: "",
    ours: `${stays.toFixed(0)} B`,
    theirs: "",
    result: `${mebibytes(spread(first).median)} → ${mebibytes(spread(last).median)} held`,
    target: "≤ 100 B",
    met: stays <= 100,
    figures: { first, last }
  }
}

export const run: Row["run"] = async (effort) => {
  const total = effort.quick === true ? 2000 : 10_000
  const registry = await replaying(total)
  const peer = octokit(registry)
  const listed = (count: number) => {
    if (count !== total) throw new Error(`${count} installations were listed`)
  }

  /** octokit's iterator over the pages, and what a program does with each. */
  const octokitOver =
    (fetch: unknown, installationsIn: (data: unknown) => ReadonlyArray<unknown>): (() => Promise<void>) =>
    async () => {
      let count = 0
      const first = { list: "installations", limit: pageSize, page: 0, request: { fetch } }
      const pages = composePaginateRest.iterator<unknown>(peer, "GET /app/{list}", first)
      for await (const { data } of pages) count += installationsIn(data).length
      listed(count)
    }

  const contenders = await Promise.all(
    transports.map(async ({ fetch, layer, over }) => {
      const { app, runtime } = await ours(registry.appId, layer, registry)
      return [
        {
          name: `ours over ${over}`,
          run: async () => listed(await runtime.runPromise(Stream.runCount(app.installations)))
        },
        { name: decoding(over), run: octokitOver(fetch, (data) => decode(data).installations) }
      ]
    })
  )
  const timings = await compare(
    [...contenders.flat(), { name: asItComes, run: octokitOver(fetch, (data) => Object(data).installations) }],
    { ...effort, millis: 0 }
  )
  await registry.stop()
  const work = `list ${total.toLocaleString("en")} installations`
  const line = (over: string, peer: string, target?: Target) =>
    beside({ row: 5, work: `${work}, ours over ${over}`, target }, timings, `ours over ${over}`, peer)
  return [
    ...transports.map(({ over }) => line(over, decoding(over), { atMost: 1 })),
    line("fetch", asItComes),
    ...(effort.quick === true ? [] : [await memory(7)])
  ]
}
