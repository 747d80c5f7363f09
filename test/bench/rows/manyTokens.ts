/** Row 7: what a cached token costs in memory, and how the time to read one grows with their number. */
import type { InstallationAccessToken } from "@effect-icr/app/domain/AccessToken"
import { InstallationId } from "@effect-icr/app/domain/Ids"
import { TokenCache } from "@effect-icr/app/TokenCache"
import { Effect, ManagedRuntime, Schema } from "effect"
import { LRUCache } from "lru-cache"
import { randomUUID } from "node:crypto"
import type { Row } from "../rows.ts"
import type { Finding } from "../support/finding.ts"
import { memory, time, times } from "../support/finding.ts"
import { quantile, spread } from "../support/measure.ts"
import { tokenCache } from "../support/tokenCache.ts"
import { bodies } from "../support/wire.ts"

const sizes = [1_000, 10_000, 100_000]
const readsPerRound = 20_000

const heap = () => {
  for (let pass = 0; pass < 3; pass++) globalThis.gc?.()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Random reads, the same ones in every round. */
const randomOrder = (size: number): ReadonlyArray<number> => {
  let state = 42
  return Array.from({ length: readsPerRound }, () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) % size)
}

/**
 * The 99th percentile of single reads, in nanoseconds; a look at the clock is included. A program has just got the id with a
 * request, so it is looked at before the time is taken: else fetching one of 100,000 texts from memory would count as reading.
 */
const p99 = async (
  order: ReadonlyArray<number>,
  idOf: (index: number) => InstallationId,
  read: (id: InstallationId) => Effect.Effect<unknown, unknown>
) => {
  const samples: Array<number> = []
  let seen = 0
  const reading = Effect.gen(function* () {
    for (const index of order) {
      const id = idOf(index)
      seen += id.length
      const start = performance.now()
      yield* read(id)
      samples.push((performance.now() - start) * 1e6)
    }
  })
  await Effect.runPromise(reading)
  if (seen === 0) throw new Error("ids are not empty")
  return quantile(samples, 0.99)
}

const filled = ({ installationToken }: TokenCache["Service"], ids: ReadonlyArray<InstallationId>) =>
  Effect.runPromise(Effect.forEach(ids, (id) => installationToken(id)))

const make = async (size: number, body: string) => {
  const open = async () => {
    const runtime = ManagedRuntime.make(tokenCache(body, size))
    return { runtime, cache: await runtime.runPromise(TokenCache) }
  }
  let held: Awaited<ReturnType<typeof open>> | undefined = await open()
  const decodeId = Schema.decodeUnknownSync(InstallationId)
  const ids = Array.from({ length: size }, () => decodeId(randomUUID()))
  const idOf = (index: number) => ids[index] ?? decodeId("")
  const tokens = await filled(held.cache, ids)
  const before = heap()
  const lru = new LRUCache<string, InstallationAccessToken>({ max: size, ttl: 7_200_000 })
  for (const [index, token] of tokens.entries()) lru.set(idOf(index), token)
  const lruBytes = (heap() - before) / size
  return {
    size,
    order: randomOrder(size),
    tokens,
    lruBytes,
    /** Lets the cache go, and keeps the tokens. */
    drop: async () => {
      await held?.runtime.dispose()
      held = undefined
    },
    idOf,
    ours: (id: InstallationId) => held?.cache.installationToken(id) ?? Effect.die("the cache is gone"),
    lru: (id: InstallationId) => Effect.sync(() => lru.get(id)),
    samples: { ours: new Array<number>(), lru: new Array<number>() }
  }
}

export const run: Row["run"] = async ({ quick, rounds }) => {
  const { token } = await bodies({ installations: 1 }, 50)
  const caches = []
  // To fill the largest one takes longer than all the rest.
  for (const size of quick === true ? sizes.slice(0, 2) : sizes) caches.push(await make(size, token))

  for (let round = -2; round < rounds; round++) {
    for (const { idOf, lru, order, ours, samples } of caches) {
      const [atOurs, atLru] = [await p99(order, idOf, ours), await p99(order, idOf, lru)]
      if (round < 0) continue
      samples.ours.push(atOurs)
      samples.lru.push(atLru)
    }
  }

  const findings: Array<Finding> = []
  const [smallest] = caches
  if (smallest === undefined) throw new Error("there are several caches")
  const base = smallest.samples
  for (const { samples, size } of caches.slice(1)) {
    const growths = (name: "ours" | "lru") =>
      samples[name].map((sample, round) => sample / (base[name][round] ?? Number.NaN))
    const lru = growths("lru")
    const ours = growths("ours")
    const compared = spread(ours.map((growth, round) => growth / (lru[round] ?? Number.NaN)))
    findings.push({
      row: 7,
      work: `p99 of reading one of ${size.toLocaleString("en")} tokens: growth from 1,000, ${time(spread(base.ours).median)} to ${time(spread(samples.ours).median)}`,
      beside: `lru-cache, ${time(spread(base.lru).median)} to ${time(spread(samples.lru).median)}`,
      ours: `${spread(ours).median.toFixed(2)}×`,
      theirs: `${spread(lru).median.toFixed(2)}×`,
      result: times(compared),
      target: "≤ 1.5×",
      met: compared.median <= 1.5,
      figures: { ours: samples.ours, atThousand: base.ours, lru: samples.lru, lruAtThousand: base.lru }
    })
  }

  // The tokens themselves stay: what goes with a cache is what the cache added to them.
  for (const { drop, lruBytes, size } of caches) {
    const before = heap()
    await drop()
    const oursBytes = (before - heap()) / size
    findings.push({
      row: 7,
      work: `memory a token beyond itself, ${size.toLocaleString("en")} cached`,
      beside: "lru-cache",
      ours: memory(oursBytes),
      theirs: memory(lruBytes),
      result: `${(oursBytes / lruBytes).toFixed(2)}×`,
      target: "≤ 1 KiB",
      met: oursBytes <= 1024,
      figures: { ours: oursBytes, lru: lruBytes }
    })
  }
  return findings
}
