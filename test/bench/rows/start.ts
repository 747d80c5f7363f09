/** Row 8: a cold start up to the first token from the cache, and what the client adds to a bundle. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import type { Row } from "../rows.ts"
import { built } from "../support/built.ts"
import { gzipped, sizes } from "../support/bundle.ts"
import { beside, type Finding } from "../support/finding.ts"
import { compare, samplesOf, type Timings } from "../support/measure.ts"
import { type Registry, replaying } from "../support/registry.ts"

const programs = [
  ["ours", "ours.mjs"],
  ["the same Effect modules alone", "effectAlone.mjs"],
  ["@octokit/auth-app", "authApp.mjs"],
  ["@octokit/app", "octokitApp.mjs"],
  ["an empty program", "nothing.mjs"]
] as const

const starting = (
  folder: string,
  { appId, baseUrl, installationIds, privateKey }: Registry,
  chosen: ReadonlyArray<(typeof programs)[number]>
) => {
  const env = {
    ...process.env,
    ICR_APP_ID: appId,
    ICR_BASE_URL: baseUrl,
    ICR_PRIVATE_KEY: privateKey,
    INSTALLATION: installationIds[0]
  }
  return chosen.map(([name, file]) => ({
    name,
    run: async () => {
      const child = spawn(process.execPath, [join(folder, file)], { env, stdio: ["ignore", "ignore", "inherit"] })
      const [code] = await once(child, "exit")
      if (code !== 0) throw new Error(`${file} ended with ${code}`)
    }
  }))
}

/** Without what Node itself needs. */
const withoutNode = (timings: Timings): Timings => {
  const node = samplesOf(timings, "an empty program")
  return new Map(
    [...timings].map(([name, samples]) => [name, samples.map((sample, round) => sample - (node[round] ?? 0))])
  )
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} KB`

/** 24 KB for the first release, and 2 KB for all that came later. */
const most = 26_000

const bundle = async (folder: string): Promise<ReadonlyArray<Finding>> => {
  const { alone, own, whole } = await sizes(join(folder, "firstProgram.ts"), folder)
  const peers = [
    ["@octokit/auth-app", await gzipped(join(folder, "authApp.mjs"))],
    ["@octokit/app", await gzipped(join(folder, "octokitApp.mjs"))]
  ] as const
  return [
    {
      row: 8,
      work: "bundle of the README's first program, gzip",
      beside: "what it uses of Effect alone",
      ours: kilobytes(whole),
      theirs: kilobytes(alone),
      result: `${kilobytes(own)} more`,
      target: `≤ ${kilobytes(most)} more`,
      met: own <= most,
      figures: { whole, alone, own }
    },
    ...peers.map(([name, theirs]) => ({
      row: 8,
      work: "bundle: what we add to Effect, gzip",
      beside: `${name}, all of it`,
      ours: kilobytes(own),
      theirs: kilobytes(theirs),
      result: `${(own / theirs).toFixed(2)}×`,
      target: "",
      figures: { ours: own, theirs }
    }))
  ]
}

export const run: Row["run"] = async (effort) => {
  const folder = built()
  const registry = await replaying(1)
  const isQuick = effort.quick === true
  const chosen = programs.filter(([name]) => !isQuick || !name.startsWith("@octokit"))
  const timings = await compare(starting(folder, registry, chosen), { ...effort, millis: 0 })
  await registry.stop()
  const work = "start to the first cached token"
  const [, floor, authApp, app] = programs.map(([name]) => name)
  if (floor === undefined || authApp === undefined || app === undefined) throw new Error("there are five programs")
  return [
    beside({ row: 8, work, target: { atMost: 1.5 } }, timings, "ours", floor),
    beside({ row: 8, work: `${work}, less Node's own start` }, withoutNode(timings), "ours", floor),
    ...(isQuick ? [] : [authApp, app]).map((peer) => beside({ row: 8, work }, timings, "ours", peer)),
    ...(await bundle(folder))
  ]
}
